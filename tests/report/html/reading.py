"""A page as its readers have it: its text, its elements, and what it would fetch."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(slots=True)
class Element:
    """A start tag with its attributes."""

    tag: str
    attributes: dict[str, str | None]


@dataclass(slots=True)
class Read:
    """What a parser finds in a page.

    Attributes:
        elements: Every start tag, in order.
        text: All text that is shown, with single spaces; style and script left out.
    """

    elements: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Return the elements of a tag that have these attributes."""
        wanted = attributes.items()
        return [each for each in self.elements if each.tag == tag and wanted <= each.attributes.items()]


def read(page: str) -> Read:
    """Return what is in a page."""
    found, said = Read(), list[str]()

    class Reader(HTMLParser):
        inside = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.elements.append(Element(tag, dict(attrs)))
            self.inside = tag

        def handle_data(self, data: str) -> None:
            if self.inside not in {"style", "script"}:
                said.append(data)

    Reader().feed(page)
    found.text = " ".join(" ".join(said).split())
    return found
