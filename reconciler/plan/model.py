"""A plan as data: one action an address, with before, after and why. How it was made never steers how it is applied."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.diagnostics import Diagnostic, Location

FORMAT_VERSION: Final = 1


class ActionKind(StrEnum):
    """What is to be done about one address."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    IMPORT = "import"
    FORGET = "forget"
    NOOP = "noop"


class Guard(StrEnum):
    """A reason an action must not happen."""

    IN_USE = "in_use"
    PREVENT_DESTROY = "prevent_destroy"
    NOT_OWNED = "not_owned"
    NOT_CREATOR = "not_creator"
    MAX_REMOVAL = "max_removal"
    PERMISSION = "permission"
    LIMIT = "limit"
    NOT_EDITABLE = "not_editable"
    MINIMUM_USERS = "minimum_users"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Block:
    """A guard that stands against an action.

    Attributes:
        guard: Which one.
        message: The reason, in one sentence.
        details: What it rests on, a line each: the ad groups by name and id, for example.
        way_out: What a person can do about it.
    """

    guard: Guard
    message: str
    details: tuple[str, ...] = ()
    way_out: str = ""


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of an audience that people declare and a plan compares.

    `prevent_destroy` is kept in the state, so that it still protects an audience whose declaration is gone.
    """

    name: str
    advertiser_id: str
    delivery: str
    identities: tuple[str, ...]
    prevent_destroy: bool = False
    retention_in_days: int | None = None
    audience_sub_type: str = "NORMAL"


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute that differs."""

    path: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class MemberChange:
    """What happens to the people of an audience. Counts only; the set itself lies in the state store.

    Attributes:
        set_digest: SHA-256 that names the wanted set.
        users_before: People delivered before, or None where nothing was.
        users: Distinct people wanted.
        identifiers: Distinct identifiers wanted.
        add: Identifiers to add.
        remove: Identifiers to remove.
        recipe: A digest of the declaration the set is drawn by; None in plans of earlier versions.
    """

    set_digest: str
    users_before: int | None
    users: int
    identifiers: int
    add: int
    remove: int
    recipe: str | None = None

    @property
    def differs(self) -> bool:
        """Whether anything has to be sent."""
        return bool(self.add or self.remove)


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done about one address, and why.

    Attributes:
        address: ``audience.<key>``; a deposed audience adds its id: ``audience.<key> (deposed 73…)``.
        kind: What is to be done.
        advertiser: Key of the account in the files, or its id where the files no longer name it.
        advertiser_id: The account the audience ends up in; for a delete or forget, the one it is in.
        audience_id: The audience that exists, or None before a create. For a replace: the old one. For a create
            of what was deleted outside: the one that is gone.
        before: What is there, or None.
        after: What is wanted, or None.
        changes: The attributes that differ.
        members: What happens to its people, or None where they are left alone or were not looked at.
        reason: Why, in a phrase.
        blocked_by: Guards that stand against it; empty for an action that may happen.
        previous_address: The address it moves from, or None.
        kept_by: For a replace: what still uses the old audience, which therefore stays, deposed.
        location: Where the audience is declared, or None for what is no longer declared.
    """

    address: str
    kind: ActionKind
    advertiser: str
    advertiser_id: str
    audience_id: str | None = None
    before: Attributes | None = None
    after: Attributes | None = None
    changes: tuple[Change, ...] = ()
    members: MemberChange | None = None
    reason: str = ""
    blocked_by: tuple[Block, ...] = ()
    previous_address: str | None = None
    kept_by: tuple[str, ...] = ()
    location: Location | None = None

    @property
    def is_blocked(self) -> bool:
        """Whether a guard stands against it."""
        return bool(self.blocked_by)

    @property
    def resource_address(self) -> str:
        """The address in the state: without the mark of a deposed audience."""
        return self.address.split(" ", maxsplit=1)[0]

    @property
    def is_deposed(self) -> bool:
        """Whether this is about an audience that was replaced before and stayed."""
        return " (deposed " in self.address

    @property
    def does_something(self) -> bool:
        """Whether applying it changes TikTok or the state."""
        return self.kind is not ActionKind.NOOP or self.previous_address is not None


@dataclass(frozen=True, slots=True)
class Summary:
    """How many actions of each kind; `blocked` counts those among them that a guard stands against."""

    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    import_: int = 0
    forget: int = 0
    noop: int = 0
    blocked: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an apply will do, and all it may do.

    Attributes:
        plan_id: A random id.
        lineage: The state's, at planning.
        serial: The state's, at planning; a plan made at another serial is stale.
        created_at: When it was made, UTC.
        actions: Sorted by address.
        diagnostics: Findings; an error among them stops an apply.
        skipped_members: True where people were not looked at (``--skip-members``).
        targets: The addresses the plan is limited to; empty for all.
    """

    plan_id: str
    lineage: str
    serial: int
    created_at: datetime
    actions: tuple[Action, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    skipped_members: bool = False
    targets: tuple[str, ...] = field(default=())

    @property
    def summary(self) -> Summary:
        """The counts by kind."""
        kinds = Counter(action.kind for action in self.actions)
        return Summary(
            create=kinds[ActionKind.CREATE],
            update=kinds[ActionKind.UPDATE],
            replace=kinds[ActionKind.REPLACE],
            delete=kinds[ActionKind.DELETE],
            import_=kinds[ActionKind.IMPORT],
            forget=kinds[ActionKind.FORGET],
            noop=kinds[ActionKind.NOOP],
            blocked=sum(action.is_blocked for action in self.actions),
        )

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that stop an apply."""
        return tuple(each for each in self.diagnostics if each.is_error)

    @property
    def blocked(self) -> tuple[Action, ...]:
        """The actions a guard stands against."""
        return tuple(action for action in self.actions if action.is_blocked)

    @property
    def has_changes(self) -> bool:
        """Whether applying it would change anything."""
        return any(action.does_something for action in self.actions)
