"""What TikTok has, read with the right token for each account and in few calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.refresh.accounts import Sessions, UnknownAccountError, read_accounts
from reconciler.sandbox import TOKEN
from reconciler.secret import Secret
from reconciler.tiktok.errors import CredentialError, PermissionDeniedError
from reconciler.tiktok.model import Role, UsageKind
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
            return await read_accounts(Sessions(tiktok, tokens), config, with_usage=with_usage)

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


def test_an_account_that_is_not_the_tokens_is_refused_by_name(sandbox: Sandbox, tiktok: TikTok, config: Config) -> None:
    sandbox.controls.add_token(ONE, [US])

    with pytest.raises(PermissionDeniedError, match=EU):
        read(tiktok, config, {US: Secret(ONE), EU: Secret(ONE)})


def test_an_account_that_tiktok_leaves_out_of_its_answer_is_named(
    tiktok: TikTok, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> dict[str, object]:
        return {}

    monkeypatch.setattr("reconciler.tiktok.accounts.describe", nothing)
    with pytest.raises(UnknownAccountError, match=EU):
        read(tiktok, config, {EU: Secret(TOKEN)})


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
