"""Rows → a set of members, as columns.

A person is known by 16 bytes, deterministic on every machine: the MD5 of the MPID behind a fixed prefix, or in a row
without an MPID the MD5 of the row's own identifiers. The prefix keeps tables of plain hashes from matching and the
MPIDs of this project from matching anybody else's; it is no secret, so a set file still deserves care. Where several
persons share an identifier the smallest has it in the file, while each counts as a user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ibis

from reconciler.identity.columns import stacked, unhex
from reconciler.identity.model import Rejected, SetSummary
from reconciler.identity.normalise import BLANK, MALFORMED, UNTRACKED, mask, rule_for
from reconciler.identity.setfile import digest, writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from reconciler.identifiers import Identity, IdType, MappedColumn
    from reconciler.identity.normalise import Rule
    from reconciler.identity.source import Rows

_HASHED: Final = "hashed_rows"
_PERSON_PREFIX: Final = "reconciler/person/mpid/"
_ROW_PREFIX: Final = "reconciler/person/row/"
_EXAMPLES: Final = 3
_BATCH: Final = 1 << 16


def build_set(
    backend: Backend, rows: Rows, columns: Sequence[MappedColumn], identities: Sequence[Identity], out: Path
) -> SetSummary:
    """Write the members among `rows` to `out`.

    Args:
        backend: Where the rows are read.
        rows: The rows, with the values of each of `columns`.
        columns: What is sent, and the person key where the source has one.
        identities: What to report on.
        out: The set file.
    """
    hashed = backend.create_table(_HASHED, _hash_rows(backend, rows, columns), temp=True)
    identifiers: dict[IdType, int] = {}
    with writing(out) as writer:
        for id_type in sorted({mapped.id_type for mapped in columns if mapped.id_type}):
            members = _distinct(hashed, [f"hash_{i}" for i, mapped in enumerate(columns) if mapped.id_type is id_type])
            if count := writer.write(id_type, backend.to_pyarrow_batches(members, chunk_size=_BATCH)):
                identifiers[id_type] = count
    counts = _counts(backend, hashed, columns)
    rejected = {
        identity: _rejected(
            backend, hashed, counts, [i for i, mapped in enumerate(columns) if mapped.identity is identity]
        )
        for identity in identities
    }
    return SetSummary(digest(out), counts["rows"], counts["users"], identifiers, rejected)


def _hash_rows(backend: Backend, rows: Rows, columns: Sequence[MappedColumn]) -> ir.Table:
    """Return for each row its person, and for each column the hash, the flaw, and the shape of what is malformed.

    Nothing raw is among the columns, so whatever the engine keeps from here on is hashed. Each step is a view of its
    own, because Ibis writes an expression out again wherever it is used.
    """
    rules = [rule_for(mapped, raw.type()) for mapped, raw in zip(columns, rows.identifiers, strict=True)]
    spelled = backend.create_view(
        "spelled_rows",
        rows.table.select(
            **{f"raw_{i}": raw for i, raw in enumerate(rows.identifiers)},
            **{
                f"spelled_{i}": rule.spell(raw)
                for i, (rule, raw) in enumerate(zip(rules, rows.identifiers, strict=True))
            },
        ),
    )
    judged = backend.create_view(
        "judged_rows",
        spelled.mutate(**{f"flaw_{i}": rule.flaw(spelled[f"spelled_{i}"]) for i, rule in enumerate(rules)}),
    )
    digested = backend.create_view(
        "digested_rows",
        judged.select(
            **{f"flaw_{i}": judged[f"flaw_{i}"] for i in range(len(rules))},
            **{f"shape_{i}": _shape(judged, i) for i in range(len(rules))},
            **{
                f"known_{i}": _known(judged, i, mapped, rule)
                for i, (mapped, rule) in enumerate(zip(columns, rules, strict=True))
            },
        ),
    )
    return digested.select(
        person=_person(digested, columns),
        **{f"hash_{i}": unhex(digested[f"known_{i}"]) for i, mapped in enumerate(columns) if mapped.id_type},
        **{name: digested[name] for name in digested.columns if not name.startswith("known_")},
    )


def _shape(judged: ir.Table, i: int) -> ir.StringValue:
    return (judged[f"flaw_{i}"] == MALFORMED).ifelse(mask(judged[f"raw_{i}"]), ibis.null("string"))


def _known(judged: ir.Table, i: int, mapped: MappedColumn, rule: Rule) -> ir.StringValue:
    """Return the digest of what is usable, as text; of the person key the key itself."""
    canonical = rule.canonical(judged[f"spelled_{i}"])
    plain = mapped.hashed or mapped.id_type is None
    known = canonical if plain else canonical.hexdigest(mapped.hash.value)
    return judged[f"flaw_{i}"].isnull().ifelse(known, ibis.null("string"))


def _person(digested: ir.Table, columns: Sequence[MappedColumn]) -> ir.BinaryValue:
    """Return whose row it is; null where it has no usable identifier, for then nobody can be reached through it."""
    own: ir.StringValue = ibis.literal("")
    key: ir.StringValue = ibis.null("string")
    for i, mapped in enumerate(columns):
        known = digested[f"known_{i}"]
        if mapped.id_type is None:
            key = known
        else:
            own = own + (f"{mapped.id_type}:" + known + ";").fill_null("")
    known_by = ibis.cases(
        (own == "", ibis.null("string")),
        (key.notnull(), _PERSON_PREFIX + key),
        else_=_ROW_PREFIX + own,
    )
    return unhex(known_by.hexdigest("md5"))


def _distinct(hashed: ir.Table, hashes: Sequence[str]) -> ir.Table:
    """Return each hash once, with the smallest person it belongs to, in ascending order."""
    each = stacked([hashed.select(hash=hashed[name], person=hashed["person"]) for name in hashes])
    each = each.filter(each["hash"].notnull())
    return each.group_by("hash").aggregate(person=each["person"].min()).order_by("hash")


def _counts(backend: Backend, hashed: ir.Table, columns: Sequence[MappedColumn]) -> dict[str, int]:
    flaws = {
        f"{flaw}_{i}": (hashed[f"flaw_{i}"] == flaw).sum().fill_null(0)
        for i in range(len(columns))
        for flaw in (BLANK, UNTRACKED, MALFORMED)
    }
    counted = hashed.aggregate(rows=hashed.count(), users=hashed["person"].nunique(), **flaws)
    counts: dict[str, int] = backend.to_pyarrow(counted).to_pylist()[0]
    return counts


def _rejected(backend: Backend, hashed: ir.Table, counts: dict[str, int], positions: Sequence[int]) -> Rejected:
    malformed, untracked, blank = (
        sum(counts[f"{flaw}_{i}"] for i in positions) for flaw in (MALFORMED, UNTRACKED, BLANK)
    )
    return Rejected(malformed, untracked, blank, _examples(backend, hashed, positions) if malformed else ())


def _examples(backend: Backend, hashed: ir.Table, positions: Sequence[int]) -> tuple[str, ...]:
    """Return the most frequent shapes of malformed values."""
    shapes = stacked([hashed.select(shape=hashed[f"shape_{i}"]) for i in positions])
    shapes = shapes.filter(shapes["shape"].notnull())
    frequent = shapes.group_by("shape").aggregate(times=shapes.count())
    top = frequent.order_by(ibis.desc("times"), "shape").limit(_EXAMPLES)
    return tuple(backend.to_pyarrow(top).column("shape").to_pylist())
