"""Actions, states and accounts for tests of pure rules, named after one audience: ``audience.buyers``, "1", in US."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from reconciler.plan.model import Action, ActionKind, Attributes, Plan
from reconciler.state.model import Deposed, PendingCreate, PendingDelivery, Place, Resource, State
from reconciler.tiktok.model import Account, Audience, AudienceKind, Remote, Role
from tests.apply.world import US

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.state.model import Pending

NOW: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ADDRESS: Final = "audience.buyers"


def attributes(name: str = "Buyers", advertiser_id: str = US) -> Attributes:
    return Attributes(name, advertiser_id, "streaming", ("idfa",))


def action(kind: ActionKind, address: str = ADDRESS, **fields: Any) -> Action:
    """Return an action with the attributes that its kind has; a create without an id, everything else about "1"."""
    defaults: dict[str, Any] = {"advertiser": "us", "advertiser_id": US}
    if kind is not ActionKind.CREATE:
        defaults |= {"audience_id": "1", "before": attributes()}
    if kind not in {ActionKind.DELETE, ActionKind.FORGET}:
        defaults |= {"after": attributes()}
    return Action(address, kind, **{**defaults, **fields})


def deposed_address(audience_id: str, address: str = ADDRESS) -> str:
    return f"{address} (deposed {audience_id})"


def plan_of(*actions: Action, targets: tuple[str, ...] = (), **fields: Any) -> Plan:
    defaults: dict[str, Any] = {"plan_id": "plan", "lineage": "lineage", "serial": 7, "created_at": NOW}
    return Plan(**{**defaults, **fields}, actions=actions, targets=targets)


def resource(audience_id: str = "1", address: str = ADDRESS, **fields: Any) -> Resource:
    defaults: dict[str, Any] = {
        "advertiser_id": US,
        "name": "Buyers",
        "delivery": "streaming",
        "identities": ("idfa",),
    }
    return Resource(address, audience_id=audience_id, **{**defaults, **fields})


def deposed(audience_id: str, advertiser_id: str = US) -> Deposed:
    return Deposed(advertiser_id, audience_id, "Buyers", NOW)


def owned(*resources: Resource, pending: Iterable[Pending] = (), **fields: Any) -> State:
    return State("lineage", 7, {each.address: each for each in resources}, tuple(pending), **fields)


def create_begun(name: str = "Buyers", address: str = ADDRESS, **fields: Any) -> PendingCreate:
    """Return the intent of a create that another plan began."""
    defaults: dict[str, Any] = {
        "advertiser_id": US,
        "delivery": "streaming",
        "identities": ("idfa",),
        "known_ids": (),
        "plan_id": "earlier",
        "since": NOW,
    }
    return PendingCreate(address, name=name, **{**defaults, **fields})


def delivery_begun(audience_id: str = "1", address: str = ADDRESS) -> PendingDelivery:
    return PendingDelivery(address, audience_id, "b" * 64, Place("c" * 64, rows=20), "earlier", NOW)


def there(audience_id: str = "1", name: str = "Buyers", **fields: Any) -> Audience:
    return Audience(audience_id, name, **{"kind": AudienceKind.STREAMING, **fields})


def account(*audiences: Audience, advertiser_id: str = US, role: Role = Role.OPERATOR) -> dict[str, Remote]:
    """Return one account by its id; join several with ``|``."""
    described = Account(advertiser_id, "Acme", "STATUS_ENABLE", "USD", "America/New_York", role)
    return {advertiser_id: Remote(described, {each.audience_id: each for each in audiences})}
