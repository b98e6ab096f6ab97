"""Identifiers one by one → rows of persons, and back. Long: a row an identifier. Wide: a row of a set file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from reconciler.identity.columns import stacked
from reconciler.identity.sets.setfile import LEGS, PERSON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir

    from reconciler.identifiers import IdType


def long(table: ir.Table, columns: Mapping[str, IdType], **further: ir.Value) -> ir.Table:
    """Return the identifiers in `columns`, one a row: `person`, `id_type` and `hash`, and `further` columns."""
    each = [
        table.select(person=table[PERSON], id_type=ibis.literal(id_type.value), hash=table[name], **further)
        for name, id_type in columns.items()
    ]
    every = stacked(each)
    return every.filter(every["hash"].notnull())


def packed(identifiers: ir.Table, id_types: Sequence[IdType], *, legs: bool = False) -> ir.Table:
    """Return identifiers, each there once, as the rows of a set file and in its order.

    A person's first identifier of each type, by the order of its bytes, goes into the first row, the next into the
    next.

    Args:
        identifiers: Long form, where `legs` with a column of that name.
        id_types: The columns to make.
        legs: Whether to tell the legs of each identifier beside it.
    """
    ranked = identifiers.mutate(row=ibis.row_number().over(group_by=["person", "id_type"], order_by="hash"))
    values = {t.value: ranked["hash"].max(where=ranked["id_type"] == t.value) for t in id_types}
    if legs:
        values |= {t.value + LEGS: ranked["legs"].max(where=ranked["id_type"] == t.value) for t in id_types}
    rows = ranked.group_by("person", "row").aggregate(**values)
    return rows.order_by("person", "row").drop("row")


def wide(table: ir.Table, columns: Mapping[str, IdType]) -> ir.Table:
    """Return a table whose persons have one row each as the rows of a set file, in its order."""
    return table.select(PERSON, **{id_type.value: table[name] for name, id_type in columns.items()}).order_by(PERSON)
