"""Faults on order, in process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.sandbox import FaultKind, SandboxError
from tests.sandbox.conftest import ADVERTISER, cell, md5, opened

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox
    from tests.sandbox.conftest import Api

CREATE = "/segment/audience/"


def create(api: Api, name: str = "x") -> httpx.Response:
    body = {"advertiser_id": ADVERTISER, "action": "create", "custom_audience_name": name}
    return api.send("POST", CREATE, json=body)


@pytest.mark.parametrize(
    ("kind", "code"), [("rate_limit", 40100), ("server_error", 50000), ("write_conflict", 40202), ("not_ready", 40201)]
)
def test_a_fault_answers_with_its_code_and_nothing_is_written(api: Api, sandbox: Sandbox, kind: str, code: int) -> None:
    sandbox.controls.add_fault(kind)

    reply = opened(create(api))

    assert (reply.status, reply.code) == (200, code)
    assert sandbox.controls.audiences(ADVERTISER) == ()
    assert opened(create(api)).code == 0


def test_every_fault_answer_has_a_request_id_of_its_own(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.add_fault("server_error", times=2)

    assert opened(create(api)).request_id != opened(create(api)).request_id


def test_http_500_is_an_html_page(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.add_fault("http_500")

    response = create(api)

    assert response.status_code == 500
    assert response.headers["content-type"].startswith("text/html")
    assert sandbox.controls.audiences(ADVERTISER) == ()


@pytest.mark.parametrize(("kind", "written"), [("drop_before", 0), ("drop_after", 1)])
def test_a_connection_breaks_before_or_after_the_write(api: Api, sandbox: Sandbox, kind: str, written: int) -> None:
    sandbox.controls.add_fault(kind)

    with pytest.raises(httpx.ReadError):
        create(api)

    assert len(sandbox.controls.audiences(ADVERTISER)) == written


def test_a_broken_connection_is_logged_without_a_code(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    sandbox.controls.add_fault("drop_after")
    sandbox.controls.clear_requests()

    with pytest.raises(httpx.ReadError):
        api.stream([[cell(md5("a"), audience_id)]])

    (request,) = sandbox.controls.requests()
    assert (request.code, request.advertiser_id, request.rows) == (None, ADVERTISER, 1)


def test_skip_lets_the_first_requests_pass_and_times_counts(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.add_fault("server_error", skip=2, times=2)

    assert [opened(create(api)).code for _ in range(5)] == [0, 0, 50000, 50000, 0]


def test_a_fault_waits_for_its_own_requests(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.add_fault("server_error", method="POST", path="segment/audience", body="Second")

    assert api.get("/user/info/").code == 0
    assert opened(create(api, "First")).code == 0
    assert api.stream([[{}]]).code == 0
    assert opened(create(api, "Second")).code == 50000


def test_faults_happen_in_the_order_they_were_added(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.add_fault("rate_limit")
    sandbox.controls.add_fault("write_conflict")

    assert [opened(create(api)).code for _ in range(3)] == [40100, 40202, 0]


def test_faults_can_be_cleared(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.add_fault("server_error", times=9)
    sandbox.controls.clear_faults()

    assert opened(create(api)).code == 0


def test_a_fault_that_is_none_is_refused_with_the_ones_there_are(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="earthquake") as caught:
        sandbox.controls.add_fault("earthquake")

    assert all(kind in caught.value.hint for kind in FaultKind)
