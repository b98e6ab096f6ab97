"""Columns as people have them → cells: values of one identity, one a row.

A mapped column is one cell. An array is as many as its longest row has elements. A column of a long table is a cell
that applies only in the rows of its type.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import ibis

from reconciler.identifiers import Form
from reconciler.identity.errors import SourceUnreadableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from reconciler.identifiers import MappedColumn, When
    from reconciler.identity.engines.protocol import Backend, Functions

MOST_ELEMENTS: Final = 100
"""Elements of one array. Whoever has more devices is no person."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Values of one identity, one a row.

    Attributes:
        mapped: What they are.
        value: The raw value.
        applies: Whether the row has this cell at all; None for all rows. Where it does not, nothing is missing.
    """

    mapped: MappedColumn
    value: ir.Value
    applies: ir.BooleanValue | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to be turned into members; nothing is read yet.

    Attributes:
        table: The rows that at least one selection wants.
        cells: The identifiers in them.
        verdicts: For each selection the column that says whether it wants the row; None where it wants all.
    """

    table: ir.Table
    cells: tuple[Cell, ...] = ()
    verdicts: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A mapped column as the source has it: its values, and the column that a long table tells types by."""

    mapped: MappedColumn
    value: ir.Value
    type_: ir.Value | None = None


def cells_of(backend: Backend, table: ir.Table, columns: Sequence[Column]) -> tuple[Cell, ...]:
    """Return the cells of `columns`. Arrays are measured first, which reads their columns once more.

    Raises:
        SourceUnreadableError: A row holds more than `MOST_ELEMENTS` values in one array.
    """
    lists = {i: each for i, column in enumerate(columns) if (each := _as_list(backend, column)) is not None}
    longest = _longest(backend, table, columns, lists) if lists else {}
    cells: list[Cell] = []
    for i, column in enumerate(columns):
        applies = _applies(column.mapped.when, column.type_)
        if i not in lists:
            cells.append(Cell(column.mapped, column.value, applies))
            continue
        for position in range(max(1, longest[i])):
            there = lists[i].length().fill_null(0) > position
            element = there.ifelse(lists[i][position], ibis.null("string"))
            # An array without elements lacks one value, not as many as the longest has.
            within = applies if position == 0 else there if applies is None else there & applies
            cells.append(Cell(replace(column.mapped, form=Form.VALUE), element, within))
    return tuple(cells)


def _as_list(backend: Functions, column: Column) -> ir.ArrayValue | None:
    if column.mapped.form is Form.JSON_ARRAY:
        return backend.json_list(column.value.cast("string"))
    return column.value if column.value.type().is_array() else None


def _longest(
    backend: Backend, table: ir.Table, columns: Sequence[Column], lists: dict[int, ir.ArrayValue]
) -> dict[int, int]:
    measured = backend.row(
        table.aggregate(**{f"list_{i}": each.length().max().fill_null(0) for i, each in lists.items()})
    )
    for i in lists:
        if measured[f"list_{i}"] > MOST_ELEMENTS:
            raise SourceUnreadableError(
                f'a row has {measured[f"list_{i}"]:,} values in the array "{columns[i].mapped.column}"; '
                f"{MOST_ELEMENTS} are the most",
                hint="Export a row for each device, with the person's mpid.",
            )
    return {i: measured[f"list_{i}"] for i in lists}


def _applies(when: When | None, type_: ir.Value | None) -> ir.BooleanValue | None:
    if when is None or type_ is None:
        return None
    wanted = [value.strip().lower() for value in when.values]
    return type_.cast("string").strip().lower().isin(wanted).fill_null(False)  # noqa: FBT003  # Ibis takes it by position
