"""What canonical form is, and where comments go when keys change places."""

from __future__ import annotations

import pytest
import yaml

from reconciler.config.canonical import canonical, reading
from reconciler.errors import InvalidConfigError


def _formatted(text: str) -> str:
    written = canonical("audiences.yaml", text)
    assert canonical("audiences.yaml", written) == written
    return written


def test_keys_stand_in_the_order_of_the_schema_and_names_in_that_of_the_file() -> None:
    assert _formatted(
        """\
moved: []
audiences:
  zebra: {}
  ant:
    import: "123456"
    lifecycle: {}
    typo: x
    name: Ant
    advertiser: acme
version: 1
"""
    ) == (
        """\
version: 1

audiences:
  zebra: {}
  ant:
    advertiser: acme
    name: Ant
    lifecycle: {}
    import: "123456"
    typo: x

moved: []
"""
    )


def test_comments_go_with_their_keys() -> None:
    assert _formatted(
        """\
# yaml-language-server: $schema=./x.json
# about audiences
audiences:  # all of them
  a:
    # its name
    name: A  # on TikTok
    advertiser: acme
    # source: people
  # about b
  b: {}
# about the version
version: 1
# the end
"""
    ) == (
        """\
# yaml-language-server: $schema=./x.json
# about the version
version: 1

# about audiences
audiences:  # all of them
  a:
    advertiser: acme
    # its name
    name: A  # on TikTok
    # source: people
  # about b
  b: {}
# the end
"""
    )


def test_what_stands_apart_on_top_is_about_the_file() -> None:
    text = "# ours\n\naudiences: {}\nversion: 1\n"
    assert _formatted(text) == "# ours\n\nversion: 1\naudiences: {}\n"


def test_a_comment_between_a_key_and_its_value_goes_above_the_key() -> None:
    assert _formatted("engine: # why\n  # because\n  duckdb # so\n") == "# why\n# because\nengine: duckdb  # so\n"


def test_a_key_that_comes_to_stand_first_in_an_item_takes_its_comment_above_the_dash() -> None:
    text = "moved:\n- to: audience.b\n  # why\n  from: audience.a\n"
    assert _formatted(text) == "moved:\n  # why\n  - from: audience.a\n    to: audience.b\n"


@pytest.mark.parametrize(
    ("written", "canonical_form"),
    [
        ("'7000000000000000001'", '"7000000000000000001"'),
        ("'Lapsed buyers'", "Lapsed buyers"),
        ('"Lapsed buyers"', "Lapsed buyers"),
        ("NO", '"NO"'),
        ("2024-01-01", '"2024-01-01"'),
        ("'true'", '"true"'),
        ("'it''s'", '"it\'s"'),
        ("'say \"x\"'", "'say \"x\"'"),
        ("'back\\slash'", "'back\\slash'"),
        ('"tab\\t"', '"tab\\t"'),
        ("${TOKEN}", "${TOKEN}"),
        ("'${TOKEN}'", '"${TOKEN}"'),
        ("{a:   'b'}", "{a:   'b'}"),
        ("true", "true"),
        ("1.50", "1.50"),
        ("!!str 12", "!!str 12"),
    ],
)
def test_quotes_stand_where_some_reader_needs_them(written: str, canonical_form: str) -> None:
    assert _formatted(f"engine: {written}\n") == f"engine: {canonical_form}\n"


def test_nothing_passes_the_anchor_that_it_means() -> None:
    text = "removed: &r [{from: audience.a, destroy: true}]\nmoved: *r\nversion: 1\n"
    assert _formatted(text) == f"version: 1\n{text.removesuffix('version: 1' + chr(10))}"


def test_merged_keys_stand_first() -> None:
    text = "audiences:\n  a: &a {name: A}\n  b:\n    advertiser: acme\n    <<: *a\n"
    assert _formatted(text).endswith("  b:\n    <<: *a\n    advertiser: acme\n")


def test_blank_lines_people_left_stay_one_by_one() -> None:
    text = "version: 1\nengine: duckdb\n\n\n\nstate:\n\n  url: x\nmoved: []\n\n\n"
    assert _formatted(text) == "version: 1\n\nstate:\n  url: x\n\nengine: duckdb\nmoved: []\n"


def test_comments_in_one_column_stay_in_it() -> None:
    text = "version: 1        # one\nengine: duckdb    # two\n"
    assert _formatted(text) == text


def test_text_over_several_lines_moves_as_a_whole() -> None:
    text = "audiences:\n      a:\n          where: |\n                x\n                  and y\n\n          name: A\n"
    assert _formatted(text) == "audiences:\n  a:\n    name: A\n    where: |\n      x\n        and y\n"


@pytest.mark.parametrize("text", ["engine: |\n  x", "engine: >+\n  x", "engine: |2-\n    x", "engine: |\n  x\n  "])
def test_a_text_that_the_end_of_the_file_cuts_off_gets_no_line_break(text: str) -> None:
    assert yaml.safe_load(_formatted(text)) == yaml.safe_load(text)


def test_the_parser_without_libyaml_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "audiences: &a # x\n  # y\n  b:\n    where: |+\n      c\n\n  # z\n? version\n: 1\nmoved:\n- # q\n  from: a\n"
    with_libyaml = _formatted(text)
    monkeypatch.setattr(reading, "_LOADER", yaml.SafeLoader)
    assert _formatted(text) == with_libyaml


@pytest.mark.parametrize(
    "text", ["", "# only a comment\n", "- a\n", "a: [\n", "a: 1\n---\nb: 2\n", "a: 1\na: 2\n", "a: *x\n"]
)
def test_what_configuration_cannot_be_read_from_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfigError) as refused:
        canonical("audiences.yaml", text)
    assert all(each.location is not None for each in refused.value.diagnostics)


def test_a_document_in_braces_stays_as_it_is() -> None:
    text = '# one\n{\n  "version": 1,  # two\n  "engine": "duckdb"\n}\n# three\n'
    assert _formatted(text) == text
