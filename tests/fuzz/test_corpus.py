"""Files made to break a reader: each is refused in words, with a place, in bounded memory and reasonable time."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.cli import main
from reconciler.config import load
from reconciler.config.files import MAX_BYTES, MAX_TOTAL_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

CORPUS: Final = Path(__file__).with_name("corpus") / "config"
MEMORY: Final = 768 * 1024**2
"""Bytes of address space that a command gets beyond what the interpreter with its libraries has."""
SECONDS: Final = 60
"""A generous bound: one command at a time takes a few seconds, where many run it may be ten times that."""

EXPECTED: Final = {
    "beyond_unicode": "2:7: not valid YAML: found invalid Unicode character escape code",
    "billion_laughs": "8:5: too many values",
    "bom": '2:1: unknown key "x"',
    "carriage_returns": None,
    "duplicate_at_the_top": '2:1: duplicate key "version"',
    "duplicate_audience": '4:3: duplicate key "buyers"',
    "duplicate_in_braces": '3:39: duplicate key "name"',
    "escape": "2:15: character U+001B cannot stand in YAML",
    "five_thousand_digits": '1:10: "version" must be 1',
    "fullwidth_key": '2:1: unknown key "ａudiences" Did you mean "audiences"? The "ａ" in yours is U+FF41.',
    "homoglyph_key": '4:5: unknown key "advertisеr" Did you mean "advertiser"? The "е" in yours is U+0435.',
    "homoglyph_section": '2:1: unknown key "audiеnces" Did you mean "audiences"? The "е" in yours is U+0435.',
    "infinite_version": '1:10: "version" must be 1, not "1e999"',
    "list_at_the_top": "1:1: the file is not a mapping",
    "lone_surrogate": "2:7: not valid YAML: found invalid Unicode character escape code",
    "mapping_as_key": "1:3: a key must be plain text",
    "near_misses": '2:1: unknown key "versi0n" Did you mean "version"?',
    "not_utf8": "2:8: not_utf8.yaml is not UTF-8",
    "nul": "2:15: character U+0000 cannot stand in YAML",
    "only_comments": "1:1: only_comments.yaml is empty",
    "open_quote": "1:10: a quote that is never closed",
    "other_yaml": "1:1: not valid YAML: found incompatible YAML document",
    "python_object": "2:4: a YAML tag is not supported here",
    "recursive_alias": "3:5: an anchor that contains itself",
    "recursive_merge": "4:9: an anchor that contains itself",
    "tab_indent": "3:1: a tab cannot indent YAML",
    "turned_key": '2:1: unknown key "\\u202esecneidua"',
    "two_documents": "2:1: a second YAML document begins here",
    "utf16": "1:1: utf16.yaml is not UTF-8 It looks like UTF-16.",
    "zero_width_key": '2:1: unknown key "audiences\\u200b" Did you mean "audiences"? The "\\u200b" in yours is U+200B.',
}
"""File → where its finding stands, what it says and what to do; None where nothing is wrong."""


def test_every_file_of_the_corpus_has_its_finding() -> None:
    assert {each.stem for each in CORPUS.iterdir()} == EXPECTED.keys()


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_small_nasty_file(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CORPUS)
    expected = EXPECTED[name]
    found = [f"{each.location}: {each.summary} {each.detail}" for each in load(Path(f"{name}.yaml"), {}).diagnostics]
    if expected is None:
        assert found == []
    else:
        assert any(each.startswith(f"{name}.yaml:{expected}") for each in found), found


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left."""

    code: int | None
    out: str
    err: str


def _validated(path: Path) -> Ran:
    return _run("validate", "--skip-sources", "--format", "json", "-c", path.name, cwd=path.parent)


def _run(*arguments: str, cwd: Path) -> Ran:
    """Run a command line in a process forked off this one, which saves the second that importing takes."""
    out, err = cwd / ".out", cwd / ".err"
    child = multiprocessing.get_context("fork").Process(target=_bounded, args=(arguments, cwd, out, err))
    child.start()
    child.join(SECONDS)
    hangs = child.is_alive()
    child.kill()
    child.join()
    assert not hangs
    ran = Ran(child.exitcode, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))
    assert "Traceback" not in ran.err
    assert "something unexpected" not in ran.err
    return ran


def _bounded(arguments: tuple[str, ...], cwd: Path, out: Path, err: Path) -> None:
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    os.chdir(cwd)
    with out.open("w", encoding="utf-8") as sys.stdout, err.open("w", encoding="utf-8") as sys.stderr:
        code = main([*arguments])
    os._exit(code)


def _first(ran: Ran) -> str:
    assert ran.code == 1, ran.err
    found = json.loads(ran.out)["diagnostics"][0]
    place = found["location"]
    at = f"{place['file']}:{place['line']}:{place['column']}: " if place else ""
    return f"{at}{found['summary']}"


def _sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(b"version: 1\n")
        stream.truncate(100 * 1024 * 1024)


def _quadratic(path: Path) -> None:
    keys = ", ".join(f"k{number}: 1" for number in range(60_000))
    path.write_text(f"version: 1\nx: &a {{{keys}}}\ny:\n" + "  <<: *a\n" * 60_000)


def _aliases_of_a_long_text(path: Path) -> None:
    path.write_text(f"version: 1\nx: &a {'a' * 1_000_000}\naudiences: {{" + ", ".join(["*a : *a"] * 9) + "}\n")


NAMED_LARGE: Final[dict[str, tuple[Callable[[Path], object], str]]] = {
    "100 MB": (_sparse, "a.yaml:1:1: a.yaml is larger than 4 MB"),
    "brackets 100,000 deep": (lambda path: path.write_text("[" * 100_000), "a.yaml:1:33: nested too deeply"),
    "mappings 1,000 deep": (
        lambda path: path.write_text("".join(f"{' ' * number}a:\n" for number in range(1_000))),
        "a.yaml:33:33: nested too deeply",
    ),
    "dashes 100,000 deep": (lambda path: path.write_text("- " * 100_000), "a.yaml:1:65: nested too deeply"),
    "a million keys": (
        lambda path: path.write_text("".join(f"{each}:\n" for each in range(500_000))),
        "a.yaml:200000:8: too many values",
    ),
    "a line of a million characters": (
        lambda path: path.write_text(f"version: 1\n{'k' * 1_000_000}: 1\n"),
        "a.yaml:2:1: neither",
    ),
    "merges that override each other": (_quadratic, "a.yaml:6:7: too many values"),
    "a million characters as a name": (_aliases_of_a_long_text, "a.yaml:3:13: a key must be plain text"),
    "a pipe that nobody writes to": (os.mkfifo, "a.yaml:1:1: a.yaml is no file but a pipe"),
    "a link to itself": (lambda path: path.symlink_to(path), "a.yaml cannot be read: Too many levels of symbolic"),
    "/dev/zero": (lambda path: path.symlink_to("/dev/zero"), "a.yaml:1:1: a.yaml is no file but a pipe or a device"),
    "/dev/full": (lambda path: path.symlink_to("/dev/full"), "a.yaml:1:1: a.yaml is no file but a pipe or a device"),
    "a link to nothing": (lambda path: path.symlink_to("nothing"), "a.yaml does not exist"),
}


@pytest.mark.parametrize("name", NAMED_LARGE)
def test_what_would_take_a_reader_down_is_refused(tmp_path: Path, name: str) -> None:
    make, expected = NAMED_LARGE[name]
    path = tmp_path / "a.yaml"
    make(path)
    found = _first(_validated(path))
    assert found.startswith(expected), found[:300]


def test_a_folder_of_ten_thousand_files_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    (folder / "_.yaml").write_text('version: 1\nadvertisers: {a: {advertiser_id: "7000000000000000001"}}\n')
    for number in range(10_000):
        (folder / f"{number}.yaml").write_text(
            f'audiences: {{k{number}: {{advertiser: a, import: "{7300000000000000000 + number}"}}}}\n'
        )
    ran = _validated(folder)
    assert ran.code == 0, ran.out[:500]


def test_a_folder_of_bombs_is_bounded_as_a_whole(tmp_path: Path) -> None:
    folder = tmp_path / "bombs"
    folder.mkdir()
    bomb = f"x{{}}: {{{{a: &a [{'1,' * 1_000}], b: [{'*a,' * 150}]}}}}\n"
    for number in range(20):
        (folder / f"{number:02}.yaml").write_text(bomb.format(number))
    summaries = [each["summary"] for each in json.loads(_validated(folder).out)["diagnostics"]]
    assert summaries.count("too many values") == 20 - 800_000 // 151_154


def test_a_folder_of_large_files_is_bounded_as_a_whole(tmp_path: Path) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    for number in range(2 * MAX_TOTAL_BYTES // MAX_BYTES):
        (folder / f"{number}.yaml").write_text("#" * (MAX_BYTES - 1))
    found = json.loads(_validated(folder).out)["diagnostics"]
    assert found[-1]["summary"] == "the files of large are larger than 16 MB together"
    assert found[-1]["location"]["file"] == "large/4.yaml"


def test_a_folder_with_a_loop_in_it_says_so_for_that_file(tmp_path: Path) -> None:
    folder = tmp_path / "looped"
    folder.mkdir()
    (folder / "a.yaml").write_text("version: 1\n")
    (folder / "b.yaml").symlink_to("b.yaml")
    os.mkfifo(folder / "c.yaml")
    (folder / "d.yaml").symlink_to(folder)
    found = [each["summary"] for each in json.loads(_validated(folder).out)["diagnostics"]]
    assert found == [
        "looped/b.yaml cannot be read: Too many levels of symbolic links",
        "looped/d.yaml cannot be read: Is a directory",
    ]


def test_fmt_is_bounded_by_the_same_limits(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    _quadratic(path)
    before = path.read_bytes()
    ran = _run("fmt", "a.yaml", cwd=tmp_path)
    assert (ran.code, "a.yaml:6:7: error: too many values" in ran.err) == (1, True)
    assert path.read_bytes() == before
