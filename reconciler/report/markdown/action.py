"""One action of a plan in Markdown: its row, its guards, its attributes, and all else there is to say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.plan.model import ActionKind
from reconciler.report.markdown.escape import code, prose
from reconciler.report.markdown.parts import account, bullets, details, difference, place, row
from reconciler.report.visible import visible
from reconciler.report.wording import signed, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.plan.model import Action, Attributes, Block, MemberChange

ORDER: Final = (
    ActionKind.DELETE,
    ActionKind.REPLACE,
    ActionKind.FORGET,
    ActionKind.IMPORT,
    ActionKind.CREATE,
    ActionKind.UPDATE,
    ActionKind.NOOP,
)
"""Kinds in the order a reviewer weighs them: first what takes something away."""


def tabled(action: Action) -> str:
    """Return its row: action, address, account, people, identifiers added and removed, identifiers in the end."""
    verb = f"{_verb(action)}, **blocked**" if action.is_blocked else _verb(action)
    known = (verb, code(action.address), code(action.advertiser))
    members = action.members
    if members is None:
        return row(*known, "", "", "", "")
    return row(*known, _people(action, members), *signed(members.add, members.remove), f"{members.identifiers:,}")


def blocked(action: Action, *, whole: bool) -> str:
    """Return the guards that stand against it; without details and ways out unless `whole`."""
    line = f"- **{code(action.address)}**: {_verb(action)} in {account(action.advertiser, action.advertiser_id)}"
    return "\n".join([line, *(_guard(each, whole=whole) for each in action.blocked_by)])


def attribute_changes(action: Action) -> str:
    """Return the attributes that differ as the lines of a diff."""
    lines = []
    for change in action.changes:
        path = visible(change.path)
        lines += [f"- {path}: {value(change.before)}", f"+ {path}: {value(change.after)}"]
    return difference(f"{visible(action.address)} ({_verb(action)})", lines)


def explained(action: Action) -> str:
    """Return everything a table has no room for."""
    line = f"- **{code(action.address)}**: {_verb(action)} in {account(action.advertiser, action.advertiser_id)}"
    return f"{line}\n{bullets(_facts(action), depth=1)}".rstrip()


def _verb(action: Action) -> str:
    return "move" if action.kind is ActionKind.NOOP and action.does_something else str(action.kind)


def _people(action: Action, members: MemberChange) -> str:
    before, after = members.users_before, members.users
    if before == after:
        return f"{after:,}"
    if before is None:
        unknown = "?" if action.kind is ActionKind.IMPORT else "0"
        return f"{unknown} → {after:,}"
    return f"{before:,} → {after:,}"


def _guard(block: Block, *, whole: bool) -> str:
    lines = [f"  - **{block.guard}:** {prose(block.message)}"]
    if whole and block.details:
        lines.append(bullets(details(block.details), depth=2))
    if whole and block.way_out:
        lines.append(f"    - **Way out:** {prose(block.way_out)}")
    return "\n".join(lines)


def _facts(action: Action) -> Iterator[str]:
    if action.reason:
        yield prose(action.reason)
    if action.previous_address and action.previous_address not in action.reason:
        yield f"moved from {code(action.previous_address)}"
    if action.kind is ActionKind.FORGET:
        yield "it leaves the state, and TikTok is not touched"
    if action.audience_id is not None:
        named = f", {code(value(action.before.name))}" if action.before is not None else ""
        yield f"audience {code(action.audience_id)}{named}"
    if action.kind is ActionKind.CREATE and action.after is not None:
        yield from _declared(action.after)
    if action.members is not None and not action.members.differs:
        yield "people stay as they are"
    if action.kind is ActionKind.REPLACE:
        yield _old_audience(action)
    if action.location is not None:
        yield f"declared at {place(action.location)}"


def _declared(attributes: Attributes) -> Iterator[str]:
    yield f"name {code(value(attributes.name))}"
    yield f"delivery {code(attributes.delivery)}, identities {code(value(attributes.identities))}"
    if attributes.retention_in_days is not None:
        yield f"retention_in_days {attributes.retention_in_days}"
    if attributes.audience_sub_type != "NORMAL":
        yield f"audience_sub_type {code(attributes.audience_sub_type)}"
    if attributes.prevent_destroy:
        yield "prevent_destroy"


def _old_audience(action: Action) -> str:
    old = code(action.audience_id or "")
    if not action.kept_by:
        return f"the new audience is filled first, then {old} is deleted"
    stays = f"the new audience is filled, and {old} stays, deposed, until these have moved to the new one:"
    return f"{stays}\n{bullets(details(action.kept_by), depth=2)}"
