"""The difference between what TikTok may hold and what it should hold, by identifier.

With deliveries under way nobody knows exactly what TikTok holds, only its bounds. What is *certain* is in the snapshot
and in every set under way; what is *possible* is in any of them. Adding what is not certain and removing what is
possible but not wanted leads to the wanted set from every state in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import ibis

from reconciler.identifiers import IdType
from reconciler.identity.columns import hexadecimal, stacked
from reconciler.identity.connection import literally
from reconciler.identity.errors import SetUnreadableError
from reconciler.identity.model import Delta
from reconciler.identity.setfile import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from reconciler.identity.model import Delivered

Action: TypeAlias = Literal["add", "remove"]

_IDENTIFIER: Final = ("id_type", "hash")


def count_delta(backend: Backend, delivered: Delivered, target: Path) -> Delta:
    """Count what must be added and removed to get from `delivered` to `target`."""
    possible = _possible(backend, delivered)
    staying = possible.semi_join(_read_set(backend, target), _IDENTIFIER)
    held = _one_row(backend, possible.aggregate(identifiers=possible.count(), users=possible["person"].nunique()))
    stays = _one_row(backend, staying.aggregate(identifiers=staying.count(), users=staying["person"].nunique()))
    added = _added(backend, delivered, target)
    return Delta(
        add=_one_row(backend, added.aggregate(identifiers=added.count()))["identifiers"],
        remove=held["identifiers"] - stays["identifiers"],
        delivered_identifiers=held["identifiers"],
        delivered_users=held["users"],
        users_out=held["users"] - stays["users"],
    )


def delta_rows(
    backend: Backend, delivered: Delivered, target: Path, action: Action, id_types: Sequence[IdType]
) -> ir.Table:
    """Return the delta as rows, a column for each of `id_types`, in an order that depends on nothing but the inputs.

    Each row holds identifiers of one person, lower-case hexadecimal text; a person's second identifier of a type goes
    into a further row.
    """
    ranked = _changes(backend, delivered, target, action, id_types).mutate(
        row=ibis.row_number().over(group_by=["person", "id_type"], order_by="hash")
    )
    values = {t.value: ranked["hash"].max(where=ranked["id_type"] == t.value) for t in id_types}
    rows = ranked.group_by("person", "row").aggregate(**values)
    texts = {t.value: hexadecimal(rows[t.value]) for t in id_types}
    return rows.mutate(**texts).order_by("person", "row").select(*texts)


def count_rows(backend: Backend, delivered: Delivered, target: Path, action: Action, id_types: Sequence[IdType]) -> int:
    """Return how many rows `delta_rows` has: for each person as many as there are of the most frequent type."""
    changes = _changes(backend, delivered, target, action, id_types)
    by_type = changes.group_by("person", "id_type").aggregate(times=changes.count())
    by_person = by_type.group_by("person").aggregate(rows=by_type["times"].max())
    count: int = backend.to_pyarrow(by_person["rows"].sum().fill_null(0)).as_py()
    return count


def changed_types(backend: Backend, delivered: Delivered, target: Path, action: Action) -> tuple[IdType, ...]:
    """Return the types that occur in the delta, in `IdType` order."""
    changes = _changes(backend, delivered, target, action, tuple(IdType))
    found = set(backend.to_pyarrow(changes.select("id_type").distinct()).column("id_type").to_pylist())
    return tuple(each for each in IdType if each in found)


def _changes(
    backend: Backend, delivered: Delivered, target: Path, action: Action, id_types: Sequence[IdType]
) -> ir.Table:
    """Return the identifiers to add or to remove, each with its person."""
    changes = _added(backend, delivered, target) if action == "add" else _removed(backend, delivered, target)
    return changes.filter(changes["id_type"].isin([id_type.value for id_type in id_types]))


def _added(backend: Backend, delivered: Delivered, target: Path) -> ir.Table:
    """Return what is wanted and not certain to be there."""
    wanted = _read_set(backend, target)
    if delivered.snapshot is None:
        return wanted
    certain = _read_set(backend, delivered.snapshot)
    for under_way in delivered.in_flight:
        certain = certain.semi_join(_read_set(backend, under_way), _IDENTIFIER)
    return wanted.anti_join(certain, _IDENTIFIER)


def _removed(backend: Backend, delivered: Delivered, target: Path) -> ir.Table:
    """Return what is possibly there and not wanted."""
    return _possible(backend, delivered).anti_join(_read_set(backend, target), _IDENTIFIER)


def _possible(backend: Backend, delivered: Delivered) -> ir.Table:
    """Return what may be there; where sets disagree on the person of an identifier, the smallest has it."""
    sets = [_read_set(backend, each) for each in delivered.files]
    if not sets:
        return ibis.memtable(SCHEMA.empty_table())
    if len(sets) == 1:
        return sets[0]
    every = stacked(sets)
    return every.group_by(_IDENTIFIER).aggregate(person=every["person"].min())


def _read_set(backend: Backend, path: Path) -> ir.Table:
    members = backend.read_parquet([literally(str(path))])
    if list(members.columns) != SCHEMA.names:
        raise SetUnreadableError(f"{path} is not the file of a set", hint="Plan again.")
    return members


def _one_row(backend: Backend, counts: ir.Table) -> dict[str, int]:
    row: dict[str, int] = backend.to_pyarrow(counts).to_pylist()[0]
    return row
