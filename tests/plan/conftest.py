"""The four inputs of a plan, each made by one small function, with what a test does not care about filled in.

Everything is named after one audience, ``audience.buyers``: "Buyers", id "1", in account `US`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from reconciler.config import model as config
from reconciler.identifiers import Hash, Identity, IdType, MappedColumn
from reconciler.identity.model import Delta, Rejected, SetSummary
from reconciler.origin import FileOrigin
from reconciler.plan.build import build
from reconciler.plan.inputs import Inputs, MemberFacts
from reconciler.state.model import Deposed, Members, PendingCreate, PendingDelivery, Place, Resource, State
from reconciler.tiktok import model as tiktok

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.diagnostics import Location
    from reconciler.plan.model import Action, Guard, Plan
    from reconciler.state.model import Pending

US: Final = "7000000000000000001"
EU: Final = "7000000000000000002"
FORMER: Final = "7000000000000000009"
"""An account the files do not name."""

NOW: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BEFORE: Final = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)

AD_GROUP: Final = tiktok.Use(tiktok.UsageKind.AD_GROUP, "55", "Spring sale")


# Desired -------------------------------------------------------------------------------------------------------------


def audience(key: str = "buyers", **fields: Any) -> config.Audience:
    """Declare an audience in `US` that the source "customers" fills, under its key with a capital letter."""
    defaults: dict[str, Any] = {
        "advertiser": "us",
        "name": key.capitalize(),
        "source": "customers",
        "identities": (Identity.IDFA,),
    }
    if "source" in fields and fields["source"] is None:
        defaults["identities"] = ()
    return config.Audience(key, **{**defaults, **fields})


def desired(
    *audiences: config.Audience,
    moved: Iterable[tuple[str, str]] = (),
    removed: Mapping[str, bool] | None = None,
    expect: Mapping[str, str] | None = None,
    places: Mapping[config.KeyPath, Location] | None = None,
) -> config.Config:
    """Declare two accounts, one source and `audiences`; moves by key, removals as key → destroy."""
    return config.Config(
        state_url="/state",
        advertisers={
            "us": config.Advertiser("us", US, expect=expect or {}),
            "eu": config.Advertiser("eu", EU),
        },
        sources={
            "customers": config.Source(
                "customers", FileOrigin("/c.csv", "c.csv"), (MappedColumn(Identity.IDFA, "idfa", Hash.MD5),)
            )
        },
        audiences={each.key: each for each in audiences},
        moved=tuple(config.Move(f"audience.{old}", f"audience.{new}") for old, new in moved),
        removed=tuple(config.Removal(f"audience.{key}", destroy) for key, destroy in (removed or {}).items()),
        places=places or {},
    )


# Actual --------------------------------------------------------------------------------------------------------------


def there(audience_id: str = "1", name: str = "Buyers", **fields: Any) -> tiktok.Audience:
    """Put a streaming audience on TikTok that is valid, ours, and matches two thousand people."""
    defaults: dict[str, Any] = {"kind": tiktok.AudienceKind.STREAMING, "is_valid": True, "cover_num": 2000}
    return tiktok.Audience(audience_id, name, **{**defaults, **fields})


def remote(
    *audiences: tiktok.Audience,
    account: str = US,
    used: Mapping[str, tuple[tiktok.Use, ...]] | None = None,
    looked_up: bool = True,
    role: tiktok.Role = tiktok.Role.OPERATOR,
    status: str = "STATUS_ENABLE",
) -> tiktok.Remote:
    """Describe an account; `used` tells what uses its audiences, by id."""
    described = tiktok.Account(account, "Acme", status, "USD", "America/New_York", role)
    return tiktok.Remote(described, {each.audience_id: each for each in audiences}, (used or {}) if looked_up else None)


# Owned ---------------------------------------------------------------------------------------------------------------


def resource(key: str = "buyers", audience_id: str = "1", **fields: Any) -> Resource:
    """Own an audience just as `audience(key)` declares it; nothing was delivered to it yet."""
    defaults: dict[str, Any] = {
        "advertiser_id": US,
        "name": key.capitalize(),
        "delivery": "streaming",
        "identities": ("idfa",),
    }
    return Resource(f"audience.{key}", audience_id=audience_id, **{**defaults, **fields})


def delivered(users: int = 2000) -> Members:
    return Members("a" * 64, users, users, BEFORE)


def deposed(audience_id: str, account: str = US, name: str = "Buyers") -> Deposed:
    return Deposed(account, audience_id, name, BEFORE)


def owned(*resources: Resource, pending: Iterable[Pending] = ()) -> State:
    return State("lineage", 7, {each.address: each for each in resources}, tuple(pending))


def begun_create(key: str = "buyers", **fields: Any) -> PendingCreate:
    """Note a create that was begun and never seen to end."""
    defaults: dict[str, Any] = {
        "advertiser_id": US,
        "name": key.capitalize(),
        "delivery": "streaming",
        "identities": ("idfa",),
        "known_ids": (),
    }
    return PendingCreate(f"audience.{key}", plan_id="earlier", since=BEFORE, **{**defaults, **fields})


def begun_delivery(key: str = "buyers", audience_id: str = "1") -> PendingDelivery:
    """Note a delivery that was begun and never seen to end."""
    return PendingDelivery(f"audience.{key}", audience_id, "b" * 64, Place("r" * 64, rows=1000), "earlier", BEFORE)


# Members -------------------------------------------------------------------------------------------------------------


def facts(
    users: int = 2000,
    *,
    add: int = 0,
    remove: int = 0,
    of: int = 2000,
    out: int | None = None,
    of_people: int | None = None,
    rejected: Rejected | None = None,
) -> MemberFacts:
    """Want `users` people of one identifier each.

    Args:
        users: People wanted.
        add: Identifiers to add.
        remove: Identifiers to remove.
        of: Identifiers delivered.
        out: People taken out; as many as identifiers unless told.
        of_people: People delivered; as many as identifiers unless told.
        rejected: What was not used.
    """
    summary = SetSummary(
        "b" * 64, users, users, {IdType.IDFA_MD5: users}, {Identity.IDFA: rejected} if rejected else {}
    )
    people_out = remove if out is None else out
    return MemberFacts(summary, Delta(add, remove, of, of if of_people is None else of_people, people_out))


NEVER_DELIVERED: Final = facts(add=2000, of=0)
"""Two thousand people wanted, nothing sent yet."""

UNCHANGED: Final = facts()
"""Two thousand people wanted, all of them there."""


# The plan ------------------------------------------------------------------------------------------------------------


def inputs(
    files: config.Config,
    *remotes: tiktok.Remote,
    state: State | None = None,
    members: Mapping[str, MemberFacts] | None = None,
    skip_members: bool = False,
    targets: Iterable[str] = (),
) -> Inputs:
    """Bring the inputs together: accounts not given are empty, people not given by key are as they were."""
    actual = {each.account.advertiser_id: each for each in (remote(), remote(account=EU), *remotes)}
    wanted = {each.address: UNCHANGED for each in files.audiences.values() if each.source}
    wanted |= {f"audience.{key}": found for key, found in (members or {}).items()}
    return Inputs(
        files,
        actual,
        state or owned(),
        None if skip_members else wanted,
        frozenset(f"audience.{key}" for key in targets),
    )


def planned(files: config.Config, *remotes: tiktok.Remote, **others: Any) -> Plan:
    """Make the plan of `inputs(...)`."""
    return build(inputs(files, *remotes, **others), plan_id="plan", now=NOW)


def only(plan: Plan) -> Action:
    """Return the one action of a plan that holds no error."""
    assert plan.errors == ()
    (action,) = plan.actions
    return action


def at(plan: Plan, address: str) -> Action:
    """Return the action at ``audience.<address>``."""
    (action,) = [each for each in plan.actions if each.address == f"audience.{address}"]
    return action


def guards_against(action: Action) -> list[Guard]:
    return [block.guard for block in action.blocked_by]


def errors(plan: Plan) -> list[str]:
    return [each.summary for each in plan.errors]


def warnings(plan: Plan) -> list[str]:
    return [each.summary for each in plan.diagnostics if not each.is_error]
