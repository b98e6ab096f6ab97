"""What a person does on TikTok's page during a login, without a browser."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable


class _Form(HTMLParser):
    """Reads the fields that a browser would send: what is hidden, and what is ticked."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "input" and (found["type"] == "hidden" or "checked" in found):
            self.fields.append((found["name"], found["value"]))


def decide(page: str, decision: str = "confirm", keep: Callable[[str, str], bool] = lambda *_: True) -> str:
    """Open the page, decide, and return where TikTok sends the browser; `keep` tells which ticks stay."""
    form = _Form()
    form.feed(httpx.get(page).raise_for_status().text)
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
