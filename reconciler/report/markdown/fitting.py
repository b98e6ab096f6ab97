"""A report that fits a forge's limit: what matters least is cut first, and what was cut is said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from reconciler.report.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LIMIT: Final = 65_536
"""Characters a comment of GitHub may have; GitLab takes a million."""

_MARGIN: Final = 512
"""Characters left free: whoever posts a report adds the mark by which it is found again."""

_NEVER: Final = -1


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report that can be cut from its end, so that what matters most in it comes first.

    Attributes:
        noun: What an item is, in the singular, for the note about what was cut.
        items: Markdown, each whole in itself.
        drop: When its items are dropped: sections with a lower number go before.
        shorter: The same items in fewer words, or nothing.
        shorten: When the shorter ones are taken; counts with `drop`.
        opening: What stands before the first item, if there is one.
        closing: What stands after the last.
        between: What stands between two.
        fold: What a folded section shows of itself; None leaves it open. HTML, so no text from outside.
    """

    noun: str
    items: tuple[str, ...]
    drop: int
    shorter: tuple[str, ...] = ()
    shorten: int = 0
    opening: str = ""
    closing: str = ""
    between: str = "\n"
    fold: str | None = None

    def __str__(self) -> str:
        return f"{self.opening}{self.between.join(self.items)}{self.closing}" if self.items else ""


def always(text: str) -> Section:
    """Return a part that is never cut."""
    return Section("", (text,) if text else (), drop=_NEVER)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A section with what is left of it: the first `kept` items, the first `whole` of them in all their words."""

    section: Section
    kept: int
    whole: int

    @classmethod
    def uncut(cls, section: Section) -> _Cut:
        return cls(section, len(section.items), len(section.items))

    @property
    def items(self) -> tuple[str, ...]:
        whole = min(self.whole, self.kept)
        return self.section.items[:whole] + self.section.shorter[whole : self.kept]

    @property
    def notes(self) -> Iterator[str]:
        everything = len(self.section.items)
        if self.kept < everything:
            yield f"{everything - self.kept:,} of {count(everything, self.section.noun)}"
        if self.whole < self.kept:
            yield f"the details of {count(self.kept - self.whole, self.section.noun)}"

    def can_give(self, *, shortens: bool) -> bool:
        """Whether anything is left to shorten, or to drop."""
        return (min(self.whole, self.kept) if shortens else self.kept) > 0

    def dropped(self, excess: int) -> _Cut:
        """Return it without as many items as hold `excess` characters."""
        return replace(self, kept=self.kept - _needed([size(each) for each in self.items], excess))

    def shortened(self, excess: int) -> _Cut:
        """Return it with as many shorter items as save `excess` characters."""
        pairs = zip(self.section.items[: self.whole], self.section.shorter, strict=False)
        return replace(self, whole=self.whole - _needed([size(long) - size(short) for long, short in pairs], excess))

    def __str__(self) -> str:
        text = str(replace(self.section, items=self.items))
        if not text:
            return ""
        if self.kept < len(self.section.items):
            text = f"{text}\n\n… and {len(self.section.items) - self.kept:,} more."
        return folded(self.section.fold, text) if self.section.fold is not None else text


def fit(sections: Sequence[Section], *, limit: int, whole: str) -> str:
    """Return the report, of at most `limit` characters as UTF-16 counts them, the longest count there is.

    Args:
        sections: From top to bottom; what was cut is said before the last.
        limit: At least a few thousand: what is never cut has to fit.
        whole: A sentence that says where to see what was cut.
    """
    cuts = [_Cut.uncut(each) for each in sections]
    text = _written(cuts, whole)
    for number, shortens in _steps(sections):
        while (excess := size(text) - (limit - _MARGIN)) > 0 and cuts[number].can_give(shortens=shortens):
            cuts[number] = cuts[number].shortened(excess) if shortens else cuts[number].dropped(excess)
            text = _written(cuts, whole)
    return text


def folded(summary: str, text: str) -> str:
    """Return `text` folded behind `summary`, which is HTML."""
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def size(text: str) -> int:
    """Return how long a text is at most, by the count of any forge: an emoji may count twice."""
    return len(text) + sum(each > "\uffff" for each in text)


def _steps(sections: Sequence[Section]) -> list[tuple[int, bool]]:
    """Return the sections by number in the order in which they give way, and whether by shortening."""
    steps = [(each.drop, number, False) for number, each in enumerate(sections) if each.drop != _NEVER]
    steps += [(each.shorten, number, True) for number, each in enumerate(sections) if each.shorter]
    return [(number, shortens) for _, number, shortens in sorted(steps)]


def _written(cuts: Sequence[_Cut], whole: str) -> str:
    notes = [note for each in cuts for note in each.notes]
    note = f"> [!NOTE]\n> Cut to fit: {', '.join(notes)}. {whole}" if notes else ""
    texts = [*map(str, cuts[:-1]), note, str(cuts[-1])]
    return "\n\n".join(each for each in texts if each) + "\n"


def _needed(sizes: Sequence[int], excess: int) -> int:
    """Return how many of the last sizes add up to `excess`; all of them where they do not."""
    sums = accumulate(reversed(sizes))
    return next((number for number, total in enumerate(sums, start=1) if total >= excess), len(sizes))
