"""What each endpoint wants of a token, and what can be taken from one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from reconciler.sandbox import BUSINESS_CENTER, TOKEN, Role, SandboxError
from reconciler.sandbox.dispatch import OPERATIONS
from reconciler.sandbox.operations import BASE_PATH
from tests.sandbox.conftest import ADVERTISER, SECOND_ADVERTISER, opened

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox
    from tests.consent import Exchange, Window
    from tests.sandbox.conftest import Api

READ, WRITE, SHARE, ALL, OTHER = 30, 31, 32, 3, 4
ANY: Final[frozenset[int]] = frozenset()

WANTED: Final = {
    "/oauth2/advertiser/get/": ANY,
    "/advertiser/info/": ANY,
    "/user/info/": ANY,
    "/bc/get/": ANY,
    "/bc/asset/get/": ANY,
    "/adgroup/get/": ANY,
    "/smart_plus/adgroup/get/": ANY,
    "/dmp/saved_audience/list/": {READ},
    "/dmp/custom_audience/list/": {READ},
    "/dmp/custom_audience/get/": {READ},
    "/dmp/custom_audience/update/": {WRITE},
    "/dmp/custom_audience/delete/": {WRITE},
    "/dmp/custom_audience/file/upload/": {WRITE},
    "/dmp/custom_audience/create/": {WRITE},
    "/segment/audience/": {WRITE},
    "/segment/mapping/": {WRITE},
    "/dmp/custom_audience/apply/log/": {READ, WRITE},
    "/dmp/custom_audience/share/": {SHARE},
    "/dmp/custom_audience/share/cancel/": {SHARE},
    "/dmp/custom_audience/share/log/": {SHARE},
}
"""One of these scopes, by the published list of them; ad groups and accounts are other families' and always open."""

WITHOUT_A_TOKEN: Final = {"/oauth2/access_token/", "/oauth2/revoke_token/"}


def test_every_endpoint_is_in_the_table() -> None:
    assert {each.removeprefix(BASE_PATH) for each in OPERATIONS} == {*WANTED, *WITHOUT_A_TOKEN}


@pytest.mark.parametrize("path", WANTED)
def test_an_endpoint_wants_its_scope_or_the_parent_of_all(api: Api, sandbox: Sandbox, path: str) -> None:
    method, takes_form = OPERATIONS[f"{BASE_PATH}{path}"].method, OPERATIONS[f"{BASE_PATH}{path}"].takes_form
    options: dict[str, Any] = {"files": [("advertiser_id", (None, ADVERTISER))]} if takes_form else {"json": {}}
    enough = set()
    for scope in (READ, WRITE, SHARE, ALL, OTHER):
        sandbox.controls.set_scopes(TOKEN, [scope])
        reply = opened(api.send(method, path, **(options if method == "POST" else {})))
        lacking = reply.code == 40001 and "lacks permission scope" in reply.message
        enough |= set() if lacking else {scope}

    assert enough == ({*WANTED[path], ALL} if WANTED[path] else {READ, WRITE, SHARE, ALL, OTHER})


@pytest.fixture
def login(window: Window, exchange: Exchange) -> str:
    """A second token of the person who has `TOKEN`."""
    token: str = exchange.give(window.code()).content["access_token"]
    return token


def reads(api: Api, token: str, advertiser_id: str = ADVERTISER) -> bool:
    return api.get("/dmp/custom_audience/list/", token=token, advertiser_id=advertiser_id).code == 0


def writes(api: Api, token: str, advertiser_id: str = ADVERTISER) -> bool:
    asked = {"advertiser_id": advertiser_id, "action": "create", "custom_audience_name": "Buyers"}
    return api.post("/segment/audience/", token=token, **asked).code == 0


def test_a_role_is_a_person_s_and_every_token_of_theirs_sees_it_change(api: Api, sandbox: Sandbox, login: str) -> None:
    sandbox.controls.set_role(ADVERTISER, Role.ANALYST)

    assert [writes(api, each) for each in (TOKEN, login)] == [False, False]
    assert [writes(api, each, SECOND_ADVERTISER) for each in (TOKEN, login)] == [True, True]


def test_another_person_s_role_is_their_own(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.add_token("ann's", [ADVERTISER], display_name="Ann")

    sandbox.controls.set_role(ADVERTISER, Role.ANALYST, token="ann's")

    assert (writes(api, "ann's"), writes(api, TOKEN)) == (False, True)


def test_scopes_and_accounts_are_a_token_s(api: Api, sandbox: Sandbox, login: str) -> None:
    sandbox.controls.set_scopes(login, [READ])
    sandbox.controls.withdraw(SECOND_ADVERTISER, login)

    assert (writes(api, login), writes(api, TOKEN)) == (False, True)
    assert (reads(api, login, SECOND_ADVERTISER), reads(api, TOKEN, SECOND_ADVERTISER)) == (False, True)


def test_an_account_that_was_withdrawn_is_a_foreign_one(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.withdraw(ADVERTISER)

    described = api.get("/advertiser/info/", advertiser_ids=[ADVERTISER])
    listed = api.get("/oauth2/advertiser/get/", app_id="1", secret="s").listed
    assets = api.get("/bc/asset/get/", bc_id=BUSINESS_CENTER, asset_type="ADVERTISER").listed
    assert (described.code, ADVERTISER in described.message) == (40001, True)
    assert [each["advertiser_id"] for each in listed] == [SECOND_ADVERTISER]
    assert [each["asset_id"] for each in assets] == [SECOND_ADVERTISER]
    assert (reads(api, TOKEN), writes(api, TOKEN), reads(api, TOKEN, SECOND_ADVERTISER)) == (False, False, True)


def test_what_was_withdrawn_stays_so_when_accounts_are_ensured_again(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.withdraw(ADVERTISER)
    sandbox.ensure([ADVERTISER, SECOND_ADVERTISER])

    assert not reads(api, TOKEN)


def test_a_role_gives_a_withdrawn_account_back(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.withdraw(ADVERTISER)
    sandbox.controls.set_role(ADVERTISER, Role.OPERATOR)

    assert writes(api, TOKEN)


def test_all_tokens_are_changed_at_once_where_none_is_named(api: Api, sandbox: Sandbox, login: str) -> None:
    sandbox.controls.set_scopes(None, [READ])
    assert [(reads(api, each), writes(api, each)) for each in (TOKEN, login)] == [(True, False)] * 2
    sandbox.controls.set_scopes(None, [ALL])
    sandbox.controls.set_role(ADVERTISER, Role.ANALYST, token=None)
    assert [(reads(api, each), writes(api, each)) for each in (TOKEN, login)] == [(True, False)] * 2
    sandbox.controls.withdraw(ADVERTISER, token=None)
    assert [reads(api, each) for each in (TOKEN, login)] == [False, False]
    sandbox.controls.expire_token(None)
    assert [api.get("/user/info/", token=each).code for each in (TOKEN, login)] == [40102, 40102]
    sandbox.controls.revoke_token(None)
    assert [api.get("/user/info/", token=each).code for each in (TOKEN, login)] == [40105, 40105]


def test_tokens_are_told_of_and_never_told(sandbox: Sandbox, login: str) -> None:
    sandbox.controls.add_token("ann's", [ADVERTISER], [READ, WRITE], display_name="Ann")
    sandbox.controls.withdraw(SECOND_ADVERTISER, login)
    sandbox.controls.expire_token("ann's")

    told = sandbox.controls.tokens()

    assert {(each.person, each.scopes, each.advertiser_ids, each.status) for each in told} == {
        ("Local Operator", frozenset({ALL}), (ADVERTISER, SECOND_ADVERTISER), "ACTIVE"),
        ("Local Operator", frozenset({READ, WRITE, SHARE}), (ADVERTISER,), "ACTIVE"),
        ("Ann", frozenset({READ, WRITE}), (ADVERTISER,), "EXPIRED"),
    }
    assert not any(token in repr(told) for token in (TOKEN, login, "ann's"))


def test_an_account_moves_to_another_business_center(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.set_account(ADVERTISER, business_center_id="7100000000000000002")

    assert [each["bc_info"]["bc_id"] for each in api.get("/bc/get/").listed] == [
        BUSINESS_CENTER,
        "7100000000000000002",
    ]
    moved = api.get("/bc/asset/get/", bc_id="7100000000000000002", asset_type="ADVERTISER")
    assert [each["asset_id"] for each in moved.listed] == [ADVERTISER]


def test_people_are_given_roles_that_exist_on_accounts_that_exist(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="EMPEROR"):
        sandbox.controls.add_person("Ann", {ADVERTISER: "EMPEROR"})
    with pytest.raises(SandboxError, match="7000000000000000009"):
        sandbox.controls.add_person("Ann", {"7000000000000000009": Role.ADMIN})
    with pytest.raises(SandboxError, match="acme"):
        sandbox.controls.set_account(ADVERTISER, business_center_id="acme")
    with pytest.raises(SandboxError, match="token"):
        sandbox.controls.withdraw(ADVERTISER, "nobody's")
