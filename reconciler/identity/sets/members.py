"""Hashed rows → the sets of members that selections want of them, part by part."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import ibis

from reconciler.identifiers import IdType
from reconciler.identity.columns import stacked
from reconciler.identity.hashing import FLAWS
from reconciler.identity.model import Rejected, SetSummary
from reconciler.identity.normalise import BLANK, MALFORMED, UNTRACKED
from reconciler.identity.sets.ownership import settle
from reconciler.identity.sets.packing import long, packed, wide
from reconciler.identity.sets.setfile import PERSON, digest, schema_of, writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import ibis.expr.types as ir

    from reconciler.identifiers import Identity
    from reconciler.identity.engines.protocol import Backend
    from reconciler.identity.hashing import Layout
    from reconciler.identity.model import Selection

_EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Landed:
    """Hashed rows, computed once, from which any number of sets are made.

    Attributes:
        backend: The engine that keeps them.
        folder: Where.
        layout: Which column is what.
        apart: Whether they lie apart, in parts of their persons.
    """

    backend: Backend
    folder: Path
    layout: Layout
    apart: bool = False

    @property
    def parts(self) -> tuple[str | None, ...]:
        """The parts they lie in, in the order of their persons; one that is None where they lie together."""
        return self.backend.parts(self.folder) if self.apart else (None,)

    def rows(self, part: str | None = None) -> ir.Table:
        """Return the rows of a part; None for all."""
        return self.backend.landed(self.folder, by=part)


def build_set(landed: Landed, position: int, selection: Selection, out: Path) -> SetSummary:
    """Write the members that the selection at `position` wants to `out`."""
    layout = landed.layout
    columns = {name: id_type for name, id_type in layout.digests.items() if id_type.identity in selection.identities}
    id_types = [id_type for id_type in IdType if id_type in columns.values()]
    counted: Counter[str] = Counter()
    with writing(out, schema_of(id_types)) as writer:
        for part in landed.parts:
            chosen = _chosen(landed.rows(part), layout, position, columns)
            counts = landed.backend.row(_counted(chosen, layout, columns))
            counted.update(counts)
            if counts["users"]:
                # A person in one row needs no packing, and nearly all are.
                together = counts["users"] == counts["reachable"] and len(columns) == len(id_types)
                reachable = chosen.filter(chosen["reachable"])
                rows = wide(reachable, columns) if together else _gathered(landed.backend, reachable, columns)
                writer.write(landed.backend.batches(rows))
    identifiers: Mapping[IdType, int] = writer.identifiers
    distinct = {t: counted[f"distinct_{t}"] for t in identifiers}
    # Of several parts each has counted for itself, and persons in different ones may share an identifier.
    if len(landed.parts) > 1 or len(columns) > len(id_types) or distinct != identifiers:
        identifiers = settle(landed.backend, out, identifiers)
    return SetSummary(
        digest(out),
        counted["rows"],
        counted["users"],
        {id_type: count for id_type, count in identifiers.items() if count},
        {identity: _rejected(landed, position, counted, identity) for identity in selection.identities},
    )


def _chosen(rows: ir.Table, layout: Layout, position: int, columns: Iterable[str]) -> ir.Table:
    if position in layout.chosen:
        rows = rows.filter(rows[f"in_{position}"])
    anything = ibis.or_(*(rows[name].notnull() for name in columns))
    return rows.mutate(reachable=anything)


def _gathered(backend: Backend, reachable: ir.Table, columns: dict[str, IdType]) -> ir.Table:
    """Return the rows of persons who may have several, each identifier of a person once."""
    digests = reachable.select(PERSON, **{name: backend.binary(reachable[name]) for name in columns})
    return packed(long(digests, columns).distinct(), [t for t in IdType if t in columns.values()])


def _counted(chosen: ir.Table, layout: Layout, columns: Mapping[str, IdType]) -> ir.Table:
    flaws = {
        f"{flaw}_{i}": (chosen[f"flaw_{i}"] == flaw).sum().fill_null(0)
        for i in range(len(layout.cells))
        for flaw in FLAWS
    }
    return chosen.aggregate(
        rows=chosen.count(),
        reachable=chosen["reachable"].sum().fill_null(0),
        users=chosen[PERSON].nunique(where=chosen["reachable"]),
        **{f"distinct_{id_type}": chosen[name].nunique() for name, id_type in columns.items()},
        **flaws,
    )


def _rejected(landed: Landed, position: int, counted: Mapping[str, int], identity: Identity) -> Rejected:
    cells = [i for i, mapped in enumerate(landed.layout.cells) if mapped.identity is identity]
    malformed, untracked, blank = (sum(counted[f"{flaw}_{i}"] for i in cells) for flaw in (MALFORMED, UNTRACKED, BLANK))
    return Rejected(malformed, untracked, blank, _examples(landed, position, cells) if malformed else ())


def _examples(landed: Landed, position: int, cells: Sequence[int]) -> tuple[str, ...]:
    """Return the most frequent shapes of malformed values."""
    rows = landed.rows()
    if position in landed.layout.chosen:
        rows = rows.filter(rows[f"in_{position}"])
    shapes = stacked([rows.select(shape=rows[f"shape_{i}"]) for i in cells])
    shapes = shapes.filter(shapes["shape"].notnull())
    frequent = shapes.group_by("shape").aggregate(times=shapes.count())
    top = frequent.order_by(ibis.desc("times"), "shape").limit(_EXAMPLES)
    return tuple(shape for batch in landed.backend.batches(top) for shape in batch.column("shape").to_pylist())
