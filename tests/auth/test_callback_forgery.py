"""Calls that hold the real code and state, made by something that is not the person's browser on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.auth.callback import listening
from reconciler.auth.consent import new_state
from reconciler.auth.errors import NoAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.auth.callback import Callback

STATE = new_state()
ANSWER = {"auth_code": "a-code-that-nobody-may-read", "state": STATE.reveal()}
MARK = "7c1f-a-mark-that-is-nowhere-else"


@pytest.fixture
def callback() -> Iterator[Callback]:
    with listening("http://127.0.0.1/callback", STATE, port=0) as callback:
        yield callback


def still_waits(callback: Callback) -> bool:
    with pytest.raises(NoAnswerError):
        callback.wait(0)
    return httpx.get(callback.redirect_uri, params=ANSWER).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Mode": "websocket"},
        {"Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Dest": "document, image", "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_one_word_that_it_is_no_visit_is_enough(callback: Callback, headers: dict[str, str]) -> None:
    assert httpx.get(callback.redirect_uri, params=ANSWER, headers=headers).status_code == 403
    assert still_waits(callback)


@pytest.mark.parametrize("name", ["Sec-Fetch-Dest", "Sec-Fetch-Mode"])
def test_what_a_browser_says_once_counts_for_nothing_said_twice(callback: Callback, name: str) -> None:
    own, other = ("document", "image") if name.endswith("Dest") else ("navigate", "cors")
    for said in ([own, other], [other, own], [own, own]):
        headers = [(name, each) for each in said]
        assert httpx.get(callback.redirect_uri, params=ANSWER, headers=headers).status_code == 403
    assert still_waits(callback)


def test_this_machine_at_another_port_is_a_foreign_host(callback: Callback) -> None:
    port = httpx.URL(callback.redirect_uri).port or 0
    headers = {"Host": f"127.0.0.1:{port ^ 1}"}
    assert httpx.get(callback.redirect_uri, params=ANSWER, headers=headers).status_code == 421
    assert still_waits(callback)


def test_an_answer_in_the_body_is_none(callback: Callback) -> None:
    assert httpx.post(callback.redirect_uri, data=ANSWER).status_code == 405
    assert still_waits(callback)


@pytest.mark.parametrize(
    ("status", "params", "headers"),
    [
        (200, {**ANSWER, MARK: MARK}, {"User-Agent": MARK, "Referer": MARK, "Cookie": MARK}),
        (403, {"auth_code": MARK, "state": MARK}, {"User-Agent": MARK}),
        (200, {"error": MARK, "error_description": MARK, "state": STATE.reveal()}, {}),
        (421, {}, {"Host": f"{MARK}.example"}),
        (403, {}, {"Sec-Fetch-Dest": MARK}),
    ],
)
def test_nothing_that_was_sent_is_in_what_comes_back(
    callback: Callback, status: int, params: dict[str, str], headers: dict[str, str]
) -> None:
    page = httpx.get(callback.redirect_uri, params=params, headers=headers)
    assert page.status_code == status
    assert MARK not in page.text
    assert MARK not in str(page.headers)


def test_no_path_that_was_asked_for_is_in_what_comes_back(callback: Callback) -> None:
    page = httpx.get(f"{callback.redirect_uri}/{MARK}/%3Cscript%3E")
    assert page.status_code == 404
    assert MARK not in page.text + str(page.headers)


def test_a_page_sets_no_cookie_and_sends_nobody_on(callback: Callback) -> None:
    page = httpx.get(callback.redirect_uri, params=ANSWER)
    assert not {"set-cookie", "location", "refresh"} & set(page.headers)
