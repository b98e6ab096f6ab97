"""The accounts a token can reach come from the best source there is, and it is said which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.auth.model import Holder
from reconciler.auth.reach import reach
from reconciler.sandbox import APP_ID, APP_SECRET, TOKEN
from reconciler.secret import Secret
from reconciler.tiktok.errors import AppSecretError, CredentialError
from reconciler.tiktok.oauth import App
from tests.auth.conftest import EU, US

if TYPE_CHECKING:
    from reconciler.auth.model import Login
    from reconciler.auth.reach import Reach
    from reconciler.sandbox import Sandbox
    from reconciler.tiktok.client import TikTok
    from tests.auth.conftest import MakeLogin

APP = App(APP_ID, Secret(APP_SECRET))


def holding(token: str | None = TOKEN, login: Login | None = None) -> Holder:
    return Holder("here", Secret(token) if token else None, login.profile if login else None, None, {}, {})


def ids(found: Reach) -> list[str]:
    return [each.advertiser_id for each in found.accounts]


async def test_with_the_apps_secret_tiktok_tells(tiktok: TikTok, make_login: MakeLogin) -> None:
    found = await reach(tiktok, holding(login=make_login(accounts=(US,))), APP, {EU: "eu"}, {})

    assert found.told_by == "as TikTok says"
    assert sorted(ids(found)) == [US, EU]
    assert {each.advertiser_id: each.key for each in found.accounts} == {US: None, EU: "eu"}


async def test_without_it_the_login_has_told(tiktok: TikTok, make_login: MakeLogin) -> None:
    found = await reach(tiktok, holding(login=make_login(accounts=(EU,))), None, {}, {})

    assert found.told_by == "as TikTok said at login on 2026-01-02"
    assert ids(found) == [EU]


async def test_without_a_login_the_business_centers_list_them(sandbox: Sandbox, tiktok: TikTok) -> None:
    sandbox.controls.outside_business_center(EU)
    found = await reach(tiktok, holding(), None, {}, {})

    assert "Business Centers" in found.told_by
    assert ids(found) == [US]


@pytest.mark.parametrize("logged_in", [True, False])
async def test_a_dead_token_is_an_error_and_not_a_token_without_accounts(
    tiktok: TikTok, make_login: MakeLogin, logged_in: bool
) -> None:
    login = make_login() if logged_in else None
    with pytest.raises(CredentialError):
        await reach(tiktok, holding("of-nobody", login), None, {}, {})


async def test_a_secret_that_is_not_the_apps_is_an_error_and_not_taken_for_none(
    sandbox: Sandbox, tiktok: TikTok
) -> None:
    sandbox.controls.set_app(APP_ID, APP_SECRET)
    with pytest.raises(AppSecretError):
        await reach(tiktok, holding(), App(APP_ID, Secret("another-secret-altogether")), {}, {})


async def test_without_a_token_nothing_is_reached(tiktok: TikTok) -> None:
    with pytest.raises(ValueError, match="no token"):
        await reach(tiktok, holding(None), None, {}, {})
