"""What any request must look like, whatever it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.sandbox import BASE_PATH, TOKEN, dispatch
from tests.sandbox.conftest import ADVERTISER, SECOND_ADVERTISER, opened

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox
    from tests.sandbox.conftest import Api, Reply

LIST = "/dmp/custom_audience/list/"
GET = "/dmp/custom_audience/get/"
UPDATE = "/dmp/custom_audience/update/"
OPERATIONS = {operation.path: operation for operation in dispatch.OPERATIONS.values()}


def ask(api: Api, operation: Any, **fields: str) -> Reply:
    """Call an endpoint in the way it takes its fields."""
    if operation.takes_form:
        return api.form(operation.path, file=("people.csv", b"x"), **fields)
    return api.get(operation.path, **fields) if operation.method == "GET" else api.post(operation.path, **fields)


def test_every_answer_has_a_request_id_of_its_own(api: Api) -> None:
    assert len({api.get("/user/info/").request_id for _ in range(20)}) == 20


def test_a_refusal_has_http_200_and_empty_content(api: Api) -> None:
    reply = api.get(LIST, advertiser_id="7000000000000000009")

    assert (reply.status, reply.code, reply.content) == (200, 40001, {})


@pytest.mark.parametrize("path", [path.rstrip("/") for path in OPERATIONS])
def test_a_path_without_its_slash_is_not_found(api: Api, path: str) -> None:
    reply = opened(api.send("GET", path))

    assert (reply.status, reply.code) == (404, 40008)
    assert "end in a slash" in reply.message


@pytest.mark.parametrize("path", ["/dmp/custom_audience/rule/create/", "/", "/nothing/here/"])
def test_an_endpoint_that_is_not_there_is_not_found(api: Api, path: str) -> None:
    reply = opened(api.send("POST", path, json={}))

    assert (reply.status, reply.code) == (404, 40008)


@pytest.mark.parametrize("path", ["/open_api/v1.2/user/info/", "/user/info/", "/open_api/v1.3user/info/"])
def test_a_path_outside_of_the_api_version_is_not_found(api: Api, sandbox: Sandbox, path: str) -> None:
    response = api.send("GET", f"http://tiktok.test{path}")

    assert response.status_code == 404
    assert sandbox.controls.requests()[-1].path == path


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_the_wrong_method_is_refused(api: Api, operation: Any) -> None:
    wrong = "POST" if operation.method == "GET" else "GET"

    reply = opened(api.send(wrong, operation.path))

    assert reply.status == 405
    assert operation.method in reply.message


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused_too(api: Api, method: str) -> None:
    assert api.send(method, "/user/info/").status_code == 405


def test_without_a_token_nothing_is_answered(api: Api) -> None:
    assert api.get("/user/info/", token=None).code == 40104
    assert api.get("/user/info/", token="").code == 40104


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {TOKEN}"}, {"X-Access-Token": TOKEN}])
def test_the_token_counts_in_its_own_header_only(api: Api, headers: dict[str, str]) -> None:
    assert opened(api.send("GET", "/user/info/", token=None, headers=headers)).code == 40104


def test_the_token_does_not_count_in_the_query(api: Api) -> None:
    assert api.get("/user/info/", token=None, access_token=TOKEN).code == 40104


def test_an_unknown_token_is_refused(api: Api) -> None:
    assert api.get("/user/info/", token="nobody's").code == 40105


def test_an_expired_token_is_refused(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.expire_token()

    assert api.get("/user/info/").code == 40102


def test_a_revoked_token_is_refused(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.revoke_token()

    assert api.get("/user/info/").code == 40105


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_endpoint_refuses_a_field_it_does_not_know(api: Api, operation: Any) -> None:
    reply = ask(api, operation, advertizer="1")

    assert (reply.code, reply.message) == (40002, "advertizer: Unknown field.")


@pytest.mark.parametrize("path", [path for path, each in OPERATIONS.items() if "advertiser_id" in each.fields])
def test_every_endpoint_of_an_account_refuses_a_missing_advertiser_id(api: Api, path: str) -> None:
    fields = {"action": "create"} if path == "/segment/audience/" else {}

    reply = ask(api, OPERATIONS[path], **fields)

    assert reply.code == 40002
    assert reply.message.startswith("advertiser_id: Missing")


@pytest.mark.parametrize(
    "value", [7000000000000000001, 7e18, None, ["7000000000000000001"], "", "70a", " 7", "٧", "-7"]
)
def test_an_id_that_is_no_string_of_digits_is_refused_by_name(api: Api, value: object) -> None:
    reply = api.post(UPDATE, advertiser_id=value, custom_audience_id="1", custom_audience_name="x")

    assert reply.code == 40002
    assert reply.message.startswith("advertiser_id: Must be a string")


def test_a_number_where_an_id_belongs_is_told_why(api: Api) -> None:
    reply = api.get(GET, advertiser_id=ADVERTISER, custom_audience_ids=[7300000000000000042])

    assert "loses the last of them" in reply.message


@pytest.mark.parametrize("value", ["7300000000000000042", "1,2", "[", "{}", "null", '"1"'])
def test_a_list_in_a_query_must_be_json(api: Api, value: str) -> None:
    reply = api.get(GET, advertiser_id=ADVERTISER, custom_audience_ids=value)

    assert reply.code == 40002
    assert reply.message.startswith("custom_audience_ids: ")


def test_a_list_in_a_query_is_not_a_repeated_name(api: Api) -> None:
    query = [("advertiser_id", ADVERTISER), ("custom_audience_ids", '["1"]'), ("custom_audience_ids", '["2"]')]

    reply = opened(api.send("GET", GET, params=query))

    assert (reply.code, reply.message.split(":")[0]) == (40002, "custom_audience_ids")


@pytest.mark.parametrize(("count", "code"), [(0, 40002), (100, 0), (101, 40002)])
def test_a_call_takes_1_to_100_ids(api: Api, count: int, code: int) -> None:
    ids = [str(7300000000000000000 + number) for number in range(count)]

    assert api.get(LIST, advertiser_id=ADVERTISER, custom_audience_ids=ids).code == code


def test_the_same_id_twice_is_refused(api: Api) -> None:
    assert api.get(LIST, advertiser_id=ADVERTISER, custom_audience_ids=["1", "1"]).code == 40002


@pytest.mark.parametrize("name", ["page", "page_size"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "", "ten", "101000"])
def test_a_page_outside_of_its_bounds_is_refused_by_name(api: Api, name: str, value: str) -> None:
    reply = api.get(LIST, advertiser_id=ADVERTISER, **{name: value})

    if (name, value) == ("page", "101000"):
        assert reply.listed == []
    else:
        assert (reply.code, reply.message.split(":")[0]) == (40002, name)


@pytest.mark.parametrize(
    ("path", "largest"),
    [
        (LIST, 100),
        ("/bc/get/", 50),
        ("/bc/asset/get/", 50),
        ("/adgroup/get/", 1000),
        ("/smart_plus/adgroup/get/", 1000),
        ("/dmp/saved_audience/list/", 100),
    ],
)
def test_the_largest_page_is_the_contract_s(api: Api, path: str, largest: int) -> None:
    fields = {name: "7100000000000000001" for name in ("bc_id",) if name in OPERATIONS[path].fields}
    fields |= {name: "ADVERTISER" for name in ("asset_type",) if name in OPERATIONS[path].fields}
    fields |= {name: ADVERTISER for name in ("advertiser_id",) if name in OPERATIONS[path].fields}

    assert api.get(path, page_size=largest, **fields).code == 0
    assert api.get(path, page_size=largest + 1, **fields).code == 40002


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(api: Api, content: bytes) -> None:
    response = api.send("POST", UPDATE, content=content, headers={"Content-Type": "application/json"})

    assert opened(response).code == 40002


def test_a_body_of_another_content_type_is_refused(api: Api) -> None:
    reply = opened(api.send("POST", UPDATE, data={"advertiser_id": ADVERTISER}))

    assert (reply.code, reply.message.split(":")[0]) == (40002, "Content-Type")


def test_a_form_is_refused_where_json_belongs(api: Api) -> None:
    reply = api.form(UPDATE, file=("people.csv", b"x"), advertiser_id=ADVERTISER)

    assert (reply.code, reply.message) == (40002, "Content-Type: Must be application/json.")


def test_a_post_takes_no_query(api: Api) -> None:
    reply = opened(api.send("POST", UPDATE, params={"advertiser_id": ADVERTISER}, json={}))

    assert (reply.code, reply.message.split(":")[0]) == (40002, "advertiser_id")


def test_the_log_knows_method_path_code_account_and_rows(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.clear_requests()

    api.get(LIST, advertiser_id=ADVERTISER)
    api.stream([["bad"], ["rows"]], advertiser_ids=[ADVERTISER, SECOND_ADVERTISER])

    listed, streamed = sandbox.controls.requests()
    assert (listed.method, listed.path, listed.code, listed.advertiser_id) == ("GET", LIST, 0, ADVERTISER)
    assert (streamed.method, streamed.path, streamed.code) == ("POST", "/segment/mapping/", 40002)
    assert (streamed.advertiser_id, streamed.rows) == (f"{ADVERTISER},{SECOND_ADVERTISER}", 2)


def test_no_token_and_no_raw_identifier_is_kept_in_the_file(api: Api, sandbox: Sandbox, tmp_path: Any) -> None:
    sandbox.controls.add_token("a-very-secret-token", [ADVERTISER])
    audience_id = api.create()

    reply = api.stream([[{"id": "person@example.com", "audience_ids": [audience_id]}]], token="a-very-secret-token")

    assert reply.code == 40062
    assert "person@example.com" not in reply.message
    kept = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert audience_id.encode() in kept
    assert b"a-very-secret-token" not in kept
    assert b"person@example.com" not in kept


def test_the_base_path_is_the_contract_s() -> None:
    assert BASE_PATH == "/open_api/v1.3"
