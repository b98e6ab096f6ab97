r"""Text from strangers in Markdown: shown as it is, whatever it spells.

Two ways in. `code` puts it between backticks, where forges neither format nor link anything: for names, addresses
and ids. `prose` leaves it a sentence, with everything escaped that Markdown, GitHub or GitLab would act on.

Forges look for mentions, references and addresses in the finished text, where a backslash is long gone. What keeps
them from finding one is a space of no width behind the sign; Renovate and Dependabot do the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reconciler.report.visible import visible

if TYPE_CHECKING:
    from re import Match

_LONGEST: Final = 1000
"""Characters of one text that are shown; no sentence of this tool is longer, so a longer one is a stranger's."""

_NO_WIDTH: Final = "\u200b"
"""Marks a place while a text is made; `visible` lets none through, so every one found later was put there."""

_SHORTCODE: Final = r"(?:\+1|-1|100|1234|[a-z0-9_+-]*[a-z][a-z0-9_+-]*)"

_ACTED_ON: Final = re.compile(
    rf"""
      (?<=[@\#!%~&])(?=[\w"])         # @team, #123; GitLab: !123, %milestone, ~label, &epic
    | (?<=\bGH)(?=-\d)                # GH-123
    | (?<=:)(?=//)                    # https://…
    | (?<=www)(?=\.)                  # www.…
    | (?<=:)(?={_SHORTCODE}:)         # :tada:
    | (?<=[\[{{])(?=[+-])             # GitLab: {{+ added +}}, [- taken out -]
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Places inside what a forge acts on in finished text."""

_MARKUP: Final = re.compile(
    r"""
      [\\`*<>\[\]~&|$]
    | (?<![^\W_])_ | _(?![^\W_])      # an underscore inside a word is none
    | ^[-+\#=/]                       # a list, a heading, an underline; GitLab: /close
    """,
    re.VERBOSE,
)
"""Characters that Markdown acts on."""

_SPELLED: Final = {"&": "&amp;", "|": "&#124;", "$": "<span>$</span>"}
"""What is not escaped by a backslash. A dollar sign begins a formula on GitHub, which names the span as the way out."""

_NUMBERED: Final = re.compile(r"^([0-9]{1,9})([.)])")
"""What would begin a numbered list."""


def prose(text: str) -> str:
    """Return `text` as one line of Markdown that reads as `text`; it may stand anywhere, in a table as well."""
    marked = _ACTED_ON.sub(_NO_WIDTH, _shown(text).strip())
    escaped = _NUMBERED.sub(r"\1\\\2", _MARKUP.sub(_escaped, marked))
    return escaped.replace(_NO_WIDTH, "&#8203;")


def code(text: str) -> str:
    """Return `text` as a code span; in a table, `row` takes care of the bars in it. Nothing for an empty text."""
    shown = _shown(text)
    if not shown:
        return ""
    fence = "`" * (longest_run(shown) + 1)
    # A space at both ends is taken for padding and lost, unless there is nothing but spaces.
    padded = bool(shown.strip(" ")) and (shown[0] in "` " or shown[-1] in "` ")
    return f"{fence} {shown} {fence}" if padded else f"{fence}{shown}{fence}"


def longest_run(text: str) -> int:
    """Return how many backticks follow each other in `text` at most."""
    return max(map(len, re.findall("`+", text)), default=0)


def _shown(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def _escaped(found: Match[str]) -> str:
    return _SPELLED.get(found[0], f"\\{found[0]}")
