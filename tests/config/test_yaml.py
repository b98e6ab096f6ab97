"""What can be wrong with a file before it means anything, and the YAML that is read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import yaml

from reconciler.config import compose, load
from reconciler.config.compose import MAX_DEPTH, MAX_NODES
from reconciler.config.files import MAX_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.config.conftest import Findings, Read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", "1:1: error: audiences.yaml is empty"),
        (b"# nothing yet\n", "1:1: error: audiences.yaml is empty"),
        (b"---\n", "1:1: error: audiences.yaml is empty"),
        (b"just text", "1:1: error: the file is not a mapping"),
        (b"- 1", "1:1: error: the file is not a mapping"),
        (b"version: 1\nname: caf\xe9\n", "2:10: error: audiences.yaml is not UTF-8"),
        ("version: 1\n".encode("utf-16"), "1:1: error: audiences.yaml is not UTF-8"),
        (b"version: 1\n# \x07 bell\n", "2:3: error: character U+0007 cannot stand in YAML"),
        (b"version: 1\nstate:\n\turl: x\n", "3:1: error: a tab cannot indent YAML"),
        (b"version: 1\nversion: 1\n", '2:1: error: duplicate key "version"'),
        (b"version: 1\n---\nversion: 1\n", "2:1: error: a second YAML document begins here"),
        (b"version: 1\nengine: 'duckdb\n", "2:9: error: a quote that is never closed"),
        (b"version: 1\nengine: @duckdb\n", '2:9: error: "@" cannot start a value'),
        (b"version: 1\nengine: a: b\n", "2:10: error: a key is not expected here"),
        (b"version: 1\nengine\nmoved: []\n", '2:1: error: neither a "key: value" nor a "- item"'),
        (b"version: 1\nstate: {url: ${X}}\n", "2:15: error: ${…} inside braces needs quotes"),
        (b"version: 1\nengine: {{x}}\n", "2:10: error: a key must be plain text"),
        (b"version: 1\nengine: *unknown\n", "2:9: error: an alias to an anchor that does not stand above it"),
        (b"version: 1\nmoved: &a [*a]\n", "2:12: error: an anchor that contains itself"),
        (b"version: 1\nengine: !vault duckdb\n", "2:9: error: a YAML tag is not supported here"),
        (b"version: 1\n<<: 5\n", "2:1: error: << merges mappings only"),
        (b'version: 1\nengine: "\\ud800"\n', None),
        (b'version: 1\nengine: "\\UFFFFFFFF"\n', None),
        (b"version: 1\nengine: [\n", None),
    ],
)
@pytest.mark.parametrize("parser", ["CSafeLoader", "SafeLoader"])
def test_an_unusable_file_is_told_at_its_place(
    findings: Findings, monkeypatch: pytest.MonkeyPatch, parser: str, text: bytes, expected: str | None
) -> None:
    monkeypatch.setattr(compose, "_LOADER", getattr(yaml, parser))
    found = findings(text)
    assert len(found) == 1
    assert found[0].startswith(f"audiences.yaml:{expected}" if expected else "audiences.yaml:")


def test_an_empty_file_says_how_to_begin(read: Read) -> None:
    assert "reconciler init" in read("").diagnostics[0].detail


def test_a_byte_order_mark_is_no_part_of_the_text(findings: Findings, base: str) -> None:
    assert findings(b"\xef\xbb\xbf" + base.encode()) == []


def test_a_windows_file_reads_the_same(findings: Findings, base: str) -> None:
    assert findings(f"{base}    wher: x\n".replace("\n", "\r\n")) == ['audiences.yaml:13:5: error: unknown key "wher"']


def test_a_file_that_does_not_exist_says_what_to_do(folder: Path) -> None:
    (found,) = load(folder / "nowhere.yaml", {}).diagnostics
    assert (found.summary, found.location) == ("nowhere.yaml does not exist", None)
    assert "reconciler init" in found.detail
    assert "-c" in found.detail


@pytest.mark.parametrize("name", ["a\0b.yaml", "x" * 5000])
def test_an_impossible_path_is_a_finding(folder: Path, name: str) -> None:
    assert len(load(folder / name, {}).diagnostics) == 1


def test_a_file_that_may_not_be_read_is_a_finding(
    folder: Path, monkeypatch: pytest.MonkeyPatch, findings: Findings, base: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr("builtins.open", refuse)
    (found,) = load(folder / "audiences.yaml", {}).diagnostics
    assert found.summary == "audiences.yaml cannot be read: Permission denied"


def test_a_file_outside_the_working_directory_is_named_as_given(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "below").mkdir()
    (folder / "audiences.yaml").write_text("version: 2\n")
    monkeypatch.chdir(folder / "below")
    (found,) = load(folder / "audiences.yaml", {}).diagnostics
    assert str(found.location) == f"{folder.as_posix()}/audiences.yaml:1:10"


def test_a_huge_file_is_refused_unread(findings: Findings) -> None:
    assert findings("#" * (MAX_BYTES + 1)) == ["audiences.yaml:1:1: error: audiences.yaml is larger than 4 MB"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused(findings: Findings, opening: str) -> None:
    (found,) = findings("x:\n " + opening * 50_000)
    assert "nested too deeply" in found or "a key must be plain text" in found


def test_depth_through_aliases_counts_too(findings: Findings) -> None:
    levels = "\n".join(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, MAX_DEPTH + 5))
    (found,) = findings(f"a0: &a0 []\n{levels}\n")
    assert "nested too deeply" in found


def test_aliases_do_not_multiply_without_bound(findings: Findings) -> None:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 25))
    (found,) = findings(f"a0: &a0 x\n{levels}\n")
    assert "too many values" in found


def test_a_file_of_too_many_values_is_refused(findings: Findings) -> None:
    (found,) = findings("moved: [" + "1," * (MAX_NODES + 1) + "]")
    assert "too many values" in found


def test_anchors_and_merge_keys_save_repeating(read: Read, base: str) -> None:
    loaded = read(f"""{base}\
  lapsed: &shared
    advertiser: acme
    source: people
    lifecycle: {{prevent_destroy: true, minimum_users: 5000}}
  frequent:
    <<: *shared
    lifecycle: {{prevent_destroy: false}}
  rare:
    <<: [{{delivery: streaming}}, *shared]
""")
    assert loaded.diagnostics == ()
    lifecycles = {key: each.lifecycle for key, each in loaded.config.audiences.items()}
    assert lifecycles["lapsed"].minimum_users == 5000
    assert lifecycles["frequent"].minimum_users == 1000
    assert lifecycles["rare"].prevent_destroy


def test_a_mistake_in_an_anchor_is_told_once_where_it_stands(findings: Findings, base: str) -> None:
    document = f"""{base}\
    lifecycle: &careful {{prevent_destroy: maybe}}
  second: {{advertiser: acme, source: people, lifecycle: *careful}}
"""
    assert findings(document) == ['audiences.yaml:13:43: error: "prevent_destroy" must be true or false, not text']


def test_a_forgotten_space_is_explained_without_repeating_the_token(read: Read, base: str) -> None:
    document = base.replace(
        '    advertiser_id: "7000000000000000001"', '    {advertiser_id: "7000000000000000001", access_token:s3cr3t}'
    )
    (found,) = read(document).diagnostics
    assert found.summary == 'unknown key "access_token:…"'
    assert found.detail == "A space must follow the colon: access_token: …"


@pytest.mark.parametrize("scalar", ["!!str 12", "'12'", '"12"', "! 12"])
def test_quotes_and_a_string_tag_make_text(read: Read, base: str, scalar: str) -> None:
    assert read(f"{base}    name: {scalar}\n").config.audiences["buyers"].name == "12"
