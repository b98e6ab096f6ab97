"""What the expressions of this room ask of an engine beside what Ibis gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import ibis.expr.types as ir
    import pyarrow as pa

    from reconciler.identifiers import Hash
    from reconciler.identity.sources.opened import Opened
    from reconciler.origin import FileOrigin


class Naming(Protocol):
    """Gives an expression a name to be referred to by, as a view or a ``WITH``: Ibis writes an expression out again
    wherever it is used.
    """

    def named(self, name: str, expression: ir.Table) -> ir.Table:
        """Return a table that stands for `expression`; a `name` given again stands for the new one."""


class Functions(Protocol):
    """Functions that engines and databases have under different names."""

    def digest(self, text: ir.StringValue, hash_: Hash) -> ir.StringValue:
        """Return the digest of UTF-8 text as lower-case hexadecimal text; null for null."""

    def json_list(self, text: ir.StringValue) -> ir.ArrayValue:
        """Return the strings of a JSON array; of text that is no JSON array, the text itself; null for null."""


class Backend(Naming, Functions, Protocol):
    """An engine at work. What it makes lives until its work ends; nothing raw is ever in what it lands."""

    def key(self, hexadecimal: ir.StringValue, hash_: Hash) -> ir.Value:
        """Return the bytes of a digest in hexadecimal text, in the type this engine sorts and joins fastest.

        Its order is that of the bytes. `batches` gives it as binary.
        """

    def binary(self, key: ir.Value) -> ir.BinaryValue:
        """Return a key as binary, which keys of every digest have in common."""

    def land(self, expression: ir.Table, folder: Path, *, by: str | None = None) -> None:
        """Compute `expression` once and keep it in `folder`; where `by` names a column of text, apart by its values."""

    def landed(self, folder: Path, *, by: str | None = None) -> ir.Table:
        """Return what was landed in `folder` and the folders in it; of what was landed apart, the value `by` alone."""

    def parts(self, folder: Path) -> tuple[str, ...]:
        """Return the values that `folder` was landed apart by, in order."""

    def drop(self, folder: Path) -> None:
        """Remove what was landed in `folder`."""

    def sets(self, files: Sequence[Path]) -> ir.Table:
        """Return the rows of set files that have the same columns; identifiers and persons are binary."""

    def batches(self, expression: ir.Table) -> Iterator[pa.RecordBatch]:
        """Yield the rows of `expression` in its order, a bounded number in memory; keys are binary."""

    def row(self, expression: ir.Table) -> dict[str, int]:
        """Return the only row of `expression`: counts."""


class Machine(Protocol):
    """What runs engines, for the time of a run."""

    def sets(self) -> AbstractContextManager[Backend]:
        """Open an engine for hashed rows and set files."""

    def files(self, origin: FileOrigin, *, filtered: bool, kept: Path | None) -> AbstractContextManager[Opened]:
        """Open a source of files.

        Args:
            origin: The files.
            filtered: Whether a `where` will judge their rows, and may fail on one.
            kept: The folder their hashed rows go into, if they do; nothing else may be written.

        Raises:
            SourceError: The files are missing, of several formats, or cut off.
        """

    def close(self) -> None:
        """Stop what runs. Closing twice is fine."""
