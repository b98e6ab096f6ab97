"""Random worlds, as mixed up as people, crashes and strangers can make them."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from reconciler.config.model import Audience, Delivery, Lifecycle
from reconciler.state.model import Deposed, Members, Pending, PendingCreate, PendingDelivery, Place, Resource
from reconciler.tiktok.model import AudienceKind, Role
from tests.plan.conftest import AD_GROUP, BEFORE, EU, FORMER, US, audience, begun_create, desired, owned, remote, there
from tests.plan.simulator import PEOPLE_EACH, People, World, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.tiktok import model as tiktok

KEYS: Final = ("a", "b", "c")
NAMES: Final = ("A", "B", "C", "D")
ACCOUNTS: Final = (US, EU, FORMER)

people = st.frozensets(st.integers(0, 5), max_size=6)
names = st.sampled_from(NAMES)
accounts = st.sampled_from([US, US, US, EU, FORMER])
deliveries = st.sampled_from([Delivery.STREAMING, Delivery.STREAMING, Delivery.STREAMING, Delivery.FILE])
kinds = {Delivery.STREAMING: AudienceKind.STREAMING, Delivery.FILE: AudienceKind.FILE}
often = st.integers(0, 7).map(lambda number: number not in {3, 6})
seldom = often.map(lambda drawn: not drawn)
rarely = st.integers(0, 24).map(lambda number: number == 13)


class _TikTok:
    """Accounts being filled."""

    def __init__(self, draw: Callable[..., bool]) -> None:
        self._draw = draw
        self._ids: Iterator[int] = count(1)
        self.audiences: dict[str, list[tiktok.Audience]] = {each: [] for each in ACCOUNTS}
        self.held: dict[str, People] = {}

    def put(self, account: str, name: str, kind: AudienceKind, held: People = frozenset()) -> str:
        """Add an audience; return its id."""
        audience_id = self.id()
        self.audiences[account].append(
            there(audience_id, name, kind=kind, is_creator=not self._draw(rarely), is_valid=not self._draw(rarely))
        )
        self.held[audience_id] = held
        return audience_id

    def id(self) -> str:
        """Return an id that nothing has."""
        return str(next(self._ids))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a world that `config` would let through; everything else about it may be amiss."""
    there_now = _TikTok(draw)
    sets: dict[str, People] = {}
    resources: list[Resource] = []
    pending: list[Pending] = []
    for key in KEYS:
        if draw(often):
            resources.append(_owned(draw, key, there_now, sets, pending))
        if draw(rarely):
            pending.append(_begun(draw, key, there_now))
    for _ in range(draw(st.integers(0, 2))):
        there_now.put(draw(accounts), draw(names), draw(st.sampled_from(list(AudienceKind))))
    ids = list(there_now.held)
    held = {each.address.removeprefix("audience.") for each in resources}
    declared = _declared(draw, held, [*ids, "404"])
    undeclared = [key for key in KEYS if key not in {each.key for each in declared}]
    moved, removed = _taken_out(draw, undeclared, held)
    used = {each: (AD_GROUP,) for each in ids if draw(seldom)}
    return World(
        files=desired(*declared, moved=moved, removed=removed),
        remotes={
            account: remote(*found, account=account, used=used, role=Role.ANALYST if draw(rarely) else Role.OPERATOR)
            for account, found in there_now.audiences.items()
        },
        state=owned(*resources, pending=pending),
        wanted={each.address: draw(people | st.sampled_from([*sets.values(), frozenset()])) for each in declared},
        held=there_now.held,
        sets=sets,
    )


def _owned(draw: st.DrawFn, key: str, there_now: _TikTok, sets: dict[str, People], pending: list[Pending]) -> Resource:
    account, name, delivery = draw(accounts), key.upper() if draw(often) else draw(names), draw(deliveries)
    delivered = draw(people) if draw(often) else None
    held = delivered or frozenset()
    on_its_way = draw(st.none() | people) if draw(seldom) else None
    if on_its_way is not None:
        held = draw(st.sampled_from([held, held | on_its_way, on_its_way]))
        sets[digest(on_its_way)] = on_its_way
    if delivered is not None:
        sets[digest(delivered)] = delivered
    present = draw(often)
    shown = name if draw(often) else draw(names)
    audience_id = there_now.put(account, shown, kinds[delivery], held) if present else there_now.id()
    if on_its_way is not None:
        pending.append(
            PendingDelivery(
                f"audience.{key}", audience_id, digest(on_its_way), Place("r" * 64, rows=1), "earlier", BEFORE
            )
        )
    count_delivered = len(delivered or ()) * PEOPLE_EACH
    return Resource(
        f"audience.{key}",
        account,
        audience_id,
        name,
        str(delivery),
        ("idfa",) if draw(often) else ("idfa", "gaid"),
        prevent_destroy=draw(rarely),
        members=None if delivered is None else Members(digest(delivered), count_delivered, count_delivered, BEFORE),
        deposed=tuple(_deposed(draw, there_now) for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2])))),
    )


def _deposed(draw: st.DrawFn, there_now: _TikTok) -> Deposed:
    account, name, present = draw(accounts), draw(names), draw(often)
    audience_id = there_now.put(account, name, AudienceKind.STREAMING) if present else there_now.id()
    return Deposed(account, audience_id, name, BEFORE)


def _begun(draw: st.DrawFn, key: str, there_now: _TikTok) -> PendingCreate:
    account, name, delivery = draw(accounts), draw(names), draw(deliveries)
    known = tuple(each.audience_id for each in there_now.audiences[account] if each.name == name)
    for _ in range(draw(st.sampled_from([0, 1, 1, 2]))):
        there_now.put(account, name, kinds[delivery])
    return begun_create(key, advertiser_id=account, name=name, delivery=str(delivery), known_ids=known)


def _declared(draw: st.DrawFn, held: set[str], ids: list[str]) -> list[Audience]:
    """Declare some keys, under names that differ; some import what is there, some have no source."""
    declared = []
    for key, name in zip(KEYS, draw(st.permutations(NAMES)) if draw(seldom) else NAMES, strict=False):
        if draw(seldom):
            continue
        without_source = draw(rarely)
        imports = without_source or draw(rarely if key in held else st.booleans())
        declared.append(
            audience(
                key,
                name=name,
                advertiser=draw(st.sampled_from(["us", "us", "us", "eu"])),
                source=None if without_source else "customers",
                delivery=draw(deliveries),
                import_id=draw(st.sampled_from(ids)) if imports else None,
                lifecycle=Lifecycle(
                    prevent_destroy=draw(rarely), max_removal_percent=draw(st.sampled_from([100, 100, 30]))
                ),
            )
        )
    return declared


def _taken_out(draw: st.DrawFn, undeclared: list[str], held: set[str]) -> tuple[list[tuple[str, str]], dict[str, bool]]:
    """Say of some keys that are not declared that they moved or were removed; no two to one address."""
    moved: list[tuple[str, str]] = []
    removed: dict[str, bool] = {}
    for key in undeclared:
        choice = draw(st.sampled_from(["nothing", "moved", "removed"]))
        free = [each for each in KEYS if each != key and each not in {to for _, to in moved}]
        straight = [each for each in free if (each, key) not in moved and (each not in held or draw(rarely))]
        if choice == "moved" and straight:
            moved.append((key, draw(st.sampled_from(straight))))
        elif choice == "removed":
            removed[key] = draw(st.booleans())
    return moved, removed
