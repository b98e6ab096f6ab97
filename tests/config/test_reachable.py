"""Accounts a token can reach, written so that they can be pasted and read back."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler import schemas
from reconciler.config import Advertiser, Reachable, advertisers_yaml, load
from reconciler.config.canonical import canonical
from reconciler.config.reachable import advertiser_entry
from reconciler.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

_ACME = Reachable(
    "7000000000000000001",
    "Acme: US",
    "STATUS_ENABLE",
    "USD",
    "America/New_York",
    "7100000000000000001",
    "your role is Admin",
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reachable")


def test_accounts_read_as_people_would_write_them() -> None:
    limited = replace(
        _ACME,
        advertiser_id="7000000000000000002",
        status="STATUS_LIMIT",
        business_center_id=None,
        note="your role is Analyst\ncannot be written to: ask for Operator or Admin",
    )
    unnamed = Reachable("7000000000000000003", "日本", "STATUS_ENABLE", "", "")
    assert (
        advertisers_yaml([_ACME, limited, unnamed], taken=["acme_us"])
        == """\
  acme_us_2:
    # your role is Admin
    advertiser_id: "7000000000000000001"
    business_center_id: "7100000000000000001"
    expect:
      status: STATUS_ENABLE
      currency: USD
      timezone: America/New_York
      name: "Acme: US"
  acme_us_3:
    # your role is Analyst
    # cannot be written to: ask for Operator or Admin
    advertiser_id: "7000000000000000002"
    expect:
      status: STATUS_LIMIT
      currency: USD
      timezone: America/New_York
      name: "Acme: US"
  account_7000000000000000003:
    advertiser_id: "7000000000000000003"
    expect:
      status: STATUS_ENABLE
      name: "日本"
"""
    )


def test_no_accounts_are_no_entries() -> None:
    assert advertisers_yaml([]) == ""


def test_a_key_that_would_begin_with_a_digit_says_what_it_is_of() -> None:
    assert advertisers_yaml([replace(_ACME, name="2024 Acme")]).startswith("  account_2024_acme:\n")


def test_an_account_of_which_nothing_can_be_declared_is_expected_to_be_nothing() -> None:
    assert advertisers_yaml([Reachable("7000000000000000003", "a\nb", " ", "usd", "\u2028")]) == (
        '  a_b:\n    advertiser_id: "7000000000000000003"\n'
    )


@pytest.mark.parametrize("mark", ["\n", "\r", "\x85", "\u2028", "\u2029", "\x07", "\ud800", "\uffff"])
def test_a_note_cannot_break_out_of_its_comment(mark: str) -> None:
    written = advertisers_yaml([replace(_ACME, note=f"safe{mark}forged: true")])
    assert [line for line in written.split("\n") if "forged" in line and not line.startswith("    # ")] == []
    assert mark == "\n" or mark not in written


def test_marks_that_turn_the_reading_direction_do_not_stand_in_a_comment() -> None:
    assert "\u202e" not in advertisers_yaml([replace(_ACME, note="a\u202eb", name="a\u202eb")])


def test_an_account_as_the_files_declare_it_keeps_its_profile_and_not_its_token() -> None:
    declared = Advertiser(
        "acme", "7000000000000000001", Secret("t0k3n"), "agency", expect={"business_center_id": "7100000000000000001"}
    )
    assert advertiser_entry(declared) == [
        "acme:",
        '  advertiser_id: "7000000000000000001"',
        "  profile: agency",
        "  expect:",
        '    business_center_id: "7100000000000000001"',
    ]


def test_all_that_can_be_expected_can_be_written_in_the_order_of_the_schema() -> None:
    schema: dict[str, Any] = schemas.load("audiences")
    expectable = schema["$defs"]["advertiser"]["properties"]["expect"]["properties"]
    backwards = {name: f"some {name}" for name in reversed(expectable)}
    entry = advertiser_entry(Advertiser("acme", "7000000000000000001", expect=backwards))
    assert entry[-len(expectable) :] == [f"    {name}: some {name}" for name in expectable]


_texts = st.one_of(
    st.text(max_size=140),
    st.text(alphabet=st.sampled_from("aB1 _-:#'\"${}&*!|>%@`[]{},?~.\n\t\\\x85\u2028\ud800\ufffe\u202e"), max_size=20),
    st.sampled_from(
        ["true", "null", "~", "1e5", "0o17", ".inf", "yes", "2024-01-01", "<<", "=", "- a", "${X}", "$${X}", "USD"]
    ),
)
_accounts = st.builds(
    Reachable,
    st.just(""),
    _texts,
    _texts,
    st.sampled_from(["USD", "JPY", ""]) | _texts,
    _texts,
    st.none() | st.from_regex(r"[0-9]{6,32}", fullmatch=True),
    _texts,
)


@settings(deadline=None)
@given(st.lists(_accounts, max_size=5), st.sets(st.sampled_from(["acme", "yes", "a", "account_1"])))
@example([replace(_ACME, name="$${X} ${Y}"), replace(_ACME, name="x" * 5_000)], set())
def test_whatever_accounts_are_called_they_read_back(scratch: Path, accounts: list[Reachable], taken: set[str]) -> None:
    accounts = [replace(each, advertiser_id=f"70000000000000{index}") for index, each in enumerate(accounts)]
    text = f"version: 1\n\nadvertisers:\n{advertisers_yaml(accounts, taken)}" if accounts else "version: 1\n"
    path = scratch / "audiences.yaml"
    path.write_text(text, encoding="utf-8")

    loaded = load(path, {})

    assert [each for each in loaded.diagnostics if each.is_error] == []
    assert canonical("audiences.yaml", text) == text
    back = list(loaded.config.advertisers.values())
    assert [each.advertiser_id for each in back] == [each.advertiser_id for each in accounts]
    assert [each.business_center_id for each in back] == [each.business_center_id for each in accounts]
    assert not taken & loaded.config.advertisers.keys()
    for read, account in zip(back, accounts, strict=True):
        there = {
            "status": account.status,
            "currency": account.currency,
            "timezone": account.timezone,
            "name": account.name,
        }
        assert read.expect.items() <= there.items()
        assert ("name" in read.expect) is _can_stand_on_a_line(account.name)


def _can_stand_on_a_line(name: str) -> bool:
    return bool(name.strip()) and not {unicodedata.category(each) for each in name} & {"Cc", "Cs", "Zl", "Zp"}
