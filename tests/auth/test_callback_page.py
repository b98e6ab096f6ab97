"""What the person in front of the browser sees, and what the browser is told not to do with it."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import httpx
import pytest

from reconciler.auth.callback import listening
from reconciler.auth.consent import new_state

STATE = new_state()
ANSWERS = {
    "arrived": (200, f"auth_code=code&state={STATE.reveal()}", "Go back to the terminal"),
    "denied": (200, f"error=access_denied&state={STATE.reveal()}", "Go back to the terminal"),
    "wrong state": (403, "auth_code=code&state=wrong", "still waits"),
    "no answer": (400, f"state={STATE.reveal()}&state=twice", "still waits"),
}
"""The status and a word of the page of each query that may arrive."""


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


@pytest.fixture(scope="module")
def pages() -> dict[str, httpx.Response]:
    """Each page there is, by what leads to it."""
    found = {}
    for name, (status, query, _) in ANSWERS.items():
        with listening("http://127.0.0.1/callback", STATE, port=0) as callback:
            uri = callback.redirect_uri
            found[name] = httpx.get(uri, params=query)
            assert found[name].status_code == status
            if name == "arrived":
                found["used"] = httpx.get(uri, params=query)
                found["elsewhere"] = httpx.get(f"{uri}/x")
                found["posted"] = httpx.post(uri, params=query)
                found["foreign host"] = httpx.get(uri, params=query, headers={"Host": "evil.example"})
    return found


@pytest.fixture(params=[*ANSWERS, "used", "elsewhere", "posted", "foreign host"])
def page(request: pytest.FixtureRequest, pages: dict[str, httpx.Response]) -> httpx.Response:
    """Each of them."""
    return pages[request.param]


@pytest.mark.parametrize("answer", ANSWERS)
def test_each_answer_has_a_page_that_says_what_to_do_now(answer: str, pages: dict[str, httpx.Response]) -> None:
    assert ANSWERS[answer][2] in pages[answer].text


def test_no_two_answers_have_the_same_title(pages: dict[str, httpx.Response]) -> None:
    assert len({Outline(pages[answer].text).texts["h1"] for answer in ANSWERS}) == len(ANSWERS)


def test_a_page_can_be_read_anywhere_by_anybody(page: httpx.Response) -> None:
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.text.startswith("<!doctype html>")
    outline = Outline(page.text)
    assert outline.has("html", lang="en")
    assert outline.has("meta", charset="utf-8")
    assert outline.has("meta", name="viewport", content="width=device-width, initial-scale=1")
    assert outline.has("main")
    assert outline.texts["h1"] in outline.texts["title"]
    assert "color-scheme: light dark" in outline.texts["style"]
    assert "prefers-color-scheme: dark" in outline.texts["style"]


def test_a_page_is_kept_nowhere_shown_in_no_frame_and_tells_no_other_where_it_was(page: httpx.Response) -> None:
    headers = page.headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers


def test_a_page_loads_nothing_and_runs_nothing_but_what_is_in_it(page: httpx.Response) -> None:
    policy = dict(each.strip().split(" ", 1) for each in page.headers["content-security-policy"].split(";"))
    outline = Outline(page.text)
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    for kind in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(outline.texts[kind].encode()).digest()).decode()
        assert policy[f"{kind}-src"] == f"'sha256-{digest}'"
    assert not any({"src", "href", "style"} & attributes.keys() for _, attributes in outline.tags)


def test_the_code_is_taken_out_of_the_address_bar(page: httpx.Response) -> None:
    assert re.search(r"history\.replaceState\(.*location\.pathname\)", Outline(page.text).texts["script"])
