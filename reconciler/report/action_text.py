"""One action of a plan in the terminal: what happens to which address, in which account, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.text import Text

from reconciler.plan.model import ActionKind
from reconciler.report.blocks import write_blocks
from reconciler.report.lines import write
from reconciler.report.symbols import COLOURS, ERROR, QUIET, symbol
from reconciler.report.visible import visible
from reconciler.report.wording import account, members, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from reconciler.plan.model import Action, Attributes

_INDENT: Final = " " * 6

_PHRASES: Final = {
    ActionKind.CREATE: "be created in",
    ActionKind.UPDATE: "be updated in",
    ActionKind.REPLACE: "be replaced in",
    ActionKind.DELETE: "be deleted from",
    ActionKind.IMPORT: "be imported from",
    ActionKind.FORGET: "be forgotten in",
    ActionKind.NOOP: "stay as it is in",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """One attribute. `sign` is ``+``, ``-``, ``~`` or a space for what stays as it is."""

    sign: str
    name: str
    shown: Text


def write_action(action: Action, console: Console) -> None:
    """Print one action, with everything a reviewer needs to judge it."""
    write(console, _headline(action), first=Text.assemble("  ", symbol(action.kind), " "))
    for note in _notes(action):
        write(console, Text(visible(note), QUIET), first=_INDENT)
    _write_rows(list(_rows(action)), console)
    _write_old_audience(action, console)
    write_blocks(action.blocked_by, console)


def _headline(action: Action) -> Text:
    line = Text(visible(action.address), "bold")
    line.append(f" {'would' if action.is_blocked else 'will'} ", "not bold")
    line.append(_phrase(action), f"not bold {COLOURS[action.kind]}")
    line.append(f" {account(action.advertiser, action.advertiser_id)}", "not bold")
    if action.is_blocked:
        line.append(", but it is ", "not bold")
        line.append("BLOCKED", ERROR)
    return line


def _phrase(action: Action) -> str:
    only_moves = action.kind is ActionKind.NOOP and action.does_something
    return "only change its address, in" if only_moves else _PHRASES[action.kind]


def _notes(action: Action) -> Iterator[str]:
    if action.reason:
        yield action.reason
    if action.previous_address and action.previous_address not in action.reason:
        yield f"moved from {action.previous_address}"
    if action.kind is ActionKind.FORGET:
        yield "forget: it leaves the state, and TikTok is not touched"


def _rows(action: Action) -> Iterator[_Row]:
    if action.audience_id is not None:
        yield _Row("-" if _ends(action) else " ", "audience_id", Text(value(action.audience_id)))
    if action.kind is ActionKind.CREATE and action.after is not None:
        yield from _new(action.after)
    elif action.kind is ActionKind.DELETE and action.before is not None:
        yield _Row("-", "name", Text(value(action.before.name)))
    elif action.before is not None:
        yield from _changed(action, action.before)
    if action.members is not None:
        sign = "+" if action.members.users_before is None else "~"
        yield _Row(sign if action.members.differs else " ", "members", Text(members(action.members)))


def _ends(action: Action) -> bool:
    """Whether the audience there is now goes away."""
    return action.kind is ActionKind.DELETE or (action.kind is ActionKind.REPLACE and not action.kept_by)


def _new(attributes: Attributes) -> Iterator[_Row]:
    yield _Row("+", "name", Text(value(attributes.name)))
    yield _Row("+", "delivery", Text(value(attributes.delivery)))
    yield _Row("+", "identities", Text(value(attributes.identities)))
    if attributes.retention_in_days is not None:
        yield _Row("+", "retention_in_days", Text(value(attributes.retention_in_days)))
    if attributes.audience_sub_type != "NORMAL":
        yield _Row("+", "audience_sub_type", Text(value(attributes.audience_sub_type)))
    if attributes.prevent_destroy:
        yield _Row("+", "prevent_destroy", Text("true"))


def _changed(action: Action, before: Attributes) -> Iterator[_Row]:
    if all(change.path != "name" for change in action.changes):
        yield _Row(" ", "name", Text(value(before.name)))
    for change in action.changes:
        shown = Text.assemble(value(change.before), (" -> ", "yellow"), value(change.after))
        yield _Row("~", visible(change.path), shown)


def _write_rows(rows: list[_Row], console: Console) -> None:
    colours = {"+": "green", "-": "red", "~": "yellow"}
    longest = max((len(row.name) for row in rows), default=0)
    for row in rows:
        named = f" {row.name:<{longest}} = "
        if row.sign == " ":
            write(console, Text(row.shown.plain, QUIET), first=Text(f"{_INDENT} {named}", QUIET))
        else:
            write(console, row.shown, first=Text.assemble(_INDENT, (row.sign, colours[row.sign]), named))


def _write_old_audience(action: Action, console: Console) -> None:
    if action.kind is not ActionKind.REPLACE:
        return
    old = visible(action.audience_id or "")
    if not action.kept_by:
        write(console, Text(f"the new audience is filled first, then {old} is deleted", QUIET), first=_INDENT)
        return
    write(
        console,
        Text(f"the new audience is filled, and {old} stays, deposed, until these have moved to the new one:", "yellow"),
        first=_INDENT,
    )
    for use in action.kept_by:
        write(console, Text(visible(use)), first=f"{_INDENT}  - ")
