"""Who is wanted: each audience's set, made by the engine, and how it differs from what was delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from reconciler.identity import Delivered
from reconciler.plan.inputs import MemberFacts
from reconciler.plan.scope import at_declared_addresses
from reconciler.state.change import deliveries_to

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reconciler.config.model import Audience, Config
    from reconciler.identity import Engine
    from reconciler.state.model import Resource, State


class Watcher(Protocol):
    """Told what is being computed, so that long work can show itself."""

    def reading(self, address: str, position: int, total: int) -> None:
        """Say that the source of `address` is being read, the `position`-th of `total`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The members of every audience looked at.

    Attributes:
        facts: By address.
        sets: The file of each wanted set, by digest.
    """

    facts: Mapping[str, MemberFacts] = field(default_factory=dict)
    sets: Mapping[str, Path] = field(default_factory=dict)


def delivered(resource: Resource | None, owned: State, locate: Callable[[str], Path]) -> Delivered:
    """Return what TikTok may hold of a resource: its snapshot, and whatever was on its way there.

    Args:
        resource: The resource, or None for an audience that does not exist yet.
        owned: The state, for its pending deliveries.
        locate: Digest → local file of a set in the store.
    """
    if resource is None:
        return Delivered()
    snapshot = locate(resource.members.snapshot) if resource.members else None
    targets = {each.target for each in deliveries_to(owned, resource.audience_id)}
    return Delivered(snapshot, tuple(locate(target) for target in sorted(targets)))


def read_members(
    desired: Config,
    owned: State,
    engine: Engine,
    locate: Callable[[str], Path],
    scratch: Path,
    *,
    targets: frozenset[str] = frozenset(),
    watcher: Watcher | None = None,
) -> Wanted:
    """Make the wanted set of every audience that has a source, and compare it with what was delivered.

    Args:
        desired: What is declared.
        owned: The state.
        engine: What computes sets.
        locate: Digest → local file of a set in the store.
        scratch: Where set files are written; hashed identifiers only.
        targets: Addresses to limit the work to; empty for all.
        watcher: Told what is being computed.
    """
    resources = at_declared_addresses(desired, owned)
    wanted = [a for a in desired.audiences.values() if a.source and (not targets or a.address in targets)]
    facts: dict[str, MemberFacts] = {}
    sets: dict[str, Path] = {}
    for position, audience in enumerate(wanted, start=1):
        if watcher is not None:
            watcher.reading(audience.address, position, len(wanted))
        out = scratch / f"{audience.key}.parquet"
        facts[audience.address] = _facts(
            audience, desired, engine, delivered(resources.get(audience.address), owned, locate), out
        )
        sets[facts[audience.address].wanted.digest] = out
    return Wanted(facts, sets)


def _facts(audience: Audience, desired: Config, engine: Engine, there: Delivered, out: Path) -> MemberFacts:
    source = desired.sources[audience.source or ""]
    summary = engine.build(source.path, source.columns, audience.identities, audience.where, out)
    return MemberFacts(summary, engine.delta(there, out))
