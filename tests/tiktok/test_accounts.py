"""Accounts come with the token's role on them, in few requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from reconciler.secret import Secret
from reconciler.tiktok import accounts
from reconciler.tiktok.errors import CredentialError, InvalidRequestError, PermissionDeniedError
from reconciler.tiktok.model import Lack, Role, User

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.tiktok.conftest import FakeTikTok

ASSETS = "bc/asset/get/"
CENTERS = "bc/get/"
INFO = "advertiser/info/"


def serve(fake: FakeTikTok, centers: Mapping[str, Mapping[str, str]]) -> FakeTikTok:
    """Serve any account's description, and Business Centers with the roles on their accounts."""

    def describe(query: Mapping[str, str]) -> Mapping[str, Any]:
        ids = httpx.Response(200, text=query["advertiser_ids"]).json()
        return {"list": [{"advertiser_id": each, "name": f"Account {each}", "status": "STATUS_ENABLE"} for each in ids]}

    def assets(query: Mapping[str, str]) -> Mapping[str, Any]:
        assert query["asset_type"] == "ADVERTISER"
        seats = [{"asset_id": each, "advertiser_role": role} for each, role in centers[query["bc_id"]].items()]
        number, size = int(query["page"]), int(query["page_size"])
        told = {"page_size": size, "total_number": len(seats), "total_page": -(-len(seats) // size)}
        return {"list": seats[(number - 1) * size : number * size], "page_info": told}

    fake.lists(CENTERS, [{"bc_info": {"bc_id": each, "name": "C"}, "user_role": "ADMIN"} for each in centers])
    return fake.routes(INFO, describe).routes(ASSETS, assets)


async def test_whoami_names_the_person_behind_the_token(fake: FakeTikTok) -> None:
    fake.answers({"core_user_id": "11", "display_name": "Ann", "email": "a***@example.com"})

    assert await accounts.whoami(fake.session()) == User("11", "Ann", "a***@example.com")


async def test_whoami_with_a_dead_token_says_to_log_in_again(fake: FakeTikTok) -> None:
    with pytest.raises(CredentialError) as caught:
        await accounts.whoami(fake.refuses(40105, "Access token is incorrect or has been revoked.").session())

    assert "Log in again" in str(caught.value.hint)


async def test_the_accounts_of_a_token_come_by_id_with_their_names(fake: FakeTikTok) -> None:
    fake.answers({"list": [{"advertiser_id": "7", "advertiser_name": "Acme"}, {"advertiser_id": "8"}]})

    assert await accounts.advertisers(fake.session(), "12", Secret("s")) == {"7": "Acme", "8": ""}
    assert dict(fake.last.url.params) == {"app_id": "12", "secret": "s"}


async def test_an_account_comes_with_the_role_from_its_business_center(fake: FakeTikTok) -> None:
    serve(fake, {"71": {"7": "OPERATOR", "8": "ANALYST"}})
    found = await accounts.describe(fake.session(), ["7"], {"7": "71"})

    assert found["7"].name == "Account 7"
    assert found["7"].role is Role.OPERATOR
    assert found["7"].business_center_id == "71"
    assert len(fake.requests) == 2


async def test_without_a_business_center_all_are_looked_through_until_the_account_is_found(fake: FakeTikTok) -> None:
    serve(fake, {"71": {"1": "ADMIN"}, "72": {"7": "ANALYST"}, "73": {"9": "ADMIN"}})
    found = await accounts.describe(fake.session(), ["7"], {})

    assert (found["7"].role, found["7"].business_center_id) == (Role.ANALYST, "72")
    assert [each["bc_id"] for each in fake.calls(ASSETS)] == ["71", "72"]


async def test_a_business_center_is_read_once_however_many_accounts_are_in_it(fake: FakeTikTok) -> None:
    serve(fake, {"71": {"7": "ADMIN", "8": "OPERATOR", "9": "ANALYST"}, "72": {}})
    found = await accounts.describe(fake.session(), ["7", "8", "9"], {"7": "71", "8": "71", "9": None})

    assert [each.role for each in found.values()] == [Role.ADMIN, Role.OPERATOR, Role.ANALYST]
    assert len(fake.calls(ASSETS)) == 1
    assert len(fake.calls(CENTERS)) == 0


async def test_a_declared_business_center_is_not_read_again_in_the_search_for_others(fake: FakeTikTok) -> None:
    serve(fake, {"71": {"7": "ADMIN"}, "72": {"9": "ANALYST"}})
    await accounts.describe(fake.session(), ["7", "9"], {"7": "71"})

    assert [each["bc_id"] for each in fake.calls(ASSETS)] == ["71", "72"]


async def test_a_large_business_center_is_read_only_as_far_as_needed(fake: FakeTikTok) -> None:
    serve(fake, {"71": {str(number): "ADMIN" for number in range(500)}})
    await accounts.describe(fake.session(), ["60"], {"60": "71"})

    assert [each["page"] for each in fake.calls(ASSETS)] == ["1", "2"]
    assert {each["page_size"] for each in fake.calls(ASSETS)} == {"50"}


async def test_an_account_in_no_business_center_has_an_unknown_role_and_may_try(fake: FakeTikTok) -> None:
    serve(fake, {"71": {"1": "ADMIN"}})
    found = await accounts.describe(fake.session(), ["7"], {})

    assert found["7"].role is Role.UNKNOWN
    assert found["7"].business_center_id is None
    assert found["7"].role.can_write


@pytest.mark.parametrize("home", ["71", None])
async def test_a_business_center_that_may_not_be_read_leaves_the_role_unknown(
    fake: FakeTikTok, home: str | None
) -> None:
    fake.routes(INFO, lambda _: {"list": [{"advertiser_id": "7", "status": "STATUS_ENABLE"}]}).refuses(40001)
    found = await accounts.describe(fake.session(), ["7"], {"7": home})

    assert found["7"].role is Role.UNKNOWN


async def test_one_unreadable_business_center_does_not_hide_the_others(fake: FakeTikTok) -> None:
    serve(fake, {"71": {}, "72": {"7": "ADMIN"}})
    served = fake._routes[ASSETS]
    fake._routes[ASSETS] = lambda request: (
        fake.envelope(40001, "No.", {}) if request.url.params["bc_id"] == "71" else served(request)
    )

    assert (await accounts.describe(fake.session(), ["7"], {}))["7"].role is Role.ADMIN


async def test_a_business_center_that_does_not_exist_is_an_error_not_an_unknown_role(fake: FakeTikTok) -> None:
    fake.routes(INFO, lambda _: {"list": [{"advertiser_id": "7", "status": "STATUS_ENABLE"}]})
    with pytest.raises(InvalidRequestError, match="bc_id"):
        await accounts.describe(fake.refuses(40002, "bc_id: unknown").session(), ["7"], {"7": "99"})


async def test_a_hundred_accounts_are_described_by_one_call(fake: FakeTikTok) -> None:
    wanted = [str(number) for number in range(250)]
    serve(fake, {"71": dict.fromkeys(wanted, "ADMIN")})
    found = await accounts.describe(fake.session(), [*wanted, "0"], dict.fromkeys(wanted, "71"))

    assert list(found) == wanted
    assert len(fake.calls(INFO)) == 3


async def test_no_accounts_cost_no_calls(fake: FakeTikTok) -> None:
    assert await accounts.describe(fake.session(), [], {}) == {}
    assert not fake.requests


async def test_an_account_that_tiktok_leaves_out_is_named_as_not_permitted(fake: FakeTikTok) -> None:
    fake.routes(INFO, lambda _: {"list": []})
    with pytest.raises(PermissionDeniedError, match="advertiser 7:"):
        await accounts.describe(fake.session(), ["7"], {})


def serve_only(fake: FakeTikTok, allowed: set[str], code: int = 40001) -> FakeTikTok:
    """Refuse, as TikTok does, every call that names an account beyond `allowed`."""

    def describe(request: httpx.Request) -> httpx.Response:
        ids = httpx.Response(200, text=request.url.params["advertiser_ids"]).json()
        if set(ids) <= allowed:
            return fake.envelope(
                0, "OK", {"list": [{"advertiser_id": each, "status": "STATUS_ENABLE"} for each in ids]}
            )
        return fake.envelope(code, "No permission.", {})

    serve(fake, {"71": {}})._routes[INFO] = describe
    return fake


@pytest.mark.parametrize("code", [40001, 40106])
async def test_each_account_that_is_out_of_reach_is_told_apart(fake: FakeTikTok, code: int) -> None:
    session = serve_only(fake, {"1", "2", "4"}, code).session()

    found = await accounts.describe_each(session, ["1", "2", "3", "4"], {})

    assert list(found) == ["1", "2", "3", "4"]
    lack = found["3"]
    assert isinstance(lack, Lack)
    assert "may not act for it (No permission)" in lack.reason
    assert [each for each, account in found.items() if isinstance(account, Lack)] == ["3"]


async def test_finding_one_refused_account_among_a_hundred_takes_few_calls(fake: FakeTikTok) -> None:
    wanted = [str(number) for number in range(100)]
    session = serve_only(fake, {*wanted} - {"37"}).session()

    await accounts.describe_each(session, wanted, {})

    assert len(fake.calls(INFO)) <= 15


async def test_a_dead_token_is_no_matter_of_one_account(fake: FakeTikTok) -> None:
    with pytest.raises(CredentialError):
        await accounts.describe_each(serve_only(fake, set(), 40105).session(), ["1", "2"], {})


async def test_with_no_account_in_reach_no_business_center_is_read(fake: FakeTikTok) -> None:
    await accounts.describe_each(serve_only(fake, set()).session(), ["1", "2"], {})

    assert not fake.calls(CENTERS)
