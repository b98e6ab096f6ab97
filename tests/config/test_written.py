"""Configuration this tool writes is configuration it reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config import Adopted, Advertiser, Delivery, FileOptions, audiences_yaml, load, starter_yaml
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


def test_the_starter_asks_the_editor_for_the_schema() -> None:
    assert starter_yaml().startswith("# yaml-language-server: $schema=")


def test_an_account_reads_as_people_would_write_it() -> None:
    adopted = [
        Adopted("Lapsed buyers", _ID, Delivery.STREAMING, note="18,220 people\nused by 2 ad groups"),
        Adopted("lapsed-buyers!", "7300000000000000043", Delivery.FILE),
        Adopted("Reach", "7300000000000000046", Delivery.FILE, file=FileOptions(90, "REACH_FREQUENCY")),
        Adopted("2024: 1e5", "7300000000000000044", Delivery.STREAMING),
        Adopted("日本", "7300000000000000045", Delivery.STREAMING),
    ]
    assert (
        audiences_yaml(_ACME, adopted)
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
    import: "7300000000000000043"
    delivery: file
  reach:
    advertiser: acme
    name: Reach
    import: "7300000000000000046"
    delivery: file
    file:
      retention_in_days: 90
      audience_sub_type: REACH_FREQUENCY
  audience_2024_1e5:
    advertiser: acme
    name: "2024: 1e5"
    import: "7300000000000000044"
  audience_7300000000000000045:
    advertiser: acme
    name: "日本"
    import: "7300000000000000045"
"""
    )


def test_an_account_without_audiences_is_sound(scratch: Path) -> None:
    path = scratch / "empty.yaml"
    path.write_text(audiences_yaml(_ACME, []), encoding="utf-8")
    assert [each.summary for each in load(path, {}).diagnostics] == ['advertiser "acme" is not used']


def test_the_token_is_not_written() -> None:
    assert "t0k3n" not in audiences_yaml(_ACME, [Adopted("x", _ID, Delivery.FILE)])


def test_a_name_that_cannot_be_kept_is_pointed_out() -> None:
    assert "applying this renames it" in audiences_yaml(_ACME, [Adopted("a\nb", _ID, Delivery.FILE)])


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
        st.builds(Adopted, _names, st.just(_ID), st.sampled_from(Delivery), st.text(max_size=40), _files), max_size=6
    )
)
def test_whatever_audiences_are_called_the_file_reads_back(scratch: Path, adopted: list[Adopted]) -> None:
    numbered = [replace(each, audience_id=f"73000000{index}") for index, each in enumerate(adopted)]
    path = scratch / "audiences.yaml"
    path.write_text(audiences_yaml(_ACME, numbered), encoding="utf-8")
    loaded = load(path, {})
    assert [each for each in loaded.diagnostics if each.is_error] == []
    back = list(loaded.config.audiences.values())
    assert [each.import_id for each in back] == [each.audience_id for each in numbered]
    assert [each.delivery for each in back] == [each.delivery for each in numbered]
    for read, written in zip(back, numbered, strict=True):
        assert read.file == (written.file if written.delivery is Delivery.FILE else FileOptions())
        if written.name.isprintable() and written.name.strip() and len(written.name) <= 128:
            assert read.name == written.name
