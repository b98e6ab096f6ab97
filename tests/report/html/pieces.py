"""Plans, drift and pasts to draw: small ones with everything in them, hostile ones, and big ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final

from reconciler.diagnostics import Location, error, warning
from reconciler.plan.drift.model import ABOUT_ACCOUNTS, Drift, Drifted, DriftKind
from reconciler.plan.model import Action, ActionKind, Attributes, Block, Change, Guard, MemberChange, Plan
from reconciler.plan.timeline import Point

if TYPE_CHECKING:
    from reconciler.plan.timeline import Timelines

NOON: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
US: Final = ("acme_us", "7000000000000000001")
EU: Final = ("acme_eu", "7000000000000000002")
SPRING: Final = 'ad group "Spring sale" (1800000000000000001) includes it'


def attributes(name: str, **fields: Any) -> Attributes:
    given = {"advertiser_id": US[1], "delivery": "streaming", "identities": ("idfa", "gaid")} | fields
    return Attributes(name, **given)


def members(before: int | None, users: int, add: int = 0, remove: int = 0) -> MemberChange:
    return MemberChange("a" * 64, before, users=users, identifiers=2 * users, add=add, remove=remove)


def plan(*actions: Action, **fields: Any) -> Plan:
    return Plan("3f9d0c", "9d8e", 41, NOON, actions, **fields)


def points(*pairs: tuple[int | None, int | None], added: int = 10, removed: int = 4) -> tuple[Point, ...]:
    """One point a day, up to noon of the first of March; each is matched and delivered people."""
    start = NOON - timedelta(days=len(pairs) - 1)
    return tuple(Point(start + timedelta(days=day), *pair, added, removed) for day, pair in enumerate(pairs))


def wandering(days: int, people: int, random: Random) -> tuple[Point, ...]:
    """A past in which every number changes every day, none of them smoothly."""
    pairs = [(int(people * random.uniform(0.3, 0.9)), int(people * random.uniform(0.8, 1.2))) for _ in range(days)]
    return points(*pairs, added=people // 7 + random.randrange(99), removed=people // 9 + random.randrange(99))


UPDATE: Final = Action(
    "audience.all_customers",
    ActionKind.UPDATE,
    *US,
    audience_id="7300000000000000042",
    before=attributes("All customers"),
    after=attributes("Everyone", identities=("idfa",)),
    changes=(Change("name", "All customers", "Everyone"), Change("identities", ("idfa", "gaid"), ("idfa",))),
    members=members(18220, 19114, 1204, 310),
    reason="its declaration changed",
    location=Location("audiences.yaml", 27, 3),
)
CREATE: Final = Action(
    "audience.installs",
    ActionKind.CREATE,
    *EU,
    after=attributes("App installs DE", delivery="file", retention_in_days=30, prevent_destroy=True),
    members=members(None, 4822, 6000),
    reason="not on TikTok yet",
    location=Location("audiences.yaml", 44, 3),
)
REPLACE: Final = Action(
    "audience.lapsed",
    ActionKind.REPLACE,
    *US,
    audience_id="7300000000000000043",
    before=attributes("Lapsed buyers"),
    after=attributes("Lapsed buyers", delivery="file"),
    changes=(Change("delivery", "streaming", "file"),),
    members=members(None, 6102, 9000),
    reason="TikTok cannot change delivery in place",
    kept_by=(SPRING,),
)
BLOCKED: Final = Action(
    "audience.obsolete",
    ActionKind.DELETE,
    *US,
    audience_id="7300000000000000044",
    before=attributes("Obsolete"),
    reason="no longer declared",
    blocked_by=(Block(Guard.IN_USE, "1 ad group uses it", (SPRING,), "Take it out of these, then plan again."),),
)
FORGET: Final = Action("audience.partner", ActionKind.FORGET, *EU, audience_id="73", before=attributes("Partner"))
MOVE: Final = Action(
    "audience.new_key",
    ActionKind.NOOP,
    *EU,
    audience_id="7300000000000000045",
    before=attributes("Moved"),
    after=attributes("Moved"),
    members=members(500, 500),
    reason="moved from audience.old_key",
    previous_address="audience.old_key",
)
NOOP: Final = Action(
    "audience.vip",
    ActionKind.NOOP,
    *US,
    audience_id="7300000000000000046",
    before=attributes("VIP"),
    after=attributes("VIP"),
    members=members(2100, 2100),
)
EVERYTHING: Final = plan(
    *(UPDATE, CREATE, REPLACE, BLOCKED, FORGET, MOVE, NOOP),
    diagnostics=(
        warning("few people", "TikTok does not show\nfewer than 1,000.", Location("audiences.yaml", 66, 3)),
        error("no such account"),
    ),
    targets=("audience.vip",),
    skipped_members=True,
)
PAST: Final[Timelines] = {
    "audience.all_customers": points((0, 17000), (9000, 18000), (None, 18000), (12000, 18220)),
    "audience.obsolete": points((800, 2934)),
    "audience.old_key": points((100, 500), (200, 500)),
    "audience.steady": points((100, 200), (150, 210)),
}


def drifted(kind: DriftKind, number: int = 0, **fields: Any) -> Drifted:
    """One finding, with everything that may be said of it."""
    about_account, stranger = kind in ABOUT_ACCOUNTS, kind is DriftKind.UNMANAGED
    given: dict[str, Any] = {
        "address": None if about_account or stranger else f"audience.{kind}_{number}",
        "advertiser": US[0],
        "advertiser_id": US[1],
        "audience_id": None if about_account else f"73{number:017d}",
        "summary": f"{kind} {number} is not as it was",
        "remedy": "apply puts it right",
    }
    return Drifted(kind, **{**given, **fields})


ALL_DRIFT: Final = Drift(
    NOON,
    tuple(
        [drifted(kind, before="one thing", after="another") for kind in DriftKind if kind in ABOUT_ACCOUNTS]
        + [
            drifted(kind, since=NOON, by="jane@example.com", details=(SPRING,), location=Location("a.yaml", 3, 5))
            for kind in DriftKind
            if kind not in ABOUT_ACCOUNTS | {DriftKind.UNMANAGED}
        ]
        + [drifted(DriftKind.UNMANAGED, n, advertiser=EU[0], advertiser_id=EU[1]) for n in range(3)]
    ),
    checked=40,
)
DRIFT_PAST: Final[Timelines] = {"audience.renamed_0": points((1, 2), (3, 4)), "audience.steady": points((5, 6))}


def hostile_plan(text: str) -> Plan:
    """A plan in which every text is `text`."""
    was, wanted = Attributes(text, text, "streaming", (text,)), Attributes(text, text, "file", (text,))
    blocks = (Block(Guard.IN_USE, text, (text,), text),)
    changes = (Change(text, text, text), Change("identities", (text,), (text, text)))
    place = Location(text, 1, 1)
    actions = [
        Action(text, kind, text, text, text, was, wanted, changes, members(1, 2), text, blocks, text, (text,), place)
        for kind in ActionKind
    ]
    return Plan(text, text, 1, NOON, tuple(actions), (error(text, text.replace("\n", " "), place),), targets=(text,))


def hostile_drift(text: str) -> Drift:
    """A drift report in which every text is `text`."""
    said: dict[str, Any] = dict.fromkeys(
        ("advertiser", "advertiser_id", "audience_id", "summary", "remedy", "by"), text
    )
    said |= {"before": text, "after": f"{text}!", "details": (text,), "location": Location(text, 1, 1)}
    nowhere = ABOUT_ACCOUNTS | {DriftKind.UNMANAGED}
    found = [drifted(kind, address=None if kind in nowhere else text, **said) for kind in DriftKind]
    return Drift(NOON, tuple(found), 1)


def big_plan(audiences: int, days: int) -> tuple[Plan, Timelines]:
    """A plan that changes every one of so many audiences, each with a past of so many restless days."""
    random = Random(4)
    actions, past = [], {}
    for number in range(audiences):
        address, name = f"audience.segment_{number:03d}_customers", f"Segment {number:03d} customers"
        people = int(10 ** random.uniform(3.5, 6))
        past[address] = wandering(days, people, random)
        actions.append(
            Action(
                address,
                ActionKind.UPDATE,
                *random.choice((US, EU)),
                audience_id=f"73{number:017d}",
                before=attributes(name),
                after=attributes(f"{name}!"),
                changes=(Change("name", name, f"{name}!"),),
                members=members(people, random.randrange(people), people // 3, people // 2),
                reason="its declaration changed",
                location=Location("audiences.yaml", 10 + 6 * number, 3),
            )
        )
    return plan(*actions), past


def big_drift(audiences: int, days: int) -> tuple[Drift, Timelines]:
    """A drift report with a finding about every one of so many audiences, each with a past of so many restless days."""
    random = Random(4)
    found = tuple(
        drifted(DriftKind.RENAMED, number, before="Lapsed", after="Gone", since=NOON, by="jane@example.com")
        for number in range(audiences)
    )
    return Drift(NOON, found, audiences), {each.address or "": wandering(days, 10**6, random) for each in found}
