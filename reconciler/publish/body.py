"""What gets posted: a report below its marker, and below that where it came from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reconciler.publish.errors import UnpostableError
from reconciler.publish.marker import marker

if TYPE_CHECKING:
    from reconciler.publish.model import Forge

LONGEST_LOG: Final = 20_000
"""Characters of a log that are posted. The whole of it is in the run."""


def compose(report: str, key: str, forge: Forge, *, origin: str = "") -> str:
    """Return `report` as it is posted.

    Args:
        report: Markdown.
        key: What the marker says.
        forge: Where it goes.
        origin: A line of Markdown that says which run this is from; left out where there is no room for it.

    Raises:
        UnpostableError: There is nothing in the report, or more than the forge takes.
        InvalidKeyError: As `marker`.
    """
    if not report.strip():
        raise UnpostableError("the report is empty", hint="Name a file with Markdown in it, such as `show` makes.")
    body = f"{marker(key)}\n{report.strip()}"
    if len(body) > forge.longest:
        raise UnpostableError(
            f"the report has {len(report):,} characters, and {forge.name} takes {forge.longest:,} with its marker",
            hint="Post what `reconciler show FILE --format markdown` makes: it keeps below the limit.",
        )
    signed = f"{body}\n\n{origin}"
    return signed if origin and len(signed) <= forge.longest else body


def log_as_markdown(title: str, log: str) -> str:
    """Return what a command said, as Markdown that shows it as it is: no line of it is read as Markdown.

    Lines that were meant for the runner (``::error …``) are left out, and signs that do not show become escapes.
    """
    told = "\n".join(line for line in log.splitlines() if not line.startswith("::")).strip()
    # Cut before and after: an escape is up to ten times as long as the sign it stands for.
    text = "\n".join(map(_shown, told[:LONGEST_LOG].split("\n")))
    if more := len(told[LONGEST_LOG:]) + len(text[LONGEST_LOG:]):
        text = f"{text[:LONGEST_LOG]}\n… and {more:,} characters more, in the log of the run"
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"### {title}\n\n{fence}text\n{text or 'It said nothing.'}\n{fence}\n"


def _shown(line: str) -> str:
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in line)
