"""What the rules need of a database's SQL, and whether a database means by it what DuckDB means.

A rule of `reconciler.identity.normalise` compiles for every database, but a database may still read a regular
expression, a letter's lower case or a text's encoding in its own way, and differently from one server to the next.
So nothing is taken on trust: before a database hashes, it is given samples (constants of ours, nobody's rows) and its
answers are compared with DuckDB's. The same goes for a `where` that leans on what a collation decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

import ibis
import ibis.expr.datatypes as dt
import sqlglot
from sqlglot import exp

from reconciler.identifiers import Hash
from reconciler.identity.normalise import mask, rule_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import ibis.expr.types as ir

    from reconciler.identifiers import MappedColumn


@dataclass(frozen=True, slots=True)
class Functions:
    """What the rules need and Ibis cannot say for every database.

    Attributes:
        digest: Text → the hash of its UTF-8 bytes, lower-case hexadecimal text; null for null.
    """

    digest: Callable[[ir.StringValue, Hash], ir.Value]


class Leaning(Enum):
    """What a `where` leans on that the collation of a text decides, or the server: DuckDB knows one answer."""

    LOWER = "lower case"
    UPPER = "upper case"
    ILIKE = "comparing without regard to case"
    ORDER = "the order of texts"
    EQUALITY = "which texts are equal"
    CLASSES = "what is a letter, digit or space in a regular expression"
    DOT = "whether a dot in a regular expression is a line's end too"


def functions_for(dialect: str) -> Functions | None:
    """Return a dialect's functions, or None where it has none to hash with (SQLite, MySQL).

    Args:
        dialect: As Ibis calls it: ``duckdb``, ``pyspark``, ``postgres``, ``snowflake``, …
    """
    return _FUNCTIONS.get(dialect)


def sqlglot_name(dialect: str) -> str:
    """Return what sqlglot calls a dialect of Ibis."""
    return "spark" if dialect == "pyspark" else dialect


def judges(dialect: str) -> bool:
    """Return whether a `where` can run in a database of this dialect and choose the rows that DuckDB would.

    SQLite keeps dates as text, and MySQL compares text without regard to case, so there it runs on this side.
    """
    return dialect in _FUNCTIONS


def casts_to_null(dialect: str) -> bool:
    """Return whether a cast can give null for a value that does not convert, as DuckDB's ``try_cast``.

    Where it cannot, Ibis and sqlglot write an ordinary cast, which fails on such a value. Snowflake can, but only for
    text, and what is text is not known there.
    """
    return dialect in _CASTS_TO_NULL


def stepwise(sql: str, dialect: str) -> str:
    """Return a SELECT that computes each of its steps once a row.

    PostgreSQL merges a subquery into the query around it, and then computes a column as often as it is used: a regular
    expression, a dozen times. It does not merge one with an OFFSET.
    """
    if dialect != "postgres":
        return sql
    tree = sqlglot.parse_one(sql, dialect=dialect)
    for step in tree.find_all(exp.Subquery):
        if isinstance(step.this, exp.Select) and not step.this.args.get("offset"):
            step.this.offset(0, copy=False)
    return tree.sql(dialect)


def samples(dialect: str) -> str:
    """Return a query for the samples: columns ``place`` and ``raw``, made of constants."""
    rows = [
        exp.select(
            exp.alias_(exp.Literal.number(place), "place", quoted=True),
            exp.alias_(exp.cast(_literal(raw), "text"), "raw", quoted=True),
        )
        for place, raw in enumerate(_SAMPLES)
    ]
    return exp.union(*rows, distinct=False).sql(sqlglot_name(dialect))


def judged(table: ir.Table, columns: Sequence[MappedColumn], functions: Functions) -> ir.Table:
    """Return what the rules of `columns` make of the samples in `table`."""
    spelled = table.mutate(
        **{f"spelled_{i}": rule_for(mapped, dt.string).spell(table["raw"]) for i, mapped in enumerate(columns)}
    )
    answers: dict[str, ir.Value] = {"place": spelled["place"], "shape": mask(spelled["raw"])}
    for i, mapped in enumerate(columns):
        rule = rule_for(mapped, dt.string)
        text = spelled[f"spelled_{i}"]
        flaw = rule.flaw(text)
        answers[f"flaw_{i}"] = flaw
        usable = flaw.isnull().ifelse(rule.canonical(text), ibis.null("string"))
        answers[f"digest_{i}"] = functions.digest(usable, mapped.hash)
        if rule.is_plain is not None:
            answers[f"plain_{i}"] = rule.is_plain(spelled["raw"])
    return spelled.select(**answers).order_by("place")


def expected(columns: Sequence[MappedColumn]) -> list[dict[str, object]]:
    """Return what DuckDB makes of the samples, which is what is right."""
    return _by_duckdb(samples("duckdb"), lambda table: judged(table, columns, _FUNCTIONS["duckdb"]))


def texts(dialect: str, columns: Sequence[str]) -> str:
    """Return a query for texts that tell collations apart: ``place``, and in each of `columns` the same text."""
    rows = [
        exp.select(
            exp.alias_(exp.Literal.number(place), "place", quoted=True),
            *(exp.alias_(exp.cast(_literal(text), "text"), name, quoted=True) for name in columns),
        )
        for place, text in enumerate(_TEXTS)
    ]
    return exp.union(*rows, distinct=False).sql(sqlglot_name(dialect))


def read(table: ir.Table, columns: Sequence[str], leaning: Leaning) -> ir.Table:
    """Return how the `texts` in `columns` are read where `leaning` matters."""
    answers: dict[str, ir.Value] = {"place": table["place"]}
    for name in columns:
        answers |= {f"{name}_{i}": answer for i, answer in enumerate(_QUESTIONS[leaning](table[name]))}
    return table.select(**answers).order_by("place")


def read_rightly(columns: Sequence[str], leaning: Leaning) -> list[dict[str, object]]:
    """Return how DuckDB reads the `texts`."""
    return _by_duckdb(texts("duckdb", columns), lambda table: read(table, columns, leaning))


def _by_duckdb(query: str, asked: Callable[[ir.Table], ir.Table]) -> list[dict[str, object]]:
    backend = ibis.duckdb.connect(":memory:", threads=1)
    try:
        rows: list[dict[str, object]] = backend.to_pyarrow(asked(backend.sql(query))).to_pylist()
        return rows
    finally:
        backend.disconnect()


def _literal(raw: str | None) -> exp.Expr:
    return exp.null() if raw is None else exp.Literal.string(raw)


def _unary(name: str, takes: str, gives: str) -> Callable[..., ir.Value]:
    """Return a function of one argument that the database has under `name`."""
    return _builtin(lambda value: value, name=name, signature=((takes,), gives))


def _binary(name: str, takes: tuple[str, str], gives: str) -> Callable[..., ir.Value]:
    """Return a function of two arguments that the database has under `name`."""
    return _builtin(lambda first, second: (first, second), name=name, signature=(takes, gives))


_builtin: Final[Callable[..., Callable[..., ir.Value]]] = ibis.udf.scalar.builtin
_convert_to: Final = _binary("convert_to", ("string", "string"), "binary")
_encode: Final = _binary("encode", ("binary", "string"), "string")
_to_utf8: Final = _unary("to_utf8", "string", "binary")
_to_hex: Final = _unary("to_hex", "binary", "string")
_md5_in_hex: Final = _unary("md5", "binary", "string")
_md5_of_bytes: Final = _unary("md5", "binary", "binary")
_md5_of_text: Final = _unary("md5", "string", "binary")
_md5_of_text_in_hex: Final = _unary("md5", "string", "string")
_sha256_of_bytes: Final = _unary("sha256", "binary", "binary")
_sha256_of_text: Final = _unary("sha256", "string", "binary")
_sha2_of_text_in_hex: Final = _binary("sha2", ("string", "int"), "string")


def _by_ibis(text: ir.StringValue, hash_: Hash) -> ir.StringValue:
    return text.hexdigest(hash_.value)


def _by_postgres(text: ir.StringValue, hash_: Hash) -> ir.Value:
    # Bytes are hashed, because text would be hashed in the database's own encoding.
    utf8 = _convert_to(text, "UTF8")
    return _md5_in_hex(utf8) if hash_ is Hash.MD5 else _encode(_sha256_of_bytes(utf8), "hex")


def _by_trino(text: ir.StringValue, hash_: Hash) -> ir.Value:
    utf8 = _to_utf8(text)
    return _to_hex(_md5_of_bytes(utf8) if hash_ is Hash.MD5 else _sha256_of_bytes(utf8)).lower()


def _by_snowflake(text: ir.StringValue, hash_: Hash) -> ir.Value:
    return _md5_of_text_in_hex(text) if hash_ is Hash.MD5 else _sha2_of_text_in_hex(text, 256)


def _by_bigquery(text: ir.StringValue, hash_: Hash) -> ir.Value:
    return _to_hex(_md5_of_text(text) if hash_ is Hash.MD5 else _sha256_of_text(text))


_FUNCTIONS: Final[Mapping[str, Functions]] = {
    "duckdb": Functions(_by_ibis),
    "pyspark": Functions(_by_ibis),
    "databricks": Functions(_by_ibis),
    "postgres": Functions(_by_postgres),
    "trino": Functions(_by_trino),
    "snowflake": Functions(_by_snowflake),
    "bigquery": Functions(_by_bigquery),
}
_CASTS_TO_NULL: Final = frozenset({"duckdb", "pyspark", "databricks", "trino", "bigquery"})
_UUID: Final = "0BFB14A7-8b38-4a3b-9f8b-97F3E4D4A1F2"
_DIGEST: Final = "9E107D9D372BB6826BD81D3542A419D6"
_SAMPLES: Final = (
    None,
    "",
    " ",
    _UUID,
    _UUID.lower(),
    f"\u00a0{{{_UUID}}}\t",
    f"\ufeff'{_UUID.replace('-', '')}'\u200b\U000e0001",
    f"\u201c{_UUID}\u201d\r\n",
    f"{_UUID}\n",
    f"{_UUID}\u0085",
    f"{_UUID[:-1]}\u0664",
    "00000000-0000-0000-0000-000000000000",
    "{00000000000000000000000000000000}",
    "g" * 32,
    _DIGEST,
    f" {_DIGEST}{_DIGEST.lower()}",
    f"{_DIGEST}\n",
    "d41d8cd98f00b204e9800998ecf8427e",
    "42",
    "042",
    "-42.000",
    " 42.0 ",
    "1.5E+10",
    "9007199254740993",
    "a.b@example.com",
    " A.B+tag+more@Example.COM ",
    "a b@example.com\n",
    "\u00c4\u00d6\u00dc\u00df\u00c9\u00d1\u00c5\u00d8\u0141\u017d\u010c@Example.com",
    "\u0391\u0392\u0393\u0416\u042f\u0429@example.com",
    "\u540d\u524d\uff21@example.com",
    "a@b@c",
    "@",
    "+a@example.com",
    "a\\b'c\"d@example.com",
    "%_^$[](){}|\\d\\1@example.com",
    "+15551234567",
    "+1 (555) 123-4567",
    "+49\u2011151\u00ad2345\u20101234.5",
    "00491511234567",
    "+0123456789",
    "Stra\u00dfe 12, \u0e51\u0e52 \U0001f600",
)
"""Clean and unclean values of every kind; none of them is anybody's."""
_TEXTS: Final = (
    *("", "a", "B", "_", "a-b", "ab", "A B", "Z", "z"),
    *("\u00e9", "\u00c9", "e\u0301", "\u00e4", "\u00c4\u00d6\u0141\u017d", "\u00c9\u03a3", "\u0416\u042f"),
    *("\u00df", "\u0130", "\u0663", "\u00a0", "a\nb"),
)
"""Texts that collations order, fold or take apart differently."""
_QUESTIONS: Final[Mapping[Leaning, Callable[[ir.Value], Sequence[ir.Value]]]] = {
    Leaning.LOWER: lambda text: [text.lower()],
    Leaning.UPPER: lambda text: [text.upper()],
    Leaning.ILIKE: lambda text: [text.ilike(f"%{other}%") for other in ("\u00e9", "\u00c4", "\u03c3", "\u0436", "i")],
    Leaning.ORDER: lambda text: [text < other for other in ("B", "ab", "a b", "z", "\u00e4", "\u0436")],
    Leaning.EQUALITY: lambda text: [text == other for other in ("A", "b", "e", "\u00e9", "AB")],
    Leaning.CLASSES: lambda text: [text.re_search(f"^{each}$") for each in (r"\w", r"\d", r"\s", "[[:alpha:]]")],
    Leaning.DOT: lambda text: [text.re_search("^a.b$")],
}
