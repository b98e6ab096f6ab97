"""Configuration this tool writes is configuration it reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config import (
    Adopted,
    Advertiser,
    Delivery,
    FileOptions,
    LeftOut,
    audiences_yaml,
    keyed,
    load,
    obstacle,
    starter_yaml,
)
from reconciler.config.canonical import canonical
from reconciler.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from tests.config.conftest import Findings

_ACME = Advertiser(
    "acme",
    "7000000000000000001",
    access_token=Secret("t0k3n"),
    business_center_id="7100000000000000001",
    expect={"status": "STATUS_ENABLE", "name": "Acme: US"},
)
_ID = "7300000000000000042"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("written")


def test_the_starter_is_sound(findings: Findings) -> None:
    assert findings(starter_yaml()) == []


def test_the_starter_is_canonical() -> None:
    assert canonical("audiences.yaml", starter_yaml()) == starter_yaml()


def test_the_starter_asks_the_editor_for_the_schema() -> None:
    assert starter_yaml().startswith("# yaml-language-server: $schema=")


def test_an_account_reads_as_people_would_write_it() -> None:
    adopted = keyed(
        [
            Adopted("Lapsed buyers", _ID, Delivery.STREAMING, note="18,220 people\nused by 2 ad groups"),
            Adopted("lapsed-buyers!", "7300000000000000043", Delivery.FILE),
            Adopted("Reach", "7300000000000000046", Delivery.FILE, file=FileOptions(90, "REACH_FREQUENCY")),
            Adopted("2024: 1e5", "7300000000000000044", Delivery.STREAMING),
            Adopted("日本", "7300000000000000045", Delivery.STREAMING),
            Adopted("yes", "7300000000000000047", Delivery.STREAMING),
        ],
        taken=["reach"],
    )
    left_out = [LeftOut("a\nb", "7300000000000000048", "its name holds\u2028what no file can")]
    assert (
        audiences_yaml(_ACME, adopted, left_out)
        == """\
# yaml-language-server: $schema=./schemas/audiences.schema.json
version: 1

advertisers:
  acme:
    advertiser_id: "7000000000000000001"
    business_center_id: "7100000000000000001"
    expect:
      status: STATUS_ENABLE
      name: "Acme: US"

audiences:
  lapsed_buyers:
    # 18,220 people
    # used by 2 ad groups
    advertiser: acme
    name: Lapsed buyers
    import: "7300000000000000042"
  lapsed_buyers_2:
    advertiser: acme
    name: "lapsed-buyers!"
    delivery: file
    import: "7300000000000000043"
  reach_2:
    advertiser: acme
    name: Reach
    delivery: file
    file:
      retention_in_days: 90
      audience_sub_type: REACH_FREQUENCY
    import: "7300000000000000046"
  audience_2024_1e5:
    advertiser: acme
    name: "2024: 1e5"
    import: "7300000000000000044"
  audience_7300000000000000045:
    advertiser: acme
    name: "日本"
    import: "7300000000000000045"
  yes:
    advertiser: acme
    name: "yes"
    import: "7300000000000000047"

# Left out:
#   7300000000000000048 "a\\nb": its name holds what no file can
"""
    )


def test_beside_a_file_that_declares_the_account_it_is_not_declared_again() -> None:
    written = audiences_yaml(_ACME, keyed([Adopted("x", _ID, Delivery.FILE)]), with_advertiser=False)
    assert "advertisers:" not in written
    assert "advertiser: acme" in written


def test_marks_that_turn_the_reading_direction_are_spelled_out() -> None:
    written = audiences_yaml(_ACME, keyed([Adopted("a\u202eb", _ID, Delivery.FILE)]))
    assert 'name: "a\\u202Eb"' in written


def test_an_account_without_audiences_is_sound(scratch: Path) -> None:
    path = scratch / "empty.yaml"
    path.write_text(audiences_yaml(_ACME, {}), encoding="utf-8")
    assert [each.summary for each in load(path, {}).diagnostics] == ['advertiser "acme" is not used']


def test_the_token_is_not_written() -> None:
    assert "t0k3n" not in audiences_yaml(_ACME, keyed([Adopted("x", _ID, Delivery.FILE)]))


@pytest.mark.parametrize(
    ("name", "reason"),
    [("a\nb", "characters"), ("a\x85", "characters"), ("\ud800", "characters"), ("\u3000 ", "blank"), ("", "blank")],
)
def test_a_name_that_no_file_can_declare_is_said_to_be_one(name: str, reason: str) -> None:
    assert reason in obstacle(name)


def test_a_name_may_be_as_long_as_tiktok_lets_it_be() -> None:
    assert obstacle("x" * 128) == ""
    assert "longer than 128" in obstacle("x" * 129)


_files = st.builds(FileOptions, st.none() | st.integers(1, 365), st.sampled_from(["NORMAL", "REACH_FREQUENCY"]))
_names = st.one_of(
    st.text(max_size=140),
    st.text(alphabet=st.sampled_from("aB1 _-:#'\"${}&*!|>%@`[]{},?~.\n\t\\\x85\u2028\ud800"), max_size=20),
    st.sampled_from(
        ["true", "null", "~", "1e5", "0o17", ".inf", "yes", "2024-01-01", "<<", "=", "- a", "${X}", "$${X}"]
    ),
)


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Adopted,
            _names.filter(lambda name: not obstacle(name)),
            st.just(_ID),
            st.sampled_from(Delivery),
            st.text(max_size=40),
            _files,
        ),
        max_size=6,
    )
)
def test_whatever_audiences_are_called_the_file_reads_back(scratch: Path, adopted: list[Adopted]) -> None:
    numbered = [replace(each, audience_id=f"73000000{index}") for index, each in enumerate(adopted)]
    path = scratch / "audiences.yaml"
    written = audiences_yaml(_ACME, keyed(numbered))
    path.write_text(written, encoding="utf-8")
    assert canonical("audiences.yaml", written) == written
    loaded = load(path, {})
    assert [each for each in loaded.diagnostics if each.is_error] == []
    back = list(loaded.config.audiences.values())
    assert [each.import_id for each in back] == [each.audience_id for each in numbered]
    assert [each.delivery for each in back] == [each.delivery for each in numbered]
    assert [each.name for each in back] == [each.name for each in numbered]
    for read, adopt in zip(back, numbered, strict=True):
        assert read.file == (adopt.file if adopt.delivery is Delivery.FILE else FileOptions())
