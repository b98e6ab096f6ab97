"""Role, status and scopes decide what may be done on an account; what is missing can be passed on as a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.tiktok.model import Account, Lack, Role, Scope
from reconciler.tiktok.permission import SCOPE_NAMES, Work, lacking, lacks_scope, of_login, out_of_reach, unreadable

ALL = frozenset({30, 31, 32})
statuses = st.sampled_from(["STATUS_ENABLE", "STATUS_DISABLE", "STATUS_LIMIT", "STATUS_PENDING_CONFIRM", ""])


def account(role: Role = Role.ADMIN, status: str = "STATUS_ENABLE") -> Account:
    return Account("7", "Acme", status, "USD", "America/New_York", role)


def reasons(work: Work, role: Role = Role.ADMIN, status: str = "STATUS_ENABLE", scopes: object = ALL) -> list[str]:
    assert scopes is None or isinstance(scopes, frozenset)
    return [each.reason for each in lacking(work, account(role, status), scopes)]


@pytest.mark.parametrize("work", Work)
@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR])
@pytest.mark.parametrize("scopes", [ALL, frozenset({3}), None], ids=["each scope", "their parent", "unknown"])
def test_an_operator_and_an_admin_lack_nothing(work: Work, role: Role, scopes: frozenset[int] | None) -> None:
    assert reasons(work, role, scopes=scopes) == []


@pytest.mark.parametrize(("work", "lacks"), [(Work.READ, 0), (Work.WRITE, 1), (Work.SHARE, 1)])
def test_an_analyst_may_read_and_nothing_else(work: Work, lacks: int) -> None:
    found = lacking(work, account(Role.ANALYST), ALL)

    assert [each.reason for each in found] == ["your role is Analyst"] * lacks
    assert all(each.way_out == "Ask a Business Center admin for Ad Account Operator or Admin." for each in found)


@pytest.mark.parametrize("work", Work)
def test_a_role_that_nobody_knows_may_try(work: Work) -> None:
    assert reasons(work, Role.UNKNOWN) == []


@pytest.mark.parametrize(("work", "lacks"), [(Work.READ, 0), (Work.WRITE, 1), (Work.SHARE, 1)])
@pytest.mark.parametrize("status", ["STATUS_DISABLE", "STATUS_LIMIT", "STATUS_PENDING_CONFIRM"])
def test_an_account_that_is_not_enabled_may_be_read_and_nothing_else(work: Work, lacks: int, status: str) -> None:
    assert reasons(work, status=status) == [f"the account's status is {status}"] * lacks


@pytest.mark.parametrize("scopes", [frozenset(each) for each in ([], [30], [31], [32], [30, 31], [30, 32], [31, 32])])
def test_each_work_takes_its_own_scope(scopes: frozenset[int]) -> None:
    needed = {Work.READ: 30, Work.WRITE: 31, Work.SHARE: 32}
    for work, scope in needed.items():
        found = reasons(work, scopes=scopes)
        assert bool(found) is (scope not in scopes)
        assert all(f"scope {scope}" in each for each in found)


@pytest.mark.parametrize("work", Work)
def test_scopes_of_other_things_grant_nothing_here(work: Work) -> None:
    assert len(reasons(work, scopes=frozenset({1, 2, 4, 33, 300}))) == 1


@given(st.sampled_from(Role), statuses, st.frozensets(st.integers(0, 40)) | st.none())
def test_whoever_may_not_write_is_told_everything_that_is_missing_at_once(
    role: Role, status: str, scopes: frozenset[int] | None
) -> None:
    found = lacking(Work.WRITE, account(role, status), scopes)

    expected = [role is Role.ANALYST, status != "STATUS_ENABLE", scopes is not None and not scopes & {3, 31}]
    assert len(found) == sum(expected)
    assert len(set(found)) == len(found)


@given(st.sampled_from(Work), st.sampled_from(Role), statuses, st.frozensets(st.sampled_from([3, 30, 31, 32])))
def test_another_scope_never_takes_a_permission_away(
    work: Work, role: Role, status: str, scopes: frozenset[int]
) -> None:
    before = set(lacking(work, account(role, status), scopes))
    for more in (3, 30, 31, 32):
        assert set(lacking(work, account(role, status), scopes | {more})) <= before


@given(st.sampled_from(Role), statuses, st.frozensets(st.integers(0, 40)) | st.none())
def test_every_lack_is_a_reason_and_a_sentence_to_pass_on(
    role: Role, status: str, scopes: frozenset[int] | None
) -> None:
    for work in Work:
        for lack in lacking(work, account(role, status), scopes):
            assert not lack.reason.endswith(".")
            assert lack.way_out[0].isupper()
            assert lack.way_out.endswith(".")


@pytest.mark.parametrize("scope", Scope)
def test_a_missing_scope_is_told_by_number_and_by_what_it_is_for(scope: Scope) -> None:
    lack = lacks_scope(scope)

    assert f"scope {int(scope)} ({SCOPE_NAMES[scope]})" in lack.reason
    assert "auth login" in lack.way_out
    assert SCOPE_NAMES[scope] in lack.way_out


def test_an_account_out_of_reach_is_told_in_tiktoks_words() -> None:
    lack = out_of_reach("No permission to operate advertiser 7.")

    assert lack.reason == "the token may not act for it (No permission to operate advertiser 7)"
    assert "Business Center" in lack.way_out
    assert "auth login" in lack.way_out


def test_audiences_that_may_not_be_read_are_told_in_tiktoks_words() -> None:
    lack = unreadable("Scope is missing.")

    assert "(Scope is missing)" in lack.reason
    assert SCOPE_NAMES[Scope.READ] in lack.way_out


@pytest.mark.parametrize("lack", [lacks_scope(Scope.WRITE), out_of_reach("no"), unreadable("no")])
def test_the_way_out_can_name_the_login_that_is_to_be_made_again(lack: Lack) -> None:
    named = of_login(lack, "agency")
    assert "`reconciler auth login --profile agency`" in named.way_out
    assert (named.reason, of_login(named, "agency")) == (lack.reason, named)


def test_what_others_can_mend_names_no_login() -> None:
    lack = Lack("your role is Analyst", "Ask a Business Center admin.")
    assert of_login(lack, "agency") == lack
