"""Accounts, Business Centers, and what a token may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox import BUSINESS_CENTER, Role, SandboxError
from tests.sandbox.conftest import ADVERTISER, SECOND_ADVERTISER

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox
    from tests.sandbox.conftest import Api

LIST = "/dmp/custom_audience/list/"
FOREIGN = "7000000000000000009"


def test_a_token_is_its_person_s(api: Api) -> None:
    person = api.get("/user/info/").content

    assert person["display_name"] == "Local Operator"
    assert set(person) == {"core_user_id", "display_name", "email"}


def test_the_accounts_a_token_may_act_for_are_listed(api: Api) -> None:
    reply = api.get("/oauth2/advertiser/get/", app_id="1", secret="s")

    assert [each["advertiser_id"] for each in reply.listed] == [ADVERTISER, SECOND_ADVERTISER]
    assert reply.listed[0]["advertiser_name"] == "Local advertiser …0001"


@pytest.mark.parametrize(("app_id", "secret", "code"), [("1", "s", 0), ("2", "s", 40113), ("1", "other", 40101)])
def test_app_and_secret_are_checked_once_an_app_is_known(
    api: Api, sandbox: Sandbox, app_id: str, secret: str, code: int
) -> None:
    sandbox.controls.set_app("1", "s")

    assert api.get("/oauth2/advertiser/get/", app_id=app_id, secret=secret).code == code


def test_an_account_describes_itself(api: Api) -> None:
    (account,) = api.get("/advertiser/info/", advertiser_ids=[ADVERTISER]).listed

    assert account["advertiser_id"] == ADVERTISER
    assert account["status"] == "STATUS_ENABLE"
    assert account["currency"] == "USD"
    assert account["timezone"] == "America/New_York"
    assert account["role"] == "ROLE_ADVERTISER"


def test_only_the_fields_asked_for_are_described(api: Api) -> None:
    reply = api.get("/advertiser/info/", advertiser_ids=[ADVERTISER], fields=["status"])

    assert reply.listed == [{"status": "STATUS_ENABLE"}]


def test_an_account_that_the_token_may_not_act_for_is_named(api: Api) -> None:
    reply = api.get("/advertiser/info/", advertiser_ids=[ADVERTISER, FOREIGN])

    assert reply.code == 40001
    assert FOREIGN in reply.message


def test_the_role_on_an_account_is_read_from_its_business_center(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.set_role(SECOND_ADVERTISER, Role.ANALYST)

    (center,) = api.get("/bc/get/").listed
    reply = api.get("/bc/asset/get/", bc_id=center["bc_info"]["bc_id"], asset_type="ADVERTISER")

    assert center["bc_info"]["bc_id"] == BUSINESS_CENTER
    assert {each["asset_id"]: each["advertiser_role"] for each in reply.listed} == {
        ADVERTISER: "ADMIN",
        SECOND_ADVERTISER: "ANALYST",
    }


def test_an_account_outside_of_a_business_center_has_no_readable_role(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.outside_business_center(ADVERTISER)

    reply = api.get("/bc/asset/get/", bc_id=BUSINESS_CENTER, asset_type="ADVERTISER")

    assert [each["asset_id"] for each in reply.listed] == [SECOND_ADVERTISER]
    assert api.create()


def test_assets_of_another_type_are_refused(api: Api) -> None:
    reply = api.get("/bc/asset/get/", bc_id=BUSINESS_CENTER, asset_type="PIXEL")

    assert (reply.code, reply.message) == (40002, "asset_type: Must be one of ADVERTISER.")


def test_a_foreign_business_center_is_refused(api: Api) -> None:
    assert api.get("/bc/asset/get/", bc_id="7100000000000000009", asset_type="ADVERTISER").code == 40001


def test_pages_add_up_to_the_whole(api: Api, sandbox: Sandbox) -> None:
    sandbox.ensure(f"70000000000000001{number:02}" for number in range(23))

    pages = [
        api.get("/bc/asset/get/", bc_id=BUSINESS_CENTER, asset_type="ADVERTISER", page=page, page_size=10)
        for page in (1, 2, 3, 4)
    ]

    assert [len(page.listed) for page in pages] == [10, 10, 5, 0]
    assert len({each["asset_id"] for page in pages for each in page.listed}) == 25
    assert pages[2].content["page_info"] == {"page": 3, "page_size": 10, "total_number": 25, "total_page": 3}


def test_an_analyst_may_read_and_not_write(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    sandbox.controls.set_role(ADVERTISER, Role.ANALYST)

    assert api.get(LIST, advertiser_id=ADVERTISER).code == 0
    for reply in (
        api.post("/segment/audience/", advertiser_id=ADVERTISER, action="create", custom_audience_name="x"),
        api.post("/segment/audience/", advertiser_id=ADVERTISER, action="delete", delete_audience_id=audience_id),
        api.post("/dmp/custom_audience/delete/", advertiser_id=ADVERTISER, custom_audience_ids=[audience_id]),
        api.stream([[{}]]),
    ):
        assert reply.code == 40001
        assert "ADMIN or OPERATOR is needed" in reply.message


def test_an_operator_may_write(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.set_role(ADVERTISER, Role.OPERATOR)

    assert api.create()


@pytest.mark.parametrize("status", ["STATUS_LIMIT", "STATUS_DISABLE", "STATUS_PENDING_CONFIRM"])
def test_an_account_that_is_not_enabled_is_read_only(api: Api, sandbox: Sandbox, status: str) -> None:
    sandbox.controls.set_status(ADVERTISER, status)

    assert api.get("/advertiser/info/", advertiser_ids=[ADVERTISER]).listed[0]["status"] == status
    assert api.get(LIST, advertiser_id=ADVERTISER).code == 0
    reply = api.post("/segment/audience/", advertiser_id=ADVERTISER, action="create", custom_audience_name="x")
    assert reply.code == 40001
    assert status in reply.message


@pytest.mark.parametrize(
    ("scopes", "reads", "writes", "shares"),
    [
        ([3], True, True, True),
        ([30], True, False, False),
        ([31], False, True, False),
        ([32], False, False, True),
        ([30, 31], True, True, False),
        ([4, 300], False, False, False),
        ([], False, False, False),
    ],
)
def test_scopes_say_what_a_token_may_do(
    api: Api, sandbox: Sandbox, scopes: list[int], reads: bool, writes: bool, shares: bool
) -> None:
    audience_id = api.create()
    sandbox.controls.add_token("narrow", [ADVERTISER], scopes)

    read = api.get(LIST, token="narrow", advertiser_id=ADVERTISER)
    written = api.stream([[{}]], token="narrow")
    shared = api.get(
        "/dmp/custom_audience/share/log/", token="narrow", advertiser_id=ADVERTISER, custom_audience_id=audience_id
    )

    assert [reply.code == 0 for reply in (read, written, shared)] == [reads, writes, shares]
    assert {reply.code for reply in (read, written, shared)} <= {0, 40001}


def test_the_application_log_is_read_under_either_scope(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    for scope, code in ((30, 0), (31, 0), (32, 40001)):
        sandbox.controls.add_token(f"scope {scope}", [ADVERTISER], [scope])

        reply = api.get(
            "/dmp/custom_audience/apply/log/",
            token=f"scope {scope}",
            advertiser_id=ADVERTISER,
            custom_audience_ids=[audience_id],
        )

        assert reply.code == code


def test_a_token_may_act_for_some_accounts_only(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.add_token("second only", [SECOND_ADVERTISER])

    assert api.get(LIST, token="second only", advertiser_id=SECOND_ADVERTISER).code == 0
    assert api.get(LIST, token="second only", advertiser_id=ADVERTISER).code == 40001


def test_scopes_can_change(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.set_scopes("sandbox-token", [30])

    assert api.stream([[{}]]).code == 40001


def test_ensuring_an_account_again_changes_nothing(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.set_status(ADVERTISER, "STATUS_DISABLE")
    sandbox.controls.set_role(ADVERTISER, Role.ANALYST)

    sandbox.ensure([ADVERTISER])

    assert api.get("/advertiser/info/", advertiser_ids=[ADVERTISER]).listed[0]["status"] == "STATUS_DISABLE"
    assert api.stream([[{}]]).code == 40001


def test_an_account_needs_an_id_of_digits(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="acme"):
        sandbox.ensure(["acme"])


def test_controls_name_what_they_do_not_know(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match=FOREIGN):
        sandbox.controls.set_status(FOREIGN, "STATUS_DISABLE")
    with pytest.raises(SandboxError, match="EMPEROR"):
        sandbox.controls.set_role(ADVERTISER, "EMPEROR")
    with pytest.raises(SandboxError, match="token"):
        sandbox.controls.expire_token("nobody's")
