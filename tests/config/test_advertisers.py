"""What is said of an account: the login it is acted for with, and what is expected of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.config.canonical import canonical

if TYPE_CHECKING:
    from tests.config.conftest import Findings, Read

_HERE, _THERE = "7100000000000000001", "7100000000000000002"


def _with(base: str, *lines: str) -> str:
    """Say more of the one account of `base`, from line 5 on."""
    return base.replace("sources:", "".join(f"    {line}\n" for line in lines) + "sources:")


@pytest.mark.parametrize("profile", ["default", "Acme-EU_2.staging", "9", "x" * 64])
def test_a_profile_is_a_name_people_would_give(read: Read, base: str, profile: str) -> None:
    loaded = read(_with(base, f'profile: "{profile}"'))
    assert (loaded.diagnostics, loaded.config.advertisers["acme"].profile) == ((), profile)


@pytest.mark.parametrize("profile", ["", "-x", ".x", "a b", "a/b", "é", "x" * 65, "x\\n"])
def test_a_profile_that_no_login_can_have_is_an_error_at_its_place(findings: Findings, base: str, profile: str) -> None:
    (found,) = findings(_with(base, f'profile: "{profile}"'))
    assert found.startswith('audiences.yaml:5:14: error: "profile" is not valid: ')


def test_a_profile_may_come_from_the_environment(read: Read, base: str) -> None:
    loaded = read(_with(base, "profile: ${PROFILE}"), PROFILE="agency")
    assert loaded.config.advertisers["acme"].profile == "agency"


def test_a_profile_that_a_token_would_always_go_before_is_an_error(read: Read, base: str) -> None:
    (found,) = read(_with(base, "access_token: ${TOKEN}", "profile: agency"), TOKEN="t0k3n").diagnostics
    assert found.summary == 'advertiser "acme" has both access_token and profile'
    assert found.detail.startswith("The access_token always comes first, so the profile would never be used.")
    assert str(found.location) == "audiences.yaml:6:5"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["access_token: ${UNSET}", "profile: agency"], "5:19: error: environment variable UNSET is not set"),
        (["access_token: t0k3n", "profile: a b"], '6:14: error: "profile" is not valid: "a b"'),
    ],
)
def test_of_a_profile_beside_a_token_that_is_wrong_already_nothing_is_concluded(
    findings: Findings, base: str, lines: list[str], expected: str
) -> None:
    (found,) = findings(_with(base, *lines))
    assert found.startswith(f"audiences.yaml:{expected}")


def test_an_expectation_that_nobody_can_have_is_an_error_with_the_one_that_was_meant(read: Read, base: str) -> None:
    (found,) = read(_with(base, "expect: {timezon: UTC}")).diagnostics
    assert (found.summary, found.detail) == ('unknown key "timezon"', 'Did you mean "timezone"?')
    assert str(found.location) == "audiences.yaml:5:14"


def test_an_expected_business_center_is_an_id_in_quotes(findings: Findings, base: str) -> None:
    assert findings(_with(base, f"expect: {{business_center_id: {_HERE}}}")) == [
        'audiences.yaml:5:34: error: "business_center_id" must be text, not a number'
    ]


def test_an_account_may_be_expected_where_it_is_looked_up(findings: Findings, base: str) -> None:
    lines = [f'business_center_id: "{_HERE}"', f'expect: {{business_center_id: "{_HERE}"}}']
    assert findings(_with(base, *lines)) == []


def test_an_account_cannot_be_looked_up_in_one_business_center_and_expected_in_another(read: Read, base: str) -> None:
    lines = [f'business_center_id: "{_HERE}"', f'expect: {{business_center_id: "{_THERE}"}}']
    (found,) = read(_with(base, *lines)).diagnostics
    assert str(found.location) == "audiences.yaml:6:34"
    assert found.is_error
    assert f'"{_THERE}"' in found.summary
    assert f'"{_HERE}", as audiences.yaml:5:25 says' in found.detail


def test_canonical_form_has_what_is_said_of_an_account_in_one_order(base: str) -> None:
    jumbled = _with(
        base,
        f'expect: {{business_center_id: "{_HERE}"}}',
        f'business_center_id: "{_HERE}"',
        "profile: agency",
    )
    ordered = _with(
        base,
        "profile: agency",
        f'business_center_id: "{_HERE}"',
        f'expect: {{business_center_id: "{_HERE}"}}',
    )
    assert canonical("audiences.yaml", jumbled) == canonical("audiences.yaml", ordered)
    assert "profile: agency\n    business_center_id" in canonical("audiences.yaml", jumbled)
