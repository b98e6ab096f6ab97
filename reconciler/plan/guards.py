"""The guards: each looks at one action and either lets it pass or says why it must not happen, and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.plan.model import Action, ActionKind, Block, Guard
from reconciler.plan.removal import max_removal
from reconciler.tiktok.model import AudienceKind
from reconciler.tiktok.permission import Work, lacking, of_login

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.plan.circumstances import Circumstances
    from reconciler.tiktok.model import Lack

MAX_AUDIENCES: Final = 400
"""Custom audiences an account may hold (Marketing API v1.3, reading audiences)."""

NAME_LENGTH: Final = {"streaming": 70, "file": 128}
"""Longest name by delivery; TikTok cuts a longer streaming name (Marketing API v1.3, streaming audiences)."""

_WRITTEN: Final = frozenset({"name", "audience_sub_type"})
"""Attributes TikTok has a call to change (Marketing API v1.3); the others are this tool's own, or take a replace."""

MINIMUM_FILE_USERS: Final = 1000
"""Users the result of a file update must keep (Marketing API v1.3, customer file audiences)."""


def check(action: Action, known: Circumstances) -> tuple[Block, ...]:
    """Return every guard that stands against `action`; none where it may happen.

    In an account that cannot be read no other guard has anything to go by.
    """
    if block := unreadable(action, known):
        return (block,)
    return tuple(block for guard in _GUARDS if (block := guard(action, known)) is not None)


def writes_to_tiktok(action: Action) -> bool:
    """Whether applying the action calls TikTok to change something."""
    if action.kind in {ActionKind.CREATE, ActionKind.REPLACE, ActionKind.DELETE}:
        return True
    if action.kind in {ActionKind.UPDATE, ActionKind.IMPORT}:
        written = any(change.path in _WRITTEN for change in action.changes)
        return written or bool(action.members and action.members.differs)
    return False


def in_use(action: Action, known: Circumstances) -> Block | None:
    """An audience that something uses is never deleted."""
    if action.kind is not ActionKind.DELETE:
        return None
    usage = known.remotes[action.advertiser_id].usage
    if usage is None:
        return Block(Guard.IN_USE, "what uses it was not looked up, so it cannot be deleted", way_out="Plan again.")
    uses = usage.get(action.audience_id or "", ())
    if not uses:
        return None
    return Block(
        Guard.IN_USE,
        f"{len(uses)} {'use' if len(uses) == 1 else 'uses'} of it on TikTok",
        tuple(map(str, uses)),
        "Take it out of these in Ads Manager and plan again, or keep it on TikTok unmanaged: "
        f"removed: [{{from: {action.resource_address}, destroy: false}}].",
    )


def prevent_destroy(action: Action, known: Circumstances) -> Block | None:
    """What the files protect is neither deleted nor replaced."""
    protected = bool(action.before and action.before.prevent_destroy)
    if known.declared is not None:
        protected = known.declared.lifecycle.prevent_destroy
    if action.is_deposed or not protected or action.kind not in {ActionKind.DELETE, ActionKind.REPLACE}:
        return None
    if action.kind is ActionKind.REPLACE:
        way_out = "Set lifecycle.prevent_destroy to false, or undo the change that needs a replacement."
    else:
        way_out = (
            "Declare it again with lifecycle.prevent_destroy: false, apply, then remove it; or hand it over with "
            f"removed: [{{from: {action.resource_address}, destroy: false}}]."
        )
    return Block(Guard.PREVENT_DESTROY, "lifecycle.prevent_destroy protects it", way_out=way_out)


def not_owned(action: Action, known: Circumstances) -> Block | None:
    """Only what the state owns is touched, and by one address."""
    if not (writes_to_tiktok(action) or action.kind is ActionKind.IMPORT) or action.kind is ActionKind.CREATE:
        return None
    if known.other_owners:
        return _managed_twice(action, known.other_owners[0])
    if known.importers and action.kind is not ActionKind.UPDATE:
        return _claimed(action, known.importers[0])
    if action.kind is ActionKind.DELETE and known.owner is None:
        return Block(
            Guard.NOT_OWNED,
            "the state does not own it",
            way_out=f'Add import: "{action.audience_id}" to manage it first.',
        )
    return None


def _managed_twice(action: Action, other: str) -> Block:
    if action.kind is ActionKind.IMPORT:
        way_out = f"Use moved: [{{from: {other}, to: {action.address}}}], or take one declaration out."
    else:
        way_out = "Run `reconciler state rm` on the address that is not to manage it."
    return Block(Guard.NOT_OWNED, f"{action.audience_id} is already managed as {other}", way_out=way_out)


def _claimed(action: Action, other: str) -> Block:
    if action.kind is ActionKind.IMPORT:
        way_out = "Take one of the two `import` lines out."
    else:
        way_out = f"Use moved: [{{from: {action.resource_address}, to: {other}}}] in place of the `import` line."
    return Block(Guard.NOT_OWNED, f"{other} is to import {action.audience_id}", way_out=way_out)


def not_creator(action: Action, known: Circumstances) -> Block | None:
    """What another account shared in is its creator's to change."""
    audience = known.audience(action)
    if audience is None or audience.is_creator or not writes_to_tiktok(action):
        return None
    owner = f" ({audience.owner_id})" if audience.owner_id else ""
    return Block(
        Guard.NOT_CREATOR,
        f"it was shared in by another account{owner}; only its creator may change it",
        way_out="Manage it from the account that made it, or take it out of the files with destroy: false.",
    )


def permission(action: Action, known: Circumstances) -> Block | None:
    """Writing needs Operator or Admin on an enabled account, and a token with the scope for it."""
    if not writes_to_tiktok(action):
        return None
    for advertiser_id, name in _involved(action).items():
        remote = known.remotes[advertiser_id]
        if lacks := lacking(Work.WRITE, remote.account, remote.scopes):
            return _lacking(name, [of_login(each, remote.login) for each in lacks] if remote.login else lacks)
    return None


def unreadable(action: Action, known: Circumstances) -> Block | None:
    """Nothing is done, or said to be in order, where nobody can see what is there; to forget takes the state alone."""
    if action.kind is ActionKind.FORGET:
        return None
    for advertiser_id, name in _involved(action).items():
        if lack := known.remotes[advertiser_id].unreadable:
            return _lacking(name, (lack,))
    return None


def _involved(action: Action) -> dict[str, str]:
    """Return the accounts that the action is about, each with a name for people."""
    named = "" if action.advertiser == action.advertiser_id else f"{action.advertiser} ({action.advertiser_id})"
    involved = {action.advertiser_id: named or action.advertiser_id}
    if action.kind is ActionKind.REPLACE and action.before:
        involved.setdefault(action.before.advertiser_id, action.before.advertiser_id)
    return involved


def _lacking(name: str, lacks: Sequence[Lack]) -> Block:
    reasons = ", and ".join(each.reason for each in lacks)
    return Block(Guard.PERMISSION, f"{name}: {reasons}", way_out=" ".join(each.way_out for each in lacks))


def limit(action: Action, known: Circumstances) -> Block | None:
    """TikTok's limits on an account and on a name."""
    if action.kind in {ActionKind.CREATE, ActionKind.REPLACE}:
        remote = known.remotes[action.advertiser_id]
        held = sum(audience.is_creator for audience in remote.audiences.values())
        if held + known.creates_before >= MAX_AUDIENCES:
            return Block(
                Guard.LIMIT,
                f"the account holds {held:,} audiences and this plan adds {known.creates_before:,} before it; "
                f"TikTok allows {MAX_AUDIENCES}",
                way_out="Delete audiences that nobody uses, and plan again.",
            )
    if action.after is None or not _writes_name(action):
        return None
    longest = NAME_LENGTH[action.after.delivery]
    if len(action.after.name) > longest:
        return Block(
            Guard.LIMIT,
            f"its name has {len(action.after.name)} characters; TikTok takes {longest}",
            way_out="Choose a shorter name.",
        )
    return None


def not_editable(action: Action, known: Circumstances) -> Block | None:
    """A customer file audience cannot be edited while TikTok processes it."""
    audience = known.audience(action)
    if audience is None or audience.kind is not AudienceKind.FILE or audience.is_valid:
        return None
    if action.kind not in {ActionKind.UPDATE, ActionKind.IMPORT} or not writes_to_tiktok(action):
        return None
    return Block(
        Guard.NOT_EDITABLE,
        "TikTok is still processing it, or it was made with fewer than 1,000 matches",
        way_out="Plan again in some hours.",
    )


def minimum_users(action: Action, _known: Circumstances) -> Block | None:
    """A file audience is made from files, and an update must leave at least 1,000 users; an import's first is one."""
    after, members = action.after, action.members
    if after is None or after.delivery != "file":
        return None
    if action.kind in {ActionKind.CREATE, ActionKind.REPLACE} and not (members and members.users):
        why = "nobody is in it" if members else "its people were not looked at"
        return Block(
            Guard.MINIMUM_USERS,
            f"{why}, and TikTok makes a customer file audience only from files of people",
            way_out="Widen `where`, or use delivery: streaming." if members else "Plan without --skip-members.",
        )
    if members is None:
        return None
    if action.kind not in {ActionKind.UPDATE, ActionKind.IMPORT}:
        return None
    if not members.differs or members.users >= MINIMUM_FILE_USERS:
        return None
    return Block(
        Guard.MINIMUM_USERS,
        f"it would be left with {members.users:,} people; a file update must keep {MINIMUM_FILE_USERS:,}",
        way_out="Widen `where`, or use delivery: streaming.",
    )


def _writes_name(action: Action) -> bool:
    makes = action.kind in {ActionKind.CREATE, ActionKind.REPLACE}
    return makes or any(change.path == "name" for change in action.changes)


_GUARDS: Final[tuple[Callable[[Action, Circumstances], Block | None], ...]] = (
    in_use,
    prevent_destroy,
    not_owned,
    not_creator,
    max_removal,
    permission,
    limit,
    not_editable,
    minimum_users,
)
