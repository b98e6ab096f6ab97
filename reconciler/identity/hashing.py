"""Rows → hashed rows: for each row whose it is, and for each cell the digest, or the flaw that makes it unusable.

A person is known by 16 bytes, deterministic on every machine: the MD5 of the MPID behind a fixed prefix, or in a row
without an MPID the MD5 of the row's own identifiers. The prefix keeps tables of plain hashes from matching and the
MPIDs of this project from matching anybody else's; it is no secret, so a set file still deserves care.

The expressions run wherever the rows are: in an engine, or in the database itself, so that nothing raw leaves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import ibis

from reconciler.identifiers import Hash
from reconciler.identity.engines.protocol import Functions, Naming
from reconciler.identity.normalise import BLANK, MALFORMED, UNTRACKED, mask, rule_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from reconciler.identifiers import IdType, MappedColumn
    from reconciler.identity.cells import Cell, Rows
    from reconciler.identity.engines.protocol import Backend
    from reconciler.identity.normalise import Rule

FLAWS: Final = (BLANK, UNTRACKED, MALFORMED)
PART: Final = "part"
_PERSON_PREFIX: Final = "reconciler/person/mpid/"
_ROW_PREFIX: Final = "reconciler/person/row/"


class Hasher(Naming, Functions, Protocol):
    """What hashing asks of where it runs."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column of hashed rows is what.

    ``person`` is whose row it is, null where nothing in it is usable. Cell *i* has ``hash_i`` (but the person key),
    ``flaw_i`` (one of `FLAWS`, null where there is none) and ``shape_i`` (the masked value, of what is malformed).
    ``in_j`` says whether selection *j* wants the row.

    Attributes:
        cells: What each cell holds.
        chosen: The selections that want only some of the rows.
    """

    cells: tuple[MappedColumn, ...]
    chosen: frozenset[int]

    @classmethod
    def of(cls, rows: Rows) -> Layout:
        """Return how the hashed form of `rows` is laid out."""
        return cls(
            tuple(cell.mapped for cell in rows.cells),
            frozenset(j for j, verdict in enumerate(rows.verdicts) if verdict is not None),
        )

    def hashes(self, id_type: IdType) -> list[str]:
        """Return the columns with digests of a type."""
        return [f"hash_{i}" for i, mapped in enumerate(self.cells) if mapped.id_type is id_type]

    @property
    def digests(self) -> dict[str, IdType]:
        """The columns with digests, each with its type."""
        return {f"hash_{i}": mapped.id_type for i, mapped in enumerate(self.cells) if mapped.id_type}


def hash_rows(where: Hasher, rows: Rows) -> ir.Table:
    """Return the hashed rows of `rows`, digests and persons as hexadecimal text; nothing raw is among the columns."""
    rules = [rule_for(cell.mapped, cell.value.type()) for cell in rows.cells]
    verdicts = {f"in_{j}": rows.table[name] for j, name in enumerate(rows.verdicts) if name is not None}
    spelled = where.named("spelled_rows", rows.table.select(**_spelled(rows.cells, rules), **verdicts))
    judged = where.named(
        "judged_rows", spelled.mutate(**{f"flaw_{i}": _flaw(spelled, i, rule) for i, rule in enumerate(rules)})
    )
    digested = where.named(
        "digested_rows",
        judged.select(
            **{f"known_{i}": _known(where, judged, i, cell.mapped, rules[i]) for i, cell in enumerate(rows.cells)},
            **{f"flaw_{i}": judged[f"flaw_{i}"] for i in range(len(rules))},
            **{f"shape_{i}": _shape(judged, i) for i in range(len(rules))},
            **{name: judged[name] for name in verdicts},
        ),
    )
    layout = Layout.of(rows)
    return digested.select(
        person=_person(where, digested, layout.cells),
        **{name: digested[name.replace("hash", "known")] for name in layout.digests},
        **{name: digested[name] for name in digested.columns if not name.startswith("known_")},
    )


def keyed(backend: Backend, hashed: ir.Table, layout: Layout, *, digits: int) -> ir.Table:
    """Return hashed rows as an engine keeps them: keys for hexadecimal text, and the part of the persons they are in.

    Args:
        backend: The engine.
        hashed: What `hash_rows` made.
        layout: Of `hashed`.
        digits: How many of a person's first hexadecimal digits name its part; 0 for no parts.
    """
    parts = {PART: hashed["person"].substr(0, digits).fill_null("none")} if digits else {}
    keys = {name: backend.key(hashed[name], id_type.hash) for name, id_type in layout.digests.items()}
    return hashed.mutate(person=backend.key(hashed["person"], Hash.MD5), **keys, **parts)


def _spelled(cells: Sequence[Cell], rules: Sequence[Rule]) -> dict[str, ir.Value]:
    columns: dict[str, ir.Value] = {}
    for i, (cell, rule) in enumerate(zip(cells, rules, strict=True)):
        raw = cell.value if cell.applies is None else cell.applies.ifelse(cell.value, ibis.null(cell.value.type()))
        plain = rule.is_plain(raw) if rule.is_plain else ibis.literal(False)  # noqa: FBT003  # by position in Ibis
        columns[f"raw_{i}"] = raw
        columns[f"plain_{i}"] = plain
        columns[f"spelled_{i}"] = (
            plain.ifelse(raw.cast("string").lower(), rule.spell(raw)) if rule.is_plain else rule.spell(raw)
        )
        columns[f"applies_{i}"] = ibis.literal(True) if cell.applies is None else cell.applies  # noqa: FBT003  # as above
    return columns


def _flaw(spelled: ir.Table, i: int, rule: Rule) -> ir.StringValue:
    fine = spelled[f"plain_{i}"] | ~spelled[f"applies_{i}"]
    return fine.ifelse(ibis.null("string"), rule.flaw(spelled[f"spelled_{i}"]))


def _shape(judged: ir.Table, i: int) -> ir.StringValue:
    malformed = (judged[f"flaw_{i}"] == MALFORMED).fill_null(False)  # noqa: FBT003  # by position in Ibis
    return malformed.ifelse(mask(judged[f"raw_{i}"]), ibis.null("string"))


def _known(where: Functions, judged: ir.Table, i: int, mapped: MappedColumn, rule: Rule) -> ir.StringValue:
    """Return the digest of what is usable; of the person key the key itself."""
    spelled = judged[f"spelled_{i}"]
    canonical = judged[f"plain_{i}"].ifelse(spelled, rule.canonical(spelled))
    usable = judged[f"flaw_{i}"].isnull().ifelse(canonical, ibis.null("string"))
    return usable if mapped.hashed or mapped.id_type is None else where.digest(usable, mapped.hash)


def _person(where: Functions, digested: ir.Table, cells: Sequence[MappedColumn]) -> ir.StringValue:
    """Return whose row it is; null where it has no usable identifier, for then nobody can be reached through it."""
    key: ir.StringValue | None = None
    own: ir.StringValue = ibis.literal("")
    anything = ibis.literal(False)  # noqa: FBT003  # by position in Ibis
    for i, mapped in enumerate(cells):
        known = digested[f"known_{i}"]
        if mapped.id_type is None:
            key = known
        else:
            own = own + (f"{mapped.id_type}:" + known + ";").fill_null("")
            anything |= known.notnull()
    by_row = anything.ifelse(_ROW_PREFIX + own, ibis.null("string"))
    known_by = by_row if key is None else ibis.cases((anything & key.notnull(), _PERSON_PREFIX + key), else_=by_row)
    return where.digest(known_by, Hash.MD5)
