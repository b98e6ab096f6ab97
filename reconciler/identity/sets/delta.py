"""The difference between what TikTok may hold and what it should hold, by identifier.

With deliveries under way nobody knows exactly what TikTok holds, only its bounds. What is *certain* is in the snapshot
and in every set under way; what is *possible* is in any of them. Adding what is not certain and removing what is
possible but not wanted leads to the wanted set from every state in between.

Two sets are compared range by range of their persons: rows that are the same in both go first, which are nearly all.
What is left is compared by identifier, so that one which only changed hands is neither added nor removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from filecmp import cmp
from itertools import chain, islice
from typing import TYPE_CHECKING

import ibis

from reconciler.identifiers import IdType
from reconciler.identity.columns import stacked
from reconciler.identity.model import Delta
from reconciler.identity.sets.ownership import apart, ranges
from reconciler.identity.sets.packing import long, packed
from reconciler.identity.sets.setfile import (
    PERSON,
    id_types,
    identifier_count,
    landed_rows,
    row_count,
    schema_of,
    writing,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import ibis.expr.types as ir

    from reconciler.identity.engines.protocol import Backend
    from reconciler.identity.model import Delivered

_IDENTIFIER = ("id_type", "hash")


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be added and removed, as files laid out like sets; None for nothing."""

    add: Path | None
    remove: Path | None
    counts: Delta


def compare(backend: Backend, delivered: Delivered, target: Path, folder: Path) -> Changes:
    """Write what must be added and removed to get from `delivered` to `target` into the new `folder`."""
    if not delivered.files:
        return Changes(target, None, Delta(identifier_count(target), 0, 0, 0, 0))
    if _is_there(delivered, target):
        return Changes(None, None, Delta(0, 0, identifier_count(target), _users(backend, target), 0))
    work = folder / "work"
    work.mkdir(mode=0o700, parents=True)
    certain, possible = _bounds(backend, delivered, work)
    forward = _differences(backend, certain, target, work / "forward")
    back = forward if certain == possible else _differences(backend, possible, target, work / "back")
    users_out = _users_out(backend, possible, back.gone) if back.gone_count else 0
    counts = Delta(
        forward.come_count, back.gone_count, identifier_count(possible), _users(backend, possible), users_out
    )
    changes = Changes(forward.come.replace(folder / "add"), back.gone.replace(folder / "remove"), counts)
    backend.drop(work)  # as large as the sets, and as many times as there are audiences
    return changes


def _is_there(delivered: Delivered, target: Path) -> bool:
    """Whether TikTok holds the wanted set already: the same members make the same file, and most nights bring none."""
    if delivered.snapshot is None or delivered.in_flight:
        return False
    return target.exists() and delivered.snapshot.exists() and cmp(delivered.snapshot, target, shallow=False)


@dataclass(frozen=True, slots=True)
class _Differences:
    """What only the later set holds, and what only the earlier one does: files laid out like sets."""

    come: Path
    come_count: int
    gone: Path
    gone_count: int


def _bounds(backend: Backend, delivered: Delivered, folder: Path) -> tuple[Path | None, Path]:
    """Return what is certainly there and what is possibly there, as files laid out like sets."""
    if delivered.snapshot is not None and not delivered.in_flight:
        return delivered.snapshot, delivered.snapshot
    types = _types(delivered.files)
    tables = [long_form(backend, each) for each in delivered.files]
    rows = sum(row_count(each) for each in delivered.files) * len(types)
    possible = folder / "possible"
    write_packed(backend, _owned(backend, stacked(tables), rows, folder / "all"), types, possible)
    if delivered.snapshot is None:
        return None, possible
    certain = folder / "certain"
    write_packed(backend, _common(backend, tables, rows, folder / "each"), types, certain)
    return certain, possible


def _owned(backend: Backend, every: ir.Table, rows: int, folder: Path) -> Iterator[ir.Table]:
    for (part,) in apart(backend, [every], "hash", rows, folder):
        yield part.group_by(_IDENTIFIER).aggregate(person=part[PERSON].min())


def _common(backend: Backend, tables: Sequence[ir.Table], rows: int, folder: Path) -> Iterator[ir.Table]:
    for common, *others in apart(backend, tables, "hash", rows, folder):
        for other in others:
            common = common.semi_join(other, _IDENTIFIER)  # noqa: PLW2901  # narrowed, one after the other
        yield common


def _differences(backend: Backend, before: Path | None, after: Path, folder: Path) -> _Differences:
    if before is None:
        before = folder.with_name(f"{folder.name}.nothing")
        with writing(before, schema_of(id_types(after))):
            pass
    types = _types((before, after))
    rows = max(row_count(before), row_count(after))
    new, old = (folder.with_name(f"{folder.name}.{side}") for side in ("new", "old"))
    afters, befores = (ranges(_aligned(backend, each, types), PERSON, rows) for each in (after, before))
    for step, (ours, theirs) in enumerate(zip(afters, befores, strict=True)):
        backend.land(_only(ours, theirs, types), new / str(step))
        backend.land(_only(theirs, ours, types), old / str(step))
    come, gone = folder.with_name(f"{folder.name}.come"), folder.with_name(f"{folder.name}.gone")
    return _Differences(
        come, _write_one_sided(backend, new, old, types, come), gone, _write_one_sided(backend, old, new, types, gone)
    )


def _only(rows: ir.Table, others: ir.Table, types: Sequence[IdType]) -> ir.Table:
    """Return the rows that are not the same in both sets."""
    same = [rows[PERSON] == others[PERSON], *(rows[t.value].identical_to(others[t.value]) for t in types)]
    return rows.anti_join(others, same)


def _write_one_sided(backend: Backend, side: Path, other: Path, types: Sequence[IdType], out: Path) -> int:
    """Write the identifiers that one side of the changed rows holds and the other does not; return how many."""
    columns = {t.value: t for t in types}
    ours, theirs = (long(backend.landed(each), columns) for each in (side, other))
    held, lacking = (landed_rows(each) * len(types) for each in (side, other))
    pairs = apart(backend, [ours, theirs], "hash", max(held, lacking), out.with_name(f"{out.name}.apart"))
    parts = (mine.anti_join(others, _IDENTIFIER) if lacking else mine for mine, others in pairs)
    return sum(write_packed(backend, parts if held else (), types, out).values())


def write_packed(
    backend: Backend, identifiers: Iterable[ir.Table], types: Sequence[IdType], out: Path, *, legs: bool = False
) -> Mapping[IdType, int]:
    """Write identifiers as rows of persons; return how many there are of each type.

    Args:
        backend: The engine.
        identifiers: Long form, in parts that fit into memory.
        types: The columns of the file.
        out: The file, laid out like a set.
        legs: Whether the identifiers tell their legs, and the file is to tell them too.
    """
    following = iter(identifiers)
    first = list(islice(following, 2))
    with writing(out, schema_of(types, legs=legs)) as writer:
        if len(first) == 1:
            writer.write(backend.batches(packed(first[0], types, legs=legs)))
        elif first:
            landed = out.with_name(f"{out.name}.identifiers")
            for step, part in enumerate(chain(first, following)):
                backend.land(part, landed / str(step))
            every, rows = backend.landed(landed), landed_rows(landed)
            for (part,) in apart(backend, [every], PERSON, rows, out.with_name(f"{out.name}.persons")):
                writer.write(backend.batches(packed(part, types, legs=legs)))
            backend.drop(landed)
    return writer.identifiers


def _users(backend: Backend, path: Path) -> int:
    """Return how many persons a set holds."""
    parts = ranges(backend.sets([path]), PERSON, row_count(path))
    return sum(backend.row(part.aggregate(users=part[PERSON].nunique()))["users"] for part in parts)


def _users_out(backend: Backend, before: Path, gone: Path) -> int:
    """Return how many persons of a set have lost everything they had in it."""
    out = 0
    rows = row_count(before)
    for old, lost in zip(
        ranges(long_form(backend, before), PERSON, rows), ranges(long_form(backend, gone), PERSON, rows), strict=True
    ):
        losses = lost.group_by(PERSON).aggregate(lost=lost.count())
        touched = old.semi_join(losses, PERSON)
        had = touched.group_by(PERSON).aggregate(had=touched.count())
        both = had.inner_join(losses, PERSON)
        out += backend.row(both.aggregate(out=(both["had"] == both["lost"]).sum().fill_null(0)))["out"]
    return out


def long_form(backend: Backend, path: Path) -> ir.Table:
    """Return the identifiers of a set file, one a row."""
    return long(backend.sets([path]), {t.value: t for t in id_types(path)})


def _aligned(backend: Backend, path: Path, types: Sequence[IdType]) -> ir.Table:
    """Return a set's rows with a column for each of `types`."""
    there = id_types(path)
    table = backend.sets([path])
    return table.select(PERSON, **{t.value: table[t.value] if t in there else ibis.null("binary") for t in types})


def _types(paths: Iterable[Path]) -> tuple[IdType, ...]:
    there = {id_type for path in paths for id_type in id_types(path)}
    return tuple(id_type for id_type in IdType if id_type in there)
