"""The pieces reports are put together from: tables, lists, differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.report.markdown.escape import code, longest_run, prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.diagnostics import Diagnostic, Location

_MOST_DETAILS: Final = 20
"""Lines of one list that are shown; a reader of more wants them in a file."""


def row(*cells: str) -> str:
    """Return a row of a table from Markdown that `code` and `prose` made: only bars in code spans are bare."""
    inner = " | ".join(cell.replace("|", "\\|") for cell in cells)
    return f"| {inner} |"


def head(*titles: str) -> str:
    """Return the head of a table; a title that ends in a colon is of a column of numbers, which stand to the right."""
    rules = ("---:" if title.endswith(":") else "---" for title in titles)
    return f"{row(*(title.removesuffix(':') for title in titles))}\n{row(*rules)}\n"


def important(*sentences: str) -> str:
    """Return sentences of Markdown set apart, so that nobody overlooks them; nothing for none."""
    return "> [!IMPORTANT]\n" + "\n>\n".join(f"> {each}" for each in sentences) if sentences else ""


def bullets(lines: Iterable[str], *, depth: int = 0) -> str:
    """Return a list of Markdown lines, indented below the item of a list `depth` levels up."""
    return "\n".join(f"{'  ' * depth}- {line}" for line in lines if line)


def details(texts: Sequence[str]) -> list[str]:
    """Return texts from outside as Markdown lines, not more than a reader reads, and how many more there are."""
    shown = [prose(each) for each in texts[:_MOST_DETAILS]]
    more = len(texts) - len(shown)
    return [*shown, f"… and {more:,} more"] if more else shown


def difference(name: str, lines: Iterable[str]) -> str:
    """Return one item of a difference: what it is about, and lines that begin with a sign. For inside `fenced`."""
    return "\n".join((f"@@ {name} @@", *lines))


def fence_for(items: Iterable[str]) -> str:
    """Return the backticks that fence off these texts, whatever they hold."""
    return "`" * max(3, 1 + max(map(longest_run, items), default=0))


def place(location: Location) -> str:
    """Return a place in a file: `` `audiences.yaml:14:5` ``."""
    return code(str(location))


def account(advertiser: str, advertiser_id: str) -> str:
    """Return an account by the key of the files and its id, or by its id alone where the files do not name it."""
    return code(advertiser_id) if advertiser == advertiser_id else f"{code(advertiser)} ({code(advertiser_id)})"


def finding(diagnostic: Diagnostic, *, whole: bool) -> str:
    """Return a finding as an item of a list: its place, what is wrong, and if `whole` what to do about it."""
    where = f"{place(diagnostic.location)} " if diagnostic.location else ""
    line = f"- {where}**{diagnostic.severity}:** {prose(diagnostic.summary)}"
    said = [each.strip().removeprefix("- ") for each in diagnostic.detail.splitlines() if each.strip()]
    below = bullets(details(said), depth=1) if whole and said else ""
    return f"{line}\n{below}" if below else line
