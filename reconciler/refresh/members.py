"""Who is wanted: each audience's set, made by the engine, and how it differs from what was delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from reconciler import running, telemetry
from reconciler.identity import Delivered, Selection
from reconciler.plan.inputs import MemberFacts
from reconciler.plan.scope import at_declared_addresses
from reconciler.state.change import deliveries_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from reconciler.config.model import Audience, Config
    from reconciler.identity import Engine
    from reconciler.state.model import Resource, State


class Watcher(Protocol):
    """Told what is being computed, so that long work can show itself."""

    def reading(self, source: str, audiences: int, position: int, total: int) -> None:
        """Say that a source is being read for so many audiences, the `position`-th of `total` sources."""


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

    Each source is read once, for all its audiences together.

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
    drawing = _by_source(desired, targets)
    facts: dict[str, MemberFacts] = {}
    sets: dict[str, Path] = {}
    for position, (key, audiences) in enumerate(drawing.items(), start=1):
        source = desired.sources[key]
        if watcher is not None:
            watcher.reading(key, len(audiences), position, len(drawing))
        with telemetry.span("refresh source", reconciler_source=key, reconciler_audiences=len(audiences)):
            summaries = engine.build(source.origin, source.columns, _selections(audiences), scratch)
        for audience in audiences:
            out, there = scratch / f"{audience.key}.parquet", delivered(resources.get(audience.address), owned, locate)
            with running.working_on(audience.address), telemetry.span("refresh members"):
                facts[audience.address] = MemberFacts(summaries[audience.key], engine.delta(there, out))
            sets[summaries[audience.key].digest] = out
    return Wanted(facts, sets)


def explain(desired: Config, engine: Engine, *, targets: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return, for each source that audiences draw on, the SQL that reads it. Reads no row.

    Args:
        desired: What is declared.
        engine: What would run it.
        targets: Addresses to limit the work to; empty for all.
    """
    explained = {}
    for key, audiences in _by_source(desired, targets).items():
        source = desired.sources[key]
        explained[key] = engine.explain(source.origin, source.columns, _selections(audiences))
    return explained


def _by_source(desired: Config, targets: frozenset[str]) -> dict[str, list[Audience]]:
    """Return the audiences that draw on each source."""
    drawing: dict[str, list[Audience]] = {}
    for audience in desired.audiences.values():
        if audience.source and (not targets or audience.address in targets):
            drawing.setdefault(audience.source, []).append(audience)
    return drawing


def _selections(audiences: Iterable[Audience]) -> dict[str, Selection]:
    return {audience.key: Selection(audience.where, audience.identities) for audience in audiences}
