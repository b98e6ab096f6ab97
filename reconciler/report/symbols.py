"""The symbol and colour of each kind of action: the ones Terraform's users know."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from reconciler.plan.model import ActionKind

ERROR: Final = "bold red"
WARNING: Final = "yellow"
QUIET: Final = "dim"

COLOURS: Final = {
    ActionKind.CREATE: "green",
    ActionKind.UPDATE: "yellow",
    ActionKind.REPLACE: "yellow",
    ActionKind.DELETE: "red",
    ActionKind.IMPORT: "cyan",
    ActionKind.FORGET: "magenta",
    ActionKind.NOOP: "dim",
}

_MARKS: Final = {
    ActionKind.CREATE: "  +",
    ActionKind.UPDATE: "  ~",
    ActionKind.REPLACE: "-/+",
    ActionKind.DELETE: "  -",
    ActionKind.IMPORT: " <-",
    ActionKind.FORGET: "  x",
    ActionKind.NOOP: "   ",
}


def symbol(kind: ActionKind) -> Text:
    """Return the symbol of an action, three columns wide, in its colour."""
    if kind is ActionKind.REPLACE:
        return Text.assemble(("-", "red"), "/", ("+", "green"))
    return Text(_MARKS[kind], COLOURS[kind])
