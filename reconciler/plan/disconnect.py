"""What follows when an account is taken out of the files: its audiences cannot be declared any more."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from reconciler.diagnostics import warning
from reconciler.plan.model import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.config.model import Config
    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.model import Action
    from reconciler.state.model import State

_TO_DO: Final = {
    ActionKind.DELETE: "to delete",
    ActionKind.FORGET: "to forget",
    ActionKind.REPLACE: "to make anew elsewhere",
}
"""What can become of an audience whose account is no longer declared, in the order it is counted."""


def disconnections(actions: Iterable[Action], desired: Config, owned: State) -> Iterator[Diagnostic]:
    """Warn of each account that the files no longer declare, and list all that this plan does because of it.

    An audience that is declared in another account by now is replaced, not disconnected, and told as that. What an
    audience that is still declared replaced earlier is left out: it goes as soon as nothing uses it, whatever
    accounts are declared.

    Args:
        actions: The plan's, guarded; of a plan that is limited to targets nothing but these is told.
        desired: What the files declare.
        owned: What the state holds, at the addresses the files give.
    """
    declared = {advertiser.advertiser_id for advertiser in desired.advertisers.values()}
    still_there = {audience.address for audience in desired.audiences.values()}
    leaving: defaultdict[str, list[Action]] = defaultdict(list)
    for action in actions:
        is_older = action.is_deposed and action.resource_address in still_there
        if action.kind in _TO_DO and not is_older and (account := _account(action)) not in declared:
            leaving[account].append(action)
    for account, affected in sorted(leaving.items()):
        yield warning(
            f"advertiser {account} is no longer declared: {_counted(affected)}",
            "\n".join([*(_line(action, owned) for action in affected), *_ways_out(affected, account, desired)]),
        )


def _account(action: Action) -> str:
    """Return the account in which something ends; that of the old audience, where a new one takes its place."""
    return action.before.advertiser_id if action.before else action.advertiser_id


def _counted(actions: Sequence[Action]) -> str:
    kinds = Counter(action.kind for action in actions)
    counts = [(kinds[kind], to_do) for kind, to_do in _TO_DO.items() if kinds[kind]]
    (first, to_do), *others = counts
    told = [
        f"{first} {'audience' if first == 1 else 'audiences'} {to_do}",
        *(f"{count} {what}" for count, what in others),
    ]
    blocked = sum(action.is_blocked for action in actions)
    return ", ".join([*told, f"{blocked} of them blocked"] if blocked else told)


def _line(action: Action, owned: State) -> str:
    name = " ".join(_name(action, owned).splitlines())  # a line of its own could pass for another audience
    shown = f'{action.kind} {action.address} "{name}"'
    if not action.is_deposed:
        shown += f" ({action.audience_id})"
    blocked = f"; blocked: {', and '.join(block.message for block in action.blocked_by)}" if action.is_blocked else ""
    return f"- {shown}: {_why(action)}{blocked}"


def _name(action: Action, owned: State) -> str:
    """Return what the audience is called; of one that was replaced and is gone the state alone knows."""
    if action.before:
        return action.before.name
    resource = owned.resources[action.resource_address]
    return next((old.name for old in resource.deposed if old.audience_id == action.audience_id), resource.name)


def _why(action: Action) -> str:
    if action.kind is not ActionKind.REPLACE:
        return action.reason
    rest = f"this one stays: {'; '.join(action.kept_by)}" if action.kept_by else "this one is deleted after that"
    return f"it is declared in {action.advertiser} by now and made anew there; {rest}"


def _ways_out(actions: Sequence[Action], account: str, desired: Config) -> Iterator[str]:
    deleted = {action.resource_address for action in actions if action.kind is ActionKind.DELETE}
    # What `removed` lists already is meant to go, and cannot be listed twice.
    unspoken = sorted(deleted - {removal.address for removal in desired.removed})
    if unspoken:
        entries = ", ".join(f"{{from: {address}, destroy: false}}" for address in unspoken)
        yield f"To leave {'it' if len(unspoken) == 1 else 'them'} on TikTok, unmanaged: removed: [{entries}]."
        yield "To go on as before, declare the advertiser again, and what it held."
    if any(action.kind is ActionKind.REPLACE for action in actions):
        yield f"To keep what is replaced, declare {account} again and name that advertiser in its declaration."
