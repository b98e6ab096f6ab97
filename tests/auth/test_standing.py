"""What a token may do is told for each account, and what is missing in words that can be passed on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.auth.model import Holder
from reconciler.auth.standing import look_into, look_into_all
from reconciler.sandbox import BUSINESS_CENTER, TOKEN
from reconciler.secret import Secret
from reconciler.tiktok.errors import ServiceFaultError, UnreachableError
from reconciler.tiktok.model import Role
from reconciler.tiktok.permission import Work
from tests.auth.conftest import EU, US
from tests.tiktok.conftest import FakeTikTok

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.auth.model import AccountStanding, Standing
    from reconciler.sandbox import Sandbox
    from reconciler.tiktok.client import TikTok
    from tests.auth.conftest import MakeLogin

FOREIGN = "7000000000000000009"
ALL = frozenset({30, 31, 32})


def holding(
    token: str | None = TOKEN, scopes: frozenset[int] | None = ALL, accounts: Mapping[str, str | None] | None = None
) -> Holder:
    found: dict[str, str | None] = {US: "us", EU: "eu"} if accounts is None else dict(accounts)
    return Holder("TIKTOK_ACCESS_TOKEN", Secret(token) if token else None, None, scopes, found, {})


def on(standing: Standing, advertiser_id: str) -> AccountStanding:
    return next(each for each in standing.accounts if each.advertiser_id == advertiser_id)


def able(standing: AccountStanding) -> set[Work]:
    return {work for work in Work if standing.may(work)}


async def test_a_living_token_tells_whose_it_is_and_what_its_accounts_are(tiktok: TikTok) -> None:
    standing = await look_into(tiktok, holding())

    assert standing.is_alive
    assert standing.problem is None
    assert standing.user is not None
    assert standing.user.name == "Local Operator"
    assert [(each.advertiser_id, each.key) for each in standing.accounts] == [(US, "us"), (EU, "eu")]
    account = standing.accounts[0].account
    assert account is not None
    assert (account.role, account.status, account.currency) == (Role.ADMIN, "STATUS_ENABLE", "USD")
    assert account.business_center_id == BUSINESS_CENTER
    assert able(standing.accounts[0]) == set(Work)


async def test_an_analyst_may_read_and_is_told_whom_to_ask(sandbox: Sandbox, tiktok: TikTok) -> None:
    sandbox.controls.set_role(EU, "ANALYST")
    standing = await look_into(tiktok, holding())

    assert able(on(standing, US)) == set(Work)
    assert able(on(standing, EU)) == {Work.READ}
    [lack] = on(standing, EU).lacks[Work.WRITE]
    assert lack.reason == "your role is Analyst"
    assert "Business Center admin" in lack.way_out


async def test_a_closed_account_may_be_read(sandbox: Sandbox, tiktok: TikTok) -> None:
    sandbox.controls.set_status(EU, "STATUS_DISABLE")
    standing = await look_into(tiktok, holding())

    assert able(on(standing, EU)) == {Work.READ}
    assert "STATUS_DISABLE" in on(standing, EU).lacks[Work.WRITE][0].reason


async def test_everything_that_is_missing_is_told_at_once(sandbox: Sandbox, tiktok: TikTok) -> None:
    sandbox.controls.set_status(US, "STATUS_LIMIT")
    sandbox.controls.set_role(US, "ANALYST")
    standing = await look_into(tiktok, holding(scopes=frozenset({30})))

    reasons = [each.reason for each in on(standing, US).lacks[Work.WRITE]]
    assert len(reasons) == 3
    assert able(on(standing, US)) == {Work.READ}


async def test_an_account_in_no_business_center_has_no_known_role_and_may_try(sandbox: Sandbox, tiktok: TikTok) -> None:
    sandbox.controls.outside_business_center(US)
    standing = await look_into(tiktok, holding())

    found = on(standing, US)
    assert found.account is not None
    assert found.account.role is Role.UNKNOWN
    assert able(found) == set(Work)


async def test_an_account_out_of_reach_hides_no_other(tiktok: TikTok) -> None:
    standing = await look_into(tiktok, holding(accounts={FOREIGN: "theirs", US: "us"}))

    theirs, ours = standing.accounts
    assert theirs.account is None
    assert able(theirs) == set()
    assert all("may not act for it" in theirs.lacks[work][0].reason for work in Work)
    assert able(ours) == set(Work)


async def test_a_withdrawn_account_is_out_of_reach(sandbox: Sandbox, tiktok: TikTok) -> None:
    sandbox.controls.withdraw(EU)
    standing = await look_into(tiktok, holding())

    assert able(on(standing, EU)) == set()
    assert able(on(standing, US)) == set(Work)


async def test_where_nobody_knows_the_scopes_reading_is_tried(sandbox: Sandbox, tiktok: TikTok) -> None:
    sandbox.controls.set_scopes(TOKEN, [31])
    standing = await look_into(tiktok, holding(scopes=None))

    lacks = on(standing, US).lacks
    assert "audiences be read" in lacks[Work.READ][0].reason
    assert able(on(standing, US)) == {Work.WRITE, Work.SHARE}, "of which nobody knows anything"


async def test_where_nobody_knows_the_scopes_and_reading_works_nothing_is_said_to_be_missing(tiktok: TikTok) -> None:
    standing = await look_into(tiktok, holding(scopes=None))
    assert all(able(each) == set(Work) for each in standing.accounts)


@pytest.mark.parametrize("how", ["expired", "revoked", "unknown", "impossible"])
async def test_a_dead_token_is_an_answer_with_the_way_out(sandbox: Sandbox, tiktok: TikTok, how: str) -> None:
    token = {"unknown": "a-token-of-nobodys", "impossible": "two words"}.get(how, TOKEN)
    if how == "expired":
        sandbox.controls.expire_token()
    if how == "revoked":
        sandbox.controls.revoke_token()
    standing = await look_into(tiktok, holding(token))

    assert not standing.is_alive
    assert standing.problem is not None
    assert "auth login" in standing.problem.way_out
    assert token not in standing.problem.reason
    assert [able(each) for each in standing.accounts] == [set(), set()]
    assert all(each.lacks[Work.READ] == (standing.problem,) for each in standing.accounts)


@pytest.mark.parametrize(
    ("profile", "command"),
    [("default", "`reconciler auth login`"), ("agency", "`reconciler auth login --profile agency`")],
)
async def test_a_dead_login_names_the_command_that_renews_it(
    sandbox: Sandbox, tiktok: TikTok, make_login: MakeLogin, profile: str, command: str
) -> None:
    sandbox.controls.expire_token()
    login = make_login(profile, TOKEN)
    holder = Holder("a profile", login.token, login.profile, login.profile.scopes, {US: "us"}, {})
    standing = await look_into(tiktok, holder)

    assert standing.problem is not None
    assert command in standing.problem.way_out


async def test_no_token_is_an_answer_that_costs_no_call() -> None:
    fake = FakeTikTok()
    standing = await look_into(fake.client(), holding(None))

    assert standing.problem is not None
    assert "auth login" in standing.problem.way_out
    assert able(on(standing, US)) == set()
    assert fake.requests == []


async def test_a_token_that_may_not_tell_whose_it_is_lives() -> None:
    standing = await look_into(FakeTikTok().refuses(40001, "No permission.").client(), holding(accounts={}))
    assert standing.is_alive
    assert standing.problem is None


async def test_an_unreachable_tiktok_is_an_error_and_no_dead_token() -> None:
    with pytest.raises(UnreachableError):
        await look_into(FakeTikTok().breaks(httpx.ConnectError("refused")).client(patience_seconds=0), holding())
    with pytest.raises(ServiceFaultError):
        await look_into(FakeTikTok().refuses(50000).client(patience_seconds=0), holding())


async def test_a_failure_while_reading_is_tried_is_an_error_and_no_lack() -> None:
    described = {"list": [{"advertiser_id": US, "name": "A", "status": "STATUS_ENABLE"}]}
    fake = FakeTikTok().routes("user/info/", lambda _: {"core_user_id": "11"}).lists("bc/get/", [])
    fake.routes("advertiser/info/", lambda _: described).refuses(50000)
    with pytest.raises(ServiceFaultError):
        await look_into(fake.client(patience_seconds=0), holding(scopes=None, accounts={US: "us"}))


async def test_a_token_that_dies_while_it_is_looked_into_is_dead() -> None:
    described = {"list": [{"advertiser_id": US, "name": "A", "status": "STATUS_ENABLE"}]}
    fake = FakeTikTok().routes("user/info/", lambda _: {"core_user_id": "11"}).lists("bc/get/", [])
    fake.routes("advertiser/info/", lambda _: described).refuses(40105, "It has been revoked.")
    standing = await look_into(fake.client(), holding(scopes=None, accounts={US: "us"}))

    assert not standing.is_alive
    assert standing.problem is not None
    assert "It has been revoked" in standing.problem.reason


async def test_several_tokens_come_in_their_order_and_a_dead_one_hides_no_other(
    sandbox: Sandbox, tiktok: TikTok
) -> None:
    sandbox.controls.add_token("theirs", [EU], [30], role="OPERATOR", display_name="Ben")
    holders = [holding("of-nobody"), holding("theirs", frozenset({30}), {EU: "eu"}), holding()]
    dead, theirs, ours = await look_into_all(tiktok, holders)

    assert [each.is_alive for each in (dead, theirs, ours)] == [False, True, True]
    assert theirs.user is not None
    assert theirs.user.name == "Ben"
    assert able(on(theirs, EU)) == {Work.READ}
    assert able(on(ours, EU)) == set(Work)
