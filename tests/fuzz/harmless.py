"""What a form of output may hold, whoever named the things in it; each check uses the form's own parser."""

from __future__ import annotations

import json
import re
import unicodedata
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

_OBEYED: Final = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_CODE: Final = re.compile(r"(?s)(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)")
_ACTIVE_MARKDOWN: Final = (
    re.compile(
        r"(?i)(?<!\\)<(?!/?(?:details|summary|br|sub|b|code|span)\b)[a-z!/]"
    ),  # what the reports write themselves
    re.compile(r"(?<!\\)!?(?<!\\)\[[^\]\n]*(?<!\\)\]\((?!#)"),
    re.compile(r"(?<![\w`/\\])@(?=team)"),
    re.compile(r"(?<![\w&\\])#(?=\d)"),
)


def text(output: str) -> None:
    """Lines that a terminal shows and obeys nothing in, but for colours; none is a command to GitHub's runner."""
    plain = _COLOUR.sub("", output)
    obeyed = {each for each in plain.replace("\n", "") if unicodedata.category(each) in _OBEYED}
    assert not obeyed, (obeyed, output)


def unheard(output: str) -> None:
    """Nothing that GitHub's runner takes for a command, where it listens; its own annotations aside."""
    for line in output.split("\n"):
        if re.match(r"::(error|warning|notice)[ :]", line):
            continue  # one of ours; what follows is its message, whatever it is
        assert "##[" not in line, line
        assert not re.match(r"\s*::", line), line


def document(output: str) -> None:
    """One JSON document, with controls as escapes; nothing in it ends a script that it is put into."""
    json.loads(output)
    assert not [each for each in output.replace("\n", "") if ord(each) < 0x20]


def yaml_text(output: str) -> None:
    """YAML that shows what it holds."""
    text(output)
    yaml.safe_load(output)


def markdown(output: str) -> None:
    """Markdown in which nobody is called, nothing is linked or fetched, and no element is a stranger's."""
    text(output)
    outside = _CODE.sub("", output)
    for active in _ACTIVE_MARKDOWN:
        found = active.search(outside)
        assert found is None, outside[max(0, found.start() - 80) : found.end() + 80]


class _Page(HTMLParser):
    """Collects what is active in a page beyond the scripts it comes with."""

    def __init__(self) -> None:
        super().__init__()
        self.active: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        if tag in {"iframe", "object", "embed", "img", "base"}:
            self.active.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (name in {"href", "src"} and (value or "").startswith(("javascript:", "http"))):
                self.active.append(f"{tag} {name}")


def html(output: str) -> None:
    """A page with its own script and no other, which fetches nothing."""
    text(output)
    page = _Page()
    page.feed(output)
    page.close()
    assert page.active == []
    assert page.scripts <= 2, page.scripts


def junit(output: str) -> None:
    """XML of characters that XML allows."""
    text(output)
    ET.fromstring(output)


CHECKS: Final[dict[str, Callable[[str], None]]] = {
    "text": text,
    "markdown": markdown,
    "html": html,
    "json": document,
    "junit": junit,
    "sarif": document,
    "yaml": yaml_text,
}
