"""A person on the consent page of TikTok, without a browser: in process, and over HTTP during a login."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from reconciler.sandbox import APP_ID, APP_SECRET

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

    from reconciler.sandbox import Sandbox
    from tests.sandbox.conftest import Api, Reply

CALLBACK = "http://127.0.0.1:8976/callback"
STATE = "a-state-nobody-guesses"
ASKED = {"app_id": APP_ID, "state": STATE, "redirect_uri": CALLBACK}


class Form(HTMLParser):
    """What a page shows, and what a browser would send from it.

    Attributes:
        fields: What is hidden, and what is ticked.
        links: Where it leads, by the words of the link.
        text: Everything it says, on one line.
        tags: Its elements, in order.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.links: dict[str, str] = {}
        self.text = ""
        self.tags: list[str] = []
        self._link = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self._link = found.get("href", "")
        self.tags.append(tag)
        if tag == "input" and (found["type"] == "hidden" or "checked" in found):
            self.fields.append((found["name"], found["value"]))

    def handle_data(self, data: str) -> None:
        if self._link and data.strip():
            self.links[data.strip()] = self._link
        self.text = f"{self.text} {data.strip()}".strip()

    def offered(self, name: str) -> list[str]:
        """Return the values of the boxes of a name."""
        return [value for each, value in self.fields if each == name]


@dataclass(frozen=True, slots=True)
class Window:
    """Opens pages and sends forms; follows no redirect."""

    sandbox: Sandbox
    runner: asyncio.Runner

    def send(self, method: str, path: str, **options: str | bytes | Mapping[str, str]) -> httpx.Response:
        """Send a request; `path` is below the host."""

        async def send() -> httpx.Response:
            transport = self.sandbox.transport()
            async with httpx.AsyncClient(transport=transport, base_url="http://tiktok.test") as client:
                return await client.request(method, path, **options)  # type: ignore[arg-type]  # whatever httpx takes

        return self.runner.run(send())

    def open(self, **query: str) -> httpx.Response:
        """Open the page that asks, with these fields instead of the usual ones."""
        return self.send("GET", f"/portal/auth?{urlencode({**ASKED, **query})}")

    def form(self, **query: str) -> Form:
        """Open the page that asks, and read it."""
        answer = self.open(**query)
        assert answer.status_code == 200, answer.text
        return Form(answer.text)

    def submit(self, fields: list[tuple[str, str]], decision: str = "confirm") -> httpx.Response:
        """Send a form."""
        content = urlencode([*fields, ("decision", decision)])
        return self.send(
            "POST",
            "/portal/auth",
            content=content,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

    def code(self, without: frozenset[tuple[str, str]] = frozenset(), **query: str) -> str:
        """Confirm, but for some boxes that are unticked, and return the code that comes back."""
        fields = [pair for pair in self.form(**query).fields if pair not in without]
        return sent_back(self.submit(fields))["auth_code"]


def sent_back(answer: httpx.Response) -> dict[str, str]:
    """Return what the app is told."""
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


@dataclass(frozen=True, slots=True)
class Exchange:
    """Makes a token of a code, and gives it back."""

    api: Api
    app: Mapping[str, str] = field(default_factory=lambda: {"app_id": APP_ID, "secret": APP_SECRET})

    def give(self, code: str, **fields: str) -> Reply:
        """Ask for a token."""
        return self.api.post("/oauth2/access_token/", token=None, **{**self.app, "auth_code": code, **fields})

    def revoke(self, token: str, **fields: str) -> Reply:
        """Give a token back."""
        return self.api.post("/oauth2/revoke_token/", token=None, **{**self.app, "access_token": token, **fields})


def decide(page: str, decision: str = "confirm", keep: Callable[[str, str], bool] = lambda *_: True) -> str:
    """Open the page, decide, and return where TikTok sends the browser; `keep` tells which ticks stay."""
    form = Form(httpx.get(page).raise_for_status().text)
    fields = [pair for pair in form.fields if keep(*pair)]
    answer = httpx.post(
        page.partition("?")[0],
        content=urlencode([*fields, ("decision", decision)]),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


@dataclass(slots=True)
class Visitor:
    """Stands in for the browser that a login opens, and for whoever sits in front of it.

    Attributes:
        decision: What they choose: ``confirm`` or ``cancel``.
        keep: Which ticks stay, by name and value.
        before: Done with the callback's address before TikTok's answer goes there.
        pages: The pages that were opened.
        answers: Where TikTok sent the browser.
        statuses: What the callback answered.
    """

    decision: str = "confirm"
    keep: Callable[[str, str], bool] = lambda *_: True
    before: Callable[[str], None] = lambda _: None
    pages: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def open(self, page: str) -> bool:
        """Do what a browser would, on the side, as one does."""
        self.pages.append(page)
        threading.Thread(target=self._visit, args=(page,), daemon=True).start()
        return True

    def _visit(self, page: str) -> None:
        location = decide(page, self.decision, self.keep)
        self.before(urlsplit(location)._replace(query="").geturl())
        self.answers.append(location)
        self.statuses.append(httpx.get(location).status_code)
