"""Rate limits: off, unless a tier is set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox import SandboxError
from tests.sandbox.conftest import lines

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox
    from tests.sandbox.conftest import Api

SECOND = 1 / 3600


def codes(api: Api, requests: int) -> list[int]:
    return [api.get("/user/info/").code for _ in range(requests)]


def test_no_limit_holds_unless_one_is_set(api: Api) -> None:
    assert set(codes(api, 60)) == {0}


@pytest.mark.parametrize(("tier", "allowed"), [("basic", 10), ("advanced", 20), ("premium", 30), ("ultimate", 50)])
def test_a_tier_allows_so_many_requests_a_second(api: Api, sandbox: Sandbox, tier: str, allowed: int) -> None:
    sandbox.controls.set_tier(tier)

    assert codes(api, allowed + 2) == [0] * allowed + [40100] * 2
    sandbox.controls.advance(SECOND)
    assert codes(api, 1) == [0]


def test_too_frequent_is_said_with_http_200(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.set_tier("basic")
    codes(api, 10)

    assert api.get("/user/info/").status == 200


def test_hammering_on_stops_everything_for_5_minutes(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.set_tier("basic")
    codes(api, 601)

    answered = []
    for seconds in (1, 60, 238, 1):
        sandbox.controls.advance(SECOND * seconds)
        answered += codes(api, 1)

    assert answered == [40100, 40100, 40100, 0]


def test_keeping_to_the_second_s_limit_never_stops(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.set_tier("basic")

    for _ in range(61):
        assert codes(api, 10) == [0] * 10
        sandbox.controls.advance(SECOND)


def test_rows_count_for_streaming_and_not_as_requests(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.set_tier("basic")

    streamed = [api.stream([[{}]] * rows).code for rows in (6000, 4000, 1)]

    assert streamed == [0, 0, 40100]
    assert codes(api, 10) == [0] * 10


def test_an_upload_counts_as_a_request(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.set_tier("basic")

    assert [api.upload(lines("a")).code for _ in range(11)] == [0] * 10 + [40100]


def test_a_limit_can_be_taken_off(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.set_tier("basic")
    codes(api, 10)
    sandbox.controls.set_tier(None)

    assert codes(api, 5) == [0] * 5


def test_a_tier_that_is_none_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="platinum"):
        sandbox.controls.set_tier("platinum")
