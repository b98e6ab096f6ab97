"""What TikTok has, read with the right token for each account and in few calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.refresh.accounts import Sessions, read_accounts
from reconciler.refresh.credentials import NoTokenError
from reconciler.sandbox import TOKEN
from reconciler.secret import Secret
from reconciler.tiktok.client import Session
from reconciler.tiktok.errors import CredentialError
from reconciler.tiktok.model import Lack, Role, UsageKind
from tests import credentials
from tests.apply.world import STREAMING
from tests.refresh.conftest import EU, US
from tests.virtual_time import instantly

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reconciler.config import Config
    from reconciler.sandbox import Sandbox
    from reconciler.tiktok.client import TikTok
    from reconciler.tiktok.model import Remote

ONE, OTHER = "token-of-the-one-account", "token-of-the-other-account"
FOR_BOTH = {US: Secret(TOKEN), EU: Secret(TOKEN)}


def read(
    tiktok: TikTok, config: Config, tokens: Mapping[str, Secret] = FOR_BOTH, with_usage: Collection[str] = ()
) -> dict[str, Remote]:
    async def work() -> dict[str, Remote]:
        async with tiktok:
            return await read_accounts(
                Sessions(tiktok, tokens, credentials.tokens(tokens)), config, with_usage=with_usage
            )

    return instantly(work())


def paths(sandbox: Sandbox) -> list[str]:
    return [each.path for each in sandbox.controls.requests()]


def test_each_account_has_its_own_audiences(sandbox: Sandbox, tiktok: TikTok, config: Config) -> None:
    made = {account: sandbox.controls.add_audience(account, "Buyers", STREAMING) for account in (US, EU)}
    remotes = read(tiktok, config)

    assert {account: set(remote.audiences) for account, remote in remotes.items()} == {US: {made[US]}, EU: {made[EU]}}
    assert remotes[US].account.currency == "USD"
    assert remotes[US].account.role is Role.ADMIN


def test_each_account_is_read_with_its_own_token(sandbox: Sandbox, tiktok: TikTok, config: Config) -> None:
    sandbox.controls.add_token(ONE, [US], role="OPERATOR")
    sandbox.controls.add_token(OTHER, [EU], role="ANALYST")
    remotes = read(tiktok, config, {US: Secret(ONE), EU: Secret(OTHER)})

    assert {account: remote.account.role for account, remote in remotes.items()} == {
        US: Role.OPERATOR,
        EU: Role.ANALYST,
    }


def test_accounts_of_one_token_are_described_together(sandbox: Sandbox, tiktok: TikTok, config: Config) -> None:
    read(tiktok, config)

    assert paths(sandbox).count("/advertiser/info/") == 1


def test_usage_is_read_where_it_is_asked_for_alone(sandbox: Sandbox, tiktok: TikTok, config: Config) -> None:
    audience = sandbox.controls.add_audience(US, "Buyers", STREAMING)
    ad_group = sandbox.controls.add_ad_group(US, "Spring sale", includes=[audience])
    remotes = read(tiktok, config, with_usage=[US])

    assert remotes[EU].usage is None
    usage = remotes[US].usage
    assert usage is not None
    assert [(use.kind, use.id) for use in usage[audience]] == [(UsageKind.AD_GROUP, ad_group)]


def test_without_usage_no_ad_group_is_read(sandbox: Sandbox, tiktok: TikTok, config: Config) -> None:
    read(tiktok, config)

    assert not [path for path in paths(sandbox) if "adgroup" in path or "saved_audience" in path]


def lacked(remotes: Mapping[str, Remote]) -> dict[str, str]:
    """Return what is missing for each account that could not be read."""
    return {each: remote.unreadable.reason for each, remote in remotes.items() if remote.unreadable}


def test_an_account_that_is_not_the_tokens_leaves_the_others_readable(
    sandbox: Sandbox, tiktok: TikTok, config: Config
) -> None:
    sandbox.controls.add_token(ONE, [US])
    sandbox.controls.add_audience(US, "Ours", STREAMING)

    found = read(tiktok, config, {US: Secret(ONE), EU: Secret(ONE)})

    assert [each.name for each in found[US].audiences.values()] == ["Ours"]
    assert found[US].is_readable
    assert list(lacked(found)) == [EU]
    assert "may not act for it" in lacked(found)[EU]
    assert not found[EU].account.is_described


def test_a_token_that_may_act_for_none_of_its_accounts_says_so_of_each(
    sandbox: Sandbox, tiktok: TikTok, config: Config
) -> None:
    sandbox.controls.add_token(ONE, [])

    assert lacked(read(tiktok, config, {US: Secret(ONE), EU: Secret(ONE)})).keys() == {US, EU}


def test_an_account_that_tiktok_leaves_out_of_its_answer_is_told_of(tiktok: TikTok, config: Config) -> None:
    async def nothing(*_: object) -> dict[str, object]:
        return {"list": []}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "get", nothing)
        found = read(tiktok, config, {EU: Secret(TOKEN)})

    assert "does not describe it" in lacked(found)[EU]


def test_a_token_that_may_not_read_audiences_still_tells_the_account(
    sandbox: Sandbox, tiktok: TikTok, config: Config
) -> None:
    sandbox.controls.add_token(ONE, [US], [31])

    found = read(tiktok, config, {US: Secret(ONE), EU: Secret(TOKEN)})

    assert "does not let its audiences be read" in lacked(found)[US]
    assert found[US].account.is_enabled
    assert found[EU].is_readable


def test_where_the_login_told_the_scopes_nothing_is_asked_in_vain(
    sandbox: Sandbox, tiktok: TikTok, config: Config
) -> None:
    sandbox.controls.add_token(ONE, [US], [31])
    held = credentials.tokens({US: Secret(ONE)})
    held.of(US)
    object.__setattr__(held.of(US), "scopes", frozenset({31}))

    async def work() -> dict[str, Remote]:
        async with tiktok:
            return await read_accounts(Sessions(tiktok, [US], held), config)

    assert lacked(instantly(work())) == {US: "the token lacks scope 30 (read audiences)"}
    assert "/dmp/custom_audience/list/" not in paths(sandbox)


def test_one_dead_token_leaves_the_accounts_of_another_readable(
    sandbox: Sandbox, tiktok: TikTok, config: Config
) -> None:
    sandbox.controls.add_token(ONE, [US])
    sandbox.controls.revoke_token(ONE)

    found = read(tiktok, config, {US: Secret(ONE), EU: Secret(TOKEN)})

    assert found[EU].is_readable
    assert "revoked" in lacked(found)[US]
    assert "Log in again" in (found[US].unreadable or Lack("", "")).way_out


def test_an_account_without_a_token_leaves_the_others_readable(tiktok: TikTok, config: Config) -> None:
    async def work() -> dict[str, Remote]:
        async with tiktok:
            held = credentials.tokens({EU: Secret(TOKEN)})
            return await read_accounts(Sessions(tiktok, [US, EU], held), config)

    found = instantly(work())

    assert found[EU].is_readable
    assert lacked(found) == {US: "there is no access token for it"}


def test_without_any_token_there_is_nothing_to_read(tiktok: TikTok, config: Config) -> None:
    async def work() -> dict[str, Remote]:
        async with tiktok:
            return await read_accounts(Sessions(tiktok, [US, EU], credentials.tokens({})), config)

    with pytest.raises(NoTokenError, match=US):
        instantly(work())


def test_a_dead_token_says_to_log_in_again(sandbox: Sandbox, tiktok: TikTok, config: Config) -> None:
    sandbox.controls.expire_token(TOKEN)

    with pytest.raises(CredentialError) as refused:
        read(tiktok, config)

    assert "Log in again" in (refused.value.hint or "")


def test_a_full_account_costs_pages_not_audiences(sandbox: Sandbox, tiktok: TikTok, config: Config) -> None:
    for number in range(400):
        sandbox.controls.add_audience(US, f"A{number}", STREAMING)
    sandbox.controls.clear_requests()
    remotes = read(tiktok, config, {US: Secret(TOKEN)}, with_usage=[US])

    assert len(remotes[US].audiences) == 400
    assert len(paths(sandbox)) <= 20
