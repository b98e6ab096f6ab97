"""A whole login, and every way in which one fails, without a code, state, token or secret in any log or error."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.auth.callback import listening
from reconciler.auth.consent import new_state
from reconciler.auth.errors import LoginError
from reconciler.auth.login import Wanted, log_in
from reconciler.auth.model import Keeping
from reconciler.errors import ReconcilerError
from reconciler.sandbox import APP_ID
from reconciler.secret import Secret
from reconciler.tiktok.client import TikTok
from reconciler.tiktok.oauth import App, authorization_url, revoke
from tests.auth.conftest import HERE, LOGGED_IN_AT, THERE, logins_at
from tests.consent import decide
from tests.tiktok.conftest import FakeTikTok

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.auth.logins import Logins
    from reconciler.sandbox import Sandbox
    from tests.auth.keyrings import MemoryKeyring

SECRET = "the-secret-of-the-app"
CODE = "a-code-that-nobody-may-read"
TOKEN = "a-token-that-nobody-may-read"


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def wanted(kept_in: Keeping = Keeping.FILE) -> Wanted:
    return Wanted("default", HERE, kept_in, LOGGED_IN_AT, {}, {})


def everything_said(error: BaseException) -> str:
    hint = error.hint if isinstance(error, ReconcilerError) else ""
    return "".join([str(error), repr(error), repr(vars(error)), hint or "", *traceback.format_exception(error)])


@pytest.mark.parametrize("kept_in", list(Keeping))
def test_a_whole_login_and_logout_over_http_leaves_nothing_secret_behind(
    sandbox: Sandbox,
    home: Path,
    logins: Logins,
    ring: MemoryKeyring,
    kept_in: Keeping,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    sandbox.controls.set_app(APP_ID, SECRET)
    state, app = new_state(), App(APP_ID, Secret(SECRET))

    async def fetch(base_url: str, code: Secret) -> Secret:
        async with TikTok(base_url, tier=None) as tiktok:
            logged_in = await log_in(tiktok, app, code, wanted(kept_in), logins.keep)
            await revoke(tiktok, app, logged_in.login.token)
            return logged_in.login.token

    with sandbox.serving() as base_url, listening("http://127.0.0.1/callback", state, port=0) as callback:
        page = authorization_url(base_url, APP_ID, state=state.reveal(), redirect_uri=callback.redirect_uri)
        shown = httpx.get(decide(page))
        code = callback.wait(10)
        token = asyncio.run(fetch(base_url, code))

    output = capfd.readouterr()
    said = "".join([caplog.text, output.out, output.err, shown.text, str(shown.headers)])
    assert "oauth2/access_token/" in said, "it was logged, but for what is secret"
    for secret in (state, code, token, app.secret):
        assert secret.reveal() not in said

    assert logins.get("default") is not None
    listed = (home / "logins.json").read_text()
    for secret in (state, code, token, app.secret):
        assert secret.reveal() not in listed


@pytest.mark.parametrize("code", [20001, 40001, 40002, 40100, 40101, 40105, 40110, 40113, 50000, 40999])
async def test_a_refusal_that_repeats_everything_is_quoted_without_it(
    code: int, caplog: pytest.LogCaptureFixture
) -> None:
    fake = FakeTikTok().refuses(code, f"{CODE} and {SECRET} are no good.")
    with pytest.raises(ReconcilerError) as refused:
        await log_in(fake.client(patience_seconds=0), App("1", Secret(SECRET)), Secret(CODE), wanted(), lambda _: None)

    assert "*** and *** are no good" in refused.value.message
    for secret in (CODE, SECRET):
        assert secret not in everything_said(refused.value) + caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        {"access_token": [TOKEN], "advertiser_ids": [], "scope": []},
        {"access_token": {TOKEN: TOKEN}, "advertiser_ids": [], "scope": []},
        {"token": TOKEN},
    ],
)
async def test_an_answer_that_cannot_be_read_is_named_and_not_quoted(
    answer: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ReconcilerError, match="oauth2/access_token/") as refused:
        await log_in(
            FakeTikTok().answers(answer).client(), App("1", Secret(SECRET)), Secret(CODE), wanted(), lambda _: None
        )

    for secret in (CODE, SECRET, TOKEN):
        assert secret not in everything_said(refused.value) + caplog.text


def test_no_login_shows_its_token(home: Path) -> None:
    """As it would in the traceback of a program that prints its variables."""
    grant = {"access_token": TOKEN, "advertiser_ids": [], "scope": []}
    fake = FakeTikTok().answers(grant).answers({"core_user_id": "11"})
    app, code = App("1", Secret(SECRET)), Secret(CODE)
    logins = logins_at(home, THERE)
    logged_in = asyncio.run(log_in(fake.client(), app, code, wanted(), logins.keep))

    shown = f"{logged_in!r} {app!r} {code!r} {logins.profiles()!r} {logins_at(home, HERE).get('default')!r}"
    for secret in (CODE, SECRET, TOKEN):
        assert secret not in shown


def test_no_error_about_the_file_of_the_logins_quotes_it(home: Path) -> None:
    home.mkdir()
    (home / "logins.json").write_text(f'{{"version": "{TOKEN}')
    with pytest.raises(LoginError) as refused:
        logins_at(home, HERE).profiles()

    assert TOKEN not in f"{refused.value.message} {refused.value.hint}"
