"""A code into a token, and a token given back."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox import APP_ID, TOKEN
from tests.consent import CALLBACK
from tests.sandbox.conftest import ADVERTISER, SECOND_ADVERTISER

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.sandbox import Sandbox
    from tests.consent import Exchange, Window
    from tests.sandbox.conftest import Api

LIST = "/dmp/custom_audience/list/"


def test_a_code_becomes_a_token_of_the_person_for_what_they_ticked(
    window: Window, exchange: Exchange, api: Api
) -> None:
    code = window.code(frozenset({("advertiser_id", SECOND_ADVERTISER), ("scope", "32")}))

    given = exchange.give(code)

    assert given.code == 0
    assert set(given.content) == {"access_token", "advertiser_ids", "scope"}
    assert (given.content["advertiser_ids"], given.content["scope"]) == ([ADVERTISER], [30, 31])
    token = given.content["access_token"]
    assert api.get("/user/info/", token=token).content == api.get("/user/info/").content
    assert api.get(LIST, token=token, advertiser_id=ADVERTISER).code == 0
    assert api.get(LIST, token=token, advertiser_id=SECOND_ADVERTISER).code == 40001


def test_a_login_may_grant_nothing_at_all(window: Window, exchange: Exchange, api: Api) -> None:
    boxes = [("advertiser_id", ADVERTISER), ("advertiser_id", SECOND_ADVERTISER)]
    code = window.code(frozenset([*boxes, ("scope", "30"), ("scope", "31"), ("scope", "32")]))

    given = exchange.give(code).content

    assert (given["advertiser_ids"], given["scope"]) == ([], [])
    assert api.get("/user/info/", token=given["access_token"]).code == 0
    reply = api.get("/oauth2/advertiser/get/", token=given["access_token"], app_id=APP_ID, secret="any")
    assert (reply.code, reply.listed) == (0, [])


def test_every_login_gets_a_token_of_its_own(window: Window, exchange: Exchange, api: Api) -> None:
    first, second = (exchange.give(window.code()).content["access_token"] for _ in range(2))

    assert first != second
    assert api.get("/user/info/", token=first).code == 0
    assert api.get("/user/info/", token=second).code == 0


def test_a_code_works_once(window: Window, exchange: Exchange, sandbox: Sandbox) -> None:
    code = window.code()
    exchange.give(code)

    again = exchange.give(code)

    assert (again.code, again.content) == (40110, {})
    assert len(sandbox.controls.tokens()) == 2


def test_a_code_lives_for_an_hour(window: Window, exchange: Exchange, sandbox: Sandbox) -> None:
    early, late = window.code(), window.code()

    sandbox.controls.advance(0.999)
    assert exchange.give(early).code == 0
    sandbox.controls.advance(0.001)
    assert exchange.give(late).code == 40110


def test_a_code_that_nobody_was_given_is_refused(exchange: Exchange) -> None:
    assert exchange.give("0" * 40).code == 40110


@pytest.mark.parametrize(
    ("app", "expected"),
    [({"app_id": "7012", "secret": "its-secret"}, 40113), ({"app_id": "7011", "secret": "another"}, 40101)],
)
def test_a_wrong_app_or_secret_has_its_own_code_and_does_not_use_the_code_up(
    window: Window, exchange: Exchange, sandbox: Sandbox, app: dict[str, str], expected: int
) -> None:
    sandbox.controls.set_app("7011", "its-secret", [CALLBACK])
    code = window.code(app_id="7011")

    assert exchange.give(code, **app).code == expected
    assert exchange.give(code, app_id="7011", secret="its-secret").code == 0


def test_a_code_is_for_the_app_it_was_given_to(window: Window, exchange: Exchange) -> None:
    code = window.code(app_id="7011")

    assert exchange.give(code, app_id="7012").code == 40110
    assert exchange.give(code, app_id="7011").code == 0


@pytest.mark.parametrize("path", ["/oauth2/access_token/", "/oauth2/revoke_token/"])
@pytest.mark.parametrize("missing", ["app_id", "secret", "what it is about"])
def test_a_field_that_is_missing_is_named(api: Api, path: str, missing: str) -> None:
    about = "auth_code" if "access" in path else "access_token"
    name = about if missing == "what it is about" else missing
    fields = {each: "x" for each in ("app_id", "secret", about) if each != name}

    reply = api.post(path, token=None, **fields)

    assert reply.code == 40002
    assert name in reply.message


@pytest.mark.parametrize("path", ["/oauth2/access_token/", "/oauth2/revoke_token/"])
def test_secrets_go_in_the_body_alone(api: Api, path: str) -> None:
    reply = api.send("POST", path, token=None, params={"app_id": "1", "secret": "s"})

    assert reply.json()["code"] == 40002
    assert api.send("GET", path, token=None).status_code == 405


def test_a_token_that_was_given_back_is_wrong_from_then_on(window: Window, exchange: Exchange, api: Api) -> None:
    token, other = (exchange.give(window.code()).content["access_token"] for _ in range(2))

    assert exchange.revoke(token).code == 0

    assert api.get("/user/info/", token=token).code == 40105
    assert api.get("/user/info/", token=other).code == 0
    assert api.get("/user/info/").code == 0


def test_a_token_is_given_back_once(window: Window, exchange: Exchange) -> None:
    token = exchange.give(window.code()).content["access_token"]
    exchange.revoke(token)

    assert exchange.revoke(token).code == 40105


def test_a_token_that_does_not_exist_cannot_be_given_back(exchange: Exchange) -> None:
    assert exchange.revoke("no-token").code == 40105


@pytest.mark.parametrize(
    ("app", "expected"),
    [({"app_id": "7012", "secret": "its-secret"}, 40113), ({"app_id": "7011", "secret": "another"}, 40101)],
)
def test_nobody_gives_a_token_back_for_an_app_they_do_not_have_the_secret_of(
    exchange: Exchange, sandbox: Sandbox, api: Api, app: dict[str, str], expected: int
) -> None:
    sandbox.controls.set_app("7011", "its-secret")

    assert exchange.revoke(TOKEN, **app).code == expected
    assert api.get("/user/info/").code == 0


def test_a_fault_can_be_set_on_the_exchange(window: Window, exchange: Exchange, sandbox: Sandbox) -> None:
    code = window.code()
    sandbox.controls.add_fault("server_error", path="/oauth2/access_token/")

    assert exchange.give(code).code == 50000
    assert exchange.give(code).code == 0


def test_codes_tokens_secrets_and_nonces_are_kept_as_digests_only(
    window: Window, exchange: Exchange, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.controls.set_app(APP_ID, "a-secret-of-an-app")
    nonce = window.form().offered("nonce")[0]
    unused = window.code()
    token = exchange.give(window.code(), secret="a-secret-of-an-app").content["access_token"]
    with sqlite3.connect(tmp_path / "sandbox.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()

    written = b"".join(each.read_bytes() for each in tmp_path.glob("sandbox.db*"))

    for secret in (nonce, unused, token, TOKEN, "a-secret-of-an-app"):
        assert secret.encode() not in written
