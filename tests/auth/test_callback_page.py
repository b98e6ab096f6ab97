"""What the person in front of the browser sees, and what the browser is told not to do with it."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.auth.callback import listening
from reconciler.auth.consent import new_state

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE = new_state()
ANSWERS = {
    "arrived": (200, {"auth_code": "code", "state": STATE.reveal()}, "Go back to the terminal"),
    "denied": (200, {"error": "access_denied", "state": STATE.reveal()}, "Go back to the terminal"),
    "wrong state": (403, {"auth_code": "code", "state": "wrong"}, "still waits"),
    "no answer": (400, [("state", STATE.reveal()), ("state", "twice")], "still waits"),
}


class Outline(HTMLParser):
    """Notes tags with their attributes, and the text of each."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        self.texts[self._open] = self.texts.get(self._open, "") + data

    def has(self, tag: str, **attributes: str) -> bool:
        return any(name == tag and attributes.items() <= found.items() for name, found in self.tags)


@pytest.fixture(params=ANSWERS)
def page(request: pytest.FixtureRequest) -> Iterator[httpx.Response]:
    """Each page an answer leads to."""
    status, params, _ = ANSWERS[request.param]
    with listening("http://127.0.0.1/callback", STATE, port=0) as callback:
        page = httpx.get(callback.redirect_uri, params=params)
        assert page.status_code == status
        yield page


@pytest.fixture(params=[*ANSWERS, "elsewhere", "used", "posted", "foreign host"])
def any_page(request: pytest.FixtureRequest) -> Iterator[httpx.Response]:
    """Each page there is."""
    with listening("http://127.0.0.1/callback", STATE, port=0) as callback:
        uri = callback.redirect_uri
        _, params, _ = ANSWERS.get(request.param, ANSWERS["arrived"])
        match request.param:
            case "elsewhere":
                yield httpx.get(f"{uri}/x")
            case "used":
                httpx.get(uri, params=params)
                yield httpx.get(uri, params=params)
            case "posted":
                yield httpx.post(uri, params=params)
            case "foreign host":
                yield httpx.get(uri, params=params, headers={"Host": "evil.example"})
            case _:
                yield httpx.get(uri, params=params)


@pytest.mark.parametrize("answer", ANSWERS)
def test_each_answer_has_a_page_that_says_what_to_do_now(answer: str) -> None:
    _, params, said = ANSWERS[answer]
    with listening("http://127.0.0.1/callback", STATE, port=0) as callback:
        assert said in httpx.get(callback.redirect_uri, params=params).text


def test_no_two_answers_have_the_same_title() -> None:
    titles = set()
    for _, params, _ in ANSWERS.values():
        with listening("http://127.0.0.1/callback", STATE, port=0) as callback:
            titles.add(Outline(httpx.get(callback.redirect_uri, params=params).text).texts["h1"])
    assert len(titles) == len(ANSWERS)


def test_a_page_can_be_read_anywhere_by_anybody(any_page: httpx.Response) -> None:
    assert any_page.headers["content-type"] == "text/html; charset=utf-8"
    assert any_page.text.startswith("<!doctype html>")
    outline = Outline(any_page.text)
    assert outline.has("html", lang="en")
    assert outline.has("meta", charset="utf-8")
    assert outline.has("meta", name="viewport", content="width=device-width, initial-scale=1")
    assert outline.has("main")
    assert outline.texts["h1"] in outline.texts["title"]
    assert "color-scheme: light dark" in outline.texts["style"]
    assert "prefers-color-scheme: dark" in outline.texts["style"]


def test_a_page_is_kept_nowhere_shown_in_no_frame_and_tells_no_other_where_it_was(any_page: httpx.Response) -> None:
    headers = any_page.headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers


def test_a_page_loads_nothing_and_runs_nothing_but_what_is_in_it(any_page: httpx.Response) -> None:
    policy = dict(each.strip().split(" ", 1) for each in any_page.headers["content-security-policy"].split(";"))
    outline = Outline(any_page.text)
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    for kind in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(outline.texts[kind].encode()).digest()).decode()
        assert policy[f"{kind}-src"] == f"'sha256-{digest}'"
    assert not any({"src", "href", "style"} & attributes.keys() for _, attributes in outline.tags)


def test_the_code_is_taken_out_of_the_address_bar(page: httpx.Response) -> None:
    assert re.search(r"history\.replaceState\(.*location\.pathname\)", Outline(page.text).texts["script"])
