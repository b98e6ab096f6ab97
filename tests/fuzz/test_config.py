"""Whatever is handed in as configuration is read, or refused with a place; `fmt` loses nothing of it."""

from __future__ import annotations

import json
import re
import signal
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config import load
from reconciler.config.canonical import UnformattableError, canonical, meaning
from reconciler.config.compose import compose
from reconciler.config.files import text_of
from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidConfigError
from reconciler.plan.encode import encode
from reconciler.report.diagnostics import diagnostics_document
from reconciler.report.sarif import findings_sarif
from tests.fuzz.cases import cases
from tests.fuzz.soup import RICH, SOUND, encoded, shuffled, smooth_soup, soup, taken_apart

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.config import Loaded
    from reconciler.diagnostics import Location

SECRET: Final = "s3cr3t-0xC0FFEE"
PATIENCE: Final = 20
"""Seconds after which a case counts as a hang; one takes milliseconds."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COMMENT: Final = re.compile("#[^\n\r\x85\u2028\u2029]*")
_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "audiences.yaml"


@contextmanager
def _in_time() -> Iterator[None]:
    def give_up(_number: int, _frame: object) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _check(path: Path, content: bytes) -> None:
    """Whatever `content` is, it can be loaded, reported and formatted, or is refused in words."""
    path.write_bytes(content)
    with _in_time():
        loaded = load(path, {"SECRET": SECRET})
        _assert_reported(loaded, content)
        assert load(path, {"SECRET": SECRET}) == loaded
        text = text_of("audiences.yaml", content)
        if not isinstance(text, Diagnostic):
            _assert_formatted(text)


def _assert_reported(loaded: Loaded, content: bytes) -> None:
    lines = len(_BREAK.split(content.decode("utf-8-sig", "replace")))
    for each in loaded.diagnostics:
        assert SECRET not in str(each)
        assert all(line.isprintable() for line in str(each).split("\n")), each
        _assert_placed(each.location, lines)
    if not any(each.is_error for each in loaded.diagnostics):
        assert loaded.config.advertisers or not loaded.config.audiences
    document = json.loads(encode(diagnostics_document(loaded.diagnostics)))
    assert len(document["diagnostics"]) == len(loaded.diagnostics)
    log = findings_sarif(loaded.diagnostics, version="1", unplaced="audiences.yaml", named=str)
    assert len(json.loads(encode(log))["runs"][0]["results"]) == len(loaded.diagnostics)


def _assert_placed(place: Location | None, lines: int) -> None:
    assert place is not None
    assert place.file.endswith("audiences.yaml")
    assert 1 <= place.line <= lines + 1
    assert place.column >= 1


def _assert_formatted(text: str) -> None:
    try:
        written = canonical("audiences.yaml", text)
    except (InvalidConfigError, UnformattableError):
        return
    assert canonical("audiences.yaml", written) == written
    before, after = compose("", text)[0], compose("", written)[0]
    assert before is not None
    assert after is not None
    assert meaning(after) == meaning(before)
    assert _comments(written) == _comments(text)


def _comments(text: str) -> Counter[str]:
    """Return the comments of a file, found in what its scanner leaves between two tokens."""
    found: Counter[str] = Counter()
    at = 0
    for token in yaml.scan(text, Loader=_LOADER):
        start, end = token.start_mark.index, token.end_mark.index
        found.update(each.strip() for each in _COMMENT.findall(text[at:start]))
        source = text[start:end]
        if isinstance(token, yaml.ScalarToken) and token.style in {"|", ">"}:
            found.update(each.strip() for each in _COMMENT.findall(_BREAK.split(source)[0]))
        at = max(at, end)
    found.update(each.strip() for each in _COMMENT.findall(text[at:]))
    return found


def test_the_files_that_are_taken_apart_are_sound(path: Path) -> None:
    for text in (SOUND, RICH):
        path.write_text(text, encoding="utf-8")
        assert load(path, {"SECRET": SECRET}).diagnostics == ()
        assert sum(_comments(text).values()) >= 4


@cases(120)
@given(content=st.one_of(st.binary(max_size=400), encoded(st.text(max_size=300))))
def test_any_bytes(path: Path, content: bytes) -> None:
    _check(path, content)


@cases(150)
@given(content=encoded(soup))
def test_soup_of_everything_that_means_something_in_yaml(path: Path, content: bytes) -> None:
    _check(path, content)


@cases(200)
@given(text=smooth_soup)
def test_soup_that_a_parser_gets_further_with(path: Path, text: str) -> None:
    _check(path, text.encode())


@cases(150)
@given(text=taken_apart())
def test_a_sound_file_with_its_nodes_in_the_wrong_places(path: Path, text: str) -> None:
    _check(path, text.encode("utf-8", "surrogatepass"))


@cases(200)
@given(text=shuffled())
def test_a_sound_file_with_its_lines_in_the_wrong_places(path: Path, text: str) -> None:
    _check(path, text.encode("utf-8", "surrogatepass"))
