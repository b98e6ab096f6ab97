"""What may be repeated is repeated, in good time; what may have happened once is never done twice."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

import httpx
import pytest
import stamina

from reconciler.tiktok.errors import (
    InvalidRequestError,
    PartialSuccessError,
    PermissionDeniedError,
    RateLimitedError,
    ServiceFaultError,
    TikTokError,
    UncertainWriteError,
    UnreachableError,
    UnreadableAnswerError,
    WriteConflictError,
)

if TYPE_CHECKING:
    from tests.tiktok.conftest import FakeTikTok

READ = "dmp/custom_audience/list/"
WRITE = "segment/audience/"
PASSING_ERRORS = [
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("slow"),
    httpx.PoolTimeout("busy"),
    httpx.ReadTimeout("slow"),
    httpx.ReadError("reset"),
    httpx.WriteError("reset"),
    httpx.RemoteProtocolError("incomplete"),
]
NEVER_SENT = PASSING_ERRORS[:3]
PERHAPS_SENT = PASSING_ERRORS[3:]
RATE_CODES = [40100, 40016, 40132, 40133]
FAULT_CODES = [50000, 50002, 51001, 52100, 60001, 61000]
FINAL_CODES = [40000, 40001, 40002, 40062, 40105, 40201, 40301, 40700, 40910, 45678]


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize("error", PASSING_ERRORS, ids=lambda each: type(each).__name__)
async def test_a_read_is_repeated_after_any_broken_connection(fake: FakeTikTok, error: Exception) -> None:
    session = fake.breaks(error).breaks(error).answers({"ok": 1}).session()

    assert await session.get(READ, {}) == {"ok": 1}


@pytest.mark.parametrize("error", PASSING_ERRORS, ids=lambda each: type(each).__name__)
async def test_a_repeatable_write_is_repeated_after_any_broken_connection(fake: FakeTikTok, error: Exception) -> None:
    session = fake.breaks(error).answers({"ok": 1}).session()

    assert await session.post(WRITE, {}, repeatable=True) == {"ok": 1}


@pytest.mark.parametrize("code", [*RATE_CODES, *FAULT_CODES, 40202])
async def test_a_read_is_repeated_where_tiktok_says_later(fake: FakeTikTok, code: int) -> None:
    session = fake.refuses(code).refuses(code).answers({"ok": 1}).session()

    assert await session.get(READ, {}) == {"ok": 1}
    assert len(fake.requests) == 3


@pytest.mark.parametrize("status", [200, 429, 500, 502, 503, 504])
async def test_a_read_is_repeated_when_a_web_page_came_instead(fake: FakeTikTok, status: int) -> None:
    session = fake.sends(httpx.Response(status, html="<p>busy</p>")).answers({"ok": 1}).session()

    assert await session.get(READ, {}) == {"ok": 1}


@pytest.mark.parametrize("status", [302, 400, 403, 404, 405])
async def test_an_endpoint_that_is_not_there_is_not_asked_again(fake: FakeTikTok, status: int) -> None:
    with pytest.raises(UnreadableAnswerError):
        await fake.sends(httpx.Response(status, html="<p>no</p>")).session().get(READ, {})

    assert len(fake.requests) == 1


@pytest.mark.parametrize("code", FINAL_CODES)
@pytest.mark.parametrize("repeatable", [True, False])
async def test_a_refusal_that_will_not_change_is_not_repeated(fake: FakeTikTok, code: int, repeatable: bool) -> None:
    with pytest.raises(TikTokError) as caught:
        await fake.refuses(code).session().post(WRITE, {}, repeatable=repeatable)

    assert caught.value.code == code
    assert len(fake.requests) == 1


@pytest.mark.parametrize("error", NEVER_SENT, ids=lambda each: type(each).__name__)
async def test_a_create_that_never_left_is_sent_again(fake: FakeTikTok, error: Exception) -> None:
    session = fake.breaks(error).answers({"audience_id": "73"}).session()

    assert await session.post(WRITE, {}, repeatable=False) == {"audience_id": "73"}


@pytest.mark.parametrize("code", [*RATE_CODES, 40202])
async def test_a_create_that_tiktok_refused_for_now_is_sent_again(fake: FakeTikTok, code: int) -> None:
    session = fake.refuses(code).answers({"audience_id": "73"}).session()

    assert await session.post(WRITE, {}, repeatable=False) == {"audience_id": "73"}


@pytest.mark.parametrize("error", PERHAPS_SENT, ids=lambda each: type(each).__name__)
async def test_a_create_whose_connection_broke_is_not_sent_again(fake: FakeTikTok, error: Exception) -> None:
    with pytest.raises(
        UncertainWriteError, match="Nobody can tell whether segment/audience/ for advertiser 7 happened"
    ):
        await fake.breaks(error).session().post(WRITE, {"advertiser_id": "7"}, repeatable=False)

    assert len(fake.requests) == 1


@pytest.mark.parametrize("code", FAULT_CODES)
async def test_a_create_that_tiktok_failed_at_is_not_sent_again(fake: FakeTikTok, code: int) -> None:
    with pytest.raises(UncertainWriteError) as caught:
        await fake.refuses(code).session().post(WRITE, {}, repeatable=False)

    assert caught.value.request_id == "20240101REQUEST"
    assert len(fake.requests) == 1


@pytest.mark.parametrize("status", [200, 302, 404, 429, 500, 502])
async def test_a_create_whose_answer_cannot_be_read_is_not_sent_again(fake: FakeTikTok, status: int) -> None:
    with pytest.raises(UncertainWriteError):
        await fake.sends(httpx.Response(status, html="<p>no</p>")).session().post(WRITE, {}, repeatable=False)

    assert len(fake.requests) == 1


async def test_a_create_that_was_sent_again_after_a_safe_failure_may_still_end_uncertain(fake: FakeTikTok) -> None:
    session = fake.breaks(NEVER_SENT[0]).refuses(40100).breaks(httpx.ReadError("reset")).answers().session()
    with pytest.raises(UncertainWriteError):
        await session.post(WRITE, {}, repeatable=False)

    assert len(fake.requests) == 3


async def test_what_was_partly_done_is_reported_and_not_repeated(fake: FakeTikTok) -> None:
    with pytest.raises(PartialSuccessError, match="rows: 3"):
        await fake.refuses(20001, "Partly.", {"rows": 3}).session().post(WRITE, {}, repeatable=False)

    assert len(fake.requests) == 1


async def test_waits_after_faults_grow_and_end_within_the_patience(fake: FakeTikTok) -> None:
    with pytest.raises(ServiceFaultError):
        await fake.refuses(50000).session(patience_seconds=120).get(READ, {})

    assert 120 <= now() < 160
    assert 7 <= len(fake.requests) <= 12


async def test_a_write_conflict_is_waited_out_within_the_patience(fake: FakeTikTok) -> None:
    with pytest.raises(WriteConflictError):
        await fake.refuses(40202).session(patience_seconds=20).post(WRITE, {}, repeatable=False)

    assert 20 <= now() < 60


async def test_silence_is_given_up_sooner_than_a_request_to_wait(fake: FakeTikTok) -> None:
    with pytest.raises(UnreachableError):
        await fake.breaks(httpx.ConnectError("refused")).session().get(READ, {})

    assert 60 <= now() < 100


async def test_a_certificate_that_does_not_verify_is_not_tried_again(fake: FakeTikTok) -> None:
    error = httpx.ConnectError("certificate verify failed: self-signed certificate")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed certificate")
    with pytest.raises(UnreachableError, match="self-signed"):
        await fake.breaks(error).session().get(READ, {})

    assert len(fake.requests) == 1


async def test_a_host_that_does_not_exist_is_not_tried_again(fake: FakeTikTok) -> None:
    error = httpx.ConnectError("[Errno -2] Name or service not known")
    error.__cause__ = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with pytest.raises(UnreachableError, match="Name or service not known"):
        await fake.breaks(error).session().get(READ, {})

    assert len(fake.requests) == 1


async def test_a_name_that_does_not_resolve_for_now_is_tried_again(fake: FakeTikTok) -> None:
    error = httpx.ConnectError("[Errno -3] Temporary failure in name resolution")
    error.__cause__ = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    assert await fake.breaks(error).answers({"ok": 1}).session().get(READ, {}) == {"ok": 1}


async def test_over_the_second_the_wait_is_a_second_or_two(fake: FakeTikTok) -> None:
    await fake.refuses(40100).answers().session().get(READ, {})

    assert 1 <= now() <= 2.1


async def test_refusals_in_a_row_mean_the_minute_and_are_waited_out_for_five(fake: FakeTikTok) -> None:
    fake.refuses(40100).refuses(40100).refuses(40100).refuses(40100).refuses(40100).answers({"ok": 1})

    assert await fake.session().get(READ, {}) == {"ok": 1}
    assert 308 <= now() <= 315


async def test_a_limit_that_does_not_pass_ends_with_the_patience_and_never_after_it(fake: FakeTikTok) -> None:
    with pytest.raises(RateLimitedError, match="40100"):
        await fake.refuses(40100).session(patience_seconds=600).get(READ, {})

    assert 300 < now() <= 600


async def test_a_refusal_of_the_app_makes_its_other_calls_wait_too(fake: FakeTikTok) -> None:
    fake.refuses(40100).answers()
    session = fake.session()
    async with asyncio.TaskGroup() as group:
        group.create_task(session.get(READ, {}))
        await asyncio.sleep(0.01)
        await session.get("user/info/", {})
        assert now() >= 1


async def test_a_refusal_of_one_advertiser_leaves_other_calls_alone(fake: FakeTikTok) -> None:
    fake.refuses(40133).answers()
    session = fake.session()
    async with asyncio.TaskGroup() as group:
        group.create_task(session.get(READ, {}))
        await asyncio.sleep(0.01)
        await session.get("user/info/", {})
        assert now() < 0.5


async def test_a_missing_permission_is_raised_at_once(fake: FakeTikTok) -> None:
    with pytest.raises(PermissionDeniedError):
        await fake.refuses(40001).session().get(READ, {})

    assert now() == 0


async def test_the_test_mode_of_stamina_caps_the_attempts(fake: FakeTikTok) -> None:
    with stamina.set_testing(True, attempts=2), pytest.raises(ServiceFaultError):
        await fake.refuses(50000).session().get(READ, {})

    assert len(fake.requests) == 2


async def test_a_bad_parameter_after_a_fault_is_what_is_reported(fake: FakeTikTok) -> None:
    with pytest.raises(InvalidRequestError, match=r"page_size"):
        await fake.refuses(50000).refuses(40002, "page_size: too large").session().get(READ, {})


async def test_a_repetition_prints_nothing_of_its_own(fake: FakeTikTok, capfd: pytest.CaptureFixture[str]) -> None:
    await fake.refuses(50000).refuses(40100).answers().session().get(READ, {})

    assert capfd.readouterr() == ("", "")
