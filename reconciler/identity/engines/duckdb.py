"""DuckDB, embedded: the engine that needs nothing else."""

from __future__ import annotations

import re
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import ibis
import pyarrow as pa
import sqlglot
from sqlglot import exp

from reconciler.identifiers import Hash
from reconciler.identity.columns import unhex
from reconciler.identity.nested import without_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis.expr.types as ir

    from reconciler.identity.sources.drivers.filesystem import Remote

_BATCH: Final = 1 << 17
_GROUP_ROWS: Final = 1 << 15
"""Rows of a row group of what is landed; each thread holds one in memory."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may take.

    Attributes:
        scratch: Where it spills; each connection in a folder of its own, because two may not share one.
        memory: DuckDB's ``memory_limit``, e.g. ``512MB``.
        threads: Threads, or None for one a core.
    """

    scratch: Path
    memory: str
    threads: int | None


class DuckDB:
    """A DuckDB in memory, as a `reconciler.identity.engines.protocol.Backend`.

    Attributes:
        ibis: The same as an Ibis backend, for what reads sources.
    """

    def __init__(self, backend: ibis.backends.duckdb.Backend) -> None:
        self.ibis = backend

    def named(self, name: str, expression: ir.Table) -> ir.Table:
        """Return a table that stands for `expression`."""
        return self.ibis.create_view(name, expression, overwrite=True)

    def reading(self, name: str, select: str) -> ir.Table:
        """Return what `select`, from `reading_files`, reads as a table."""
        self.ibis.raw_sql(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {select}')
        return self.ibis.table(name)

    def arriving(self, name: str, schema: ibis.Schema, batches: Iterator[pa.RecordBatch]) -> ir.Table:
        """Return rows as a table while they come; it can be read once."""
        reader = pa.RecordBatchReader.from_batches(schema.to_pyarrow(), batches)
        self.ibis.con.register(name, reader)
        return ibis.table(schema, name=name)

    def held(self, name: str, table: ir.Table) -> ir.Table:
        """Return a table that can be read again and again: in memory, and encrypted where that is full."""
        return self.ibis.create_table(f"{name}_held", table, temp=True)

    def empty(self, name: str, schema: ibis.Schema) -> ir.Table:
        """Return a table of these columns without a row."""
        self.ibis.con.register(name, schema.to_pyarrow().empty_table())
        return ibis.table(schema, name=name)

    def explain(self, expression: ir.Table) -> str:
        """Return the views made so far and the statement that computes `expression`, nested types without fields."""
        views = self.ibis.con.execute(
            "SELECT sql FROM duckdb_views() WHERE NOT internal AND NOT regexp_matches(view_name, '^(ibis|where)_') "
            "ORDER BY view_oid"
        ).fetchall()
        statements = [view.removesuffix(";") for (view,) in views] + [self.ibis.compile(expression)]
        return "\n".join(f"{_shown(each)};" for each in statements)

    def digest(self, text: ir.StringValue, hash_: Hash) -> ir.StringValue:
        """Return the digest of text."""
        return text.hexdigest(hash_.value)

    def json_list(self, text: ir.StringValue) -> ir.ArrayValue:
        """Return the strings of a JSON array."""
        # A case in a case, because DuckDB fails on the type of what is no JSON, and may look at it before an `and`.
        kind = _json_valid(text).ifelse(_json_type(text), ibis.literal(""))
        itself = text.isnull().ifelse(ibis.null("array<string>"), ibis.array([text]))
        return (kind == "ARRAY").ifelse(_json_strings(text, "$[*]"), itself)

    def key(self, hexadecimal: ir.StringValue, hash_: Hash) -> ir.Value:
        """Return the bytes of a digest; the 16 of an MD5 as a UUID, which DuckDB sorts and joins as a number."""
        return hexadecimal.cast("uuid") if hash_ is Hash.MD5 else unhex(hexadecimal)

    def binary(self, key: ir.Value) -> ir.BinaryValue:
        """Return a key as binary."""
        return unhex(key.cast("string").replace("-", "")) if key.type().is_uuid() else key

    def land(self, expression: ir.Table, folder: Path, *, by: str | None = None) -> None:
        """Compute `expression` once, into Parquet files."""
        folder.mkdir(mode=0o700, parents=True)
        file = _quoted(folder if by else folder / "all.parquet")
        apart = f", PARTITION_BY ({by}), WRITE_PARTITION_COLUMNS false" if by else ""
        how = f"FORMAT parquet, COMPRESSION uncompressed, ROW_GROUP_SIZE {_GROUP_ROWS}{apart}"
        self.ibis.raw_sql(f"COPY ({self.ibis.compile(expression)}) TO {file} ({how})")

    def landed(self, folder: Path, *, by: str | None = None) -> ir.Table:
        """Return what was landed in `folder`."""
        within = folder if by is None else next(folder.glob(f"*={by}"))
        return self.ibis.read_parquet(f"{literally(str(within))}/**/*.parquet", hive_partitioning=False)

    def parts(self, folder: Path) -> tuple[str, ...]:
        """Return the values that `folder` was landed apart by."""
        return tuple(sorted(each.name.split("=", maxsplit=1)[1] for each in folder.iterdir()))

    def drop(self, folder: Path) -> None:
        """Remove what was landed in `folder`."""
        shutil.rmtree(folder, ignore_errors=True)

    def sets(self, files: Sequence[Path]) -> ir.Table:
        """Return the rows of set files."""
        return self.ibis.read_parquet([literally(str(file)) for file in files], hive_partitioning=False)

    def batches(self, expression: ir.Table) -> Iterator[pa.RecordBatch]:
        """Yield the rows of `expression`."""
        reader = self.ibis.con.execute(self.ibis.compile(expression)).to_arrow_reader(_BATCH)
        for batch in reader:
            yield pa.RecordBatch.from_arrays([_plain(column) for column in batch.columns], names=batch.schema.names)

    def row(self, expression: ir.Table) -> dict[str, int]:
        """Return the only row of `expression`."""
        cursor = self.ibis.con.execute(self.ibis.compile(expression))
        names = [column[0] for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))


@contextmanager
def connect(
    limits: Limits, files: Sequence[str] | None = None, *, folder: Path | None = None, remote: Remote | None = None
) -> Iterator[DuckDB]:
    """Open a DuckDB, close it at the end and drop what it spilled.

    With `files` it is locked down by DuckDB itself: these (exact paths, or URLs that `remote` reads) and what lies
    under `folder` can be read and written, no other file, no network, no extension, and no setting can be changed any
    more; so nothing written in a `where` reaches further. Without, it is for set files, and runs nothing that a person
    wrote.

    Spilled pages are encrypted, because hashing before anything can spill is not enough: DuckDB writes whole pages,
    and what a page does not fill is memory it used before, file contents among it. The key lives in this connection
    and nowhere else. The DuckDB on PyPI has only a cipher whose random numbers are not of cryptographic quality and
    says so in the setting's name; it keeps raw values from a disk and its backups, not from a cryptanalyst.
    """
    spill = Path(tempfile.mkdtemp(prefix="spill-", dir=limits.scratch))
    backend = ibis.duckdb.connect(
        ":memory:",
        memory_limit=limits.memory,
        temp_directory=str(spill),
        autoinstall_known_extensions=False,
        autoload_known_extensions=False,
        allow_community_extensions=False,
        **({} if limits.threads is None else {"threads": limits.threads}),
    )
    try:
        backend.settings["enable_progress_bar"] = False
        backend.settings["preserve_insertion_order"] = False
        backend.settings["arrow_lossless_conversion"] = True
        backend.settings["temp_file_encryption"] = True
        backend.settings["force_mbedtls_unsafe"] = True
        if remote is not None:
            backend.con.register_filesystem(remote)
        else:
            # It may answer with what stood in a file before another of that name took its place. What is read through
            # `remote` is cached all the same: that refuses files that change.
            backend.settings["enable_external_file_cache"] = False
        if files is not None:
            allowed = [exp.Literal.string(path) for file in files for path in (file, literally(file))]
            backend.raw_sql(f"SET allowed_paths = {exp.array(*allowed).sql('duckdb')}")
            if folder is not None:
                within = exp.array(exp.Literal.string(f"{folder}/"))
                backend.raw_sql(f"SET allowed_directories = {within.sql('duckdb')}")
            backend.settings["enable_external_access"] = False
        backend.settings["lock_configuration"] = True
        yield DuckDB(backend)
    finally:
        backend.disconnect()
        shutil.rmtree(spill, ignore_errors=True)


def literally(path: str) -> str:
    """Return a glob that matches exactly `path`: DuckDB takes every path for a glob."""
    return re.sub(r"([\[*?])", r"[\1]", path)


def reading_files(
    function: str,
    files: Sequence[str],
    options: Mapping[str, str | int | bool] = MappingProxyType({}),
    *,
    columns: Mapping[str, str] | None = None,
) -> str:
    """Return a SELECT from one of DuckDB's readers, such as ``read_csv``, over exactly `files`.

    Columns are what stands in the files: a folder called ``idfa=x`` must not take the place of a column of theirs.
    What Ibis has for it loads an extension for URLs, which are read through `connect`'s `remote` here.

    Args:
        function: The reader.
        files: Paths or URLs.
        options: The reader's options, but for `columns`.
        columns: Types by column, where they are not to be detected.
    """
    named = {name: exp.convert(value) for name, value in {**options, "hive_partitioning": False}.items()}
    if columns is not None:
        fields = [
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=exp.Literal.string(type_))
            for name, type_ in columns.items()
        ]
        named["columns"] = exp.Struct(expressions=fields)
    paths = exp.array(*(exp.Literal.string(literally(path)) for path in files))
    arguments = [exp.EQ(this=exp.to_identifier(name), expression=value) for name, value in named.items()]
    reader = exp.Anonymous(this=function, expressions=[paths, *arguments])
    select: str = exp.select("*").from_(reader).sql("duckdb")
    return select


def _plain(column: pa.Array) -> pa.Array:
    """Return keys as binary: a UUID arrives as an extension of 16 bytes."""
    stored = column.storage if isinstance(column, pa.ExtensionArray) else column
    return stored.cast(pa.binary()) if pa.types.is_fixed_size_binary(stored.type) else stored


def _shown(statement: str) -> str:
    """Return a statement for people: the types that a reader is given, which are text in it, name no nested field."""
    tree = sqlglot.parse_one(statement, dialect="duckdb")
    for text in list(tree.find_all(exp.Literal)):
        if text.is_string and (masked := without_fields(text.this)) != text.this:
            text.replace(exp.Literal.string(masked))
    shown: str = tree.sql("duckdb", pretty=True)
    return shown


def _quoted(path: Path) -> str:
    quoted: str = exp.Literal.string(str(path)).sql("duckdb")
    return quoted


def _json_valid_of(text: str) -> bool:
    raise NotImplementedError(text)


def _json_type_of(text: str) -> str:
    raise NotImplementedError(text)


def _json_strings_of(text: str, path: str) -> list[str]:
    raise NotImplementedError(text, path)


# Ibis takes name and types from the signatures; DuckDB has the bodies.
_json_valid = ibis.udf.scalar.builtin(_json_valid_of, name="json_valid")
_json_type = ibis.udf.scalar.builtin(_json_type_of, name="json_type")
_json_strings = ibis.udf.scalar.builtin(_json_strings_of, name="json_extract_string")
