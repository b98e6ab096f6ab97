"""The text of customer files: what they hold, how a person is written, and where one file ends and the next begins.

Marketing API v1.3, ``dmp/custom_audience/file/upload/``. A file of one type has an identifier a line. A file of
several has a line a person, under a header that names the columns; there the vendor's words end, so the header has the
names that the types have where they stand alone, and a cell is empty where the person lacks that identifier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from reconciler.identifiers import IdType
from reconciler.tiktok.digests import hexadecimal
from reconciler.tiktok.errors import CalculateTypeError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from reconciler.tiktok.digests import Digits

PART_BYTES: Final = 49_000_000
"""Bytes of one file. TikTok takes 50 MB and does not say which, so the smaller megabyte, and room to spare."""

ROWS: Final = 20_000
"""Rows that are written at once: at most 6.6 MB, with every identifier there is, so that parts come out nearly full."""

MULTIPLE_TYPES: Final = "MULTIPLE_TYPES"

_UPLOAD: Final = "dmp/custom_audience/file/upload/"
_MIXED: Final = {
    "FIRST_MD5": (IdType.IDFA_MD5, IdType.GAID_MD5),
    "FIRST_SHA256": (IdType.IDFA_SHA256, IdType.GAID_SHA256),
}
"""Apple's and Google's ids in one file, an id a line; no audience is made so here, but imported ones may be."""

_COMMA, _NEWLINE = b",\n"


@dataclass(frozen=True, slots=True)
class Layout:
    """What the files of an audience hold, and how: the same for every file it ever gets.

    Attributes:
        calculate_type: As an audience has it: ``IDFA_MD5``, ``MULTIPLE_TYPES`` …
        id_types: The types that may stand in it, in column order where there are columns.
    """

    calculate_type: str
    id_types: tuple[IdType, ...]

    @property
    def is_table(self) -> bool:
        """Whether a line is a person, below a header, and not an identifier."""
        return self.calculate_type == MULTIPLE_TYPES

    @property
    def uploaded_as(self) -> str:
        """The type as the upload calls it: mixed mobile ids are ``MAID_…`` there, ``FIRST_…`` everywhere else."""
        return self.calculate_type.replace("FIRST_", "MAID_")

    @property
    def header(self) -> bytes:
        """The first line of every file; empty where there is none."""
        return f"{','.join(calculate_type(each) for each in self.id_types)}\n".encode() if self.is_table else b""


@dataclass(frozen=True, slots=True)
class Part:
    """One file, ready to be uploaded.

    Attributes:
        text: Its bytes, at most `PART_BYTES`.
        rows: People in it, where a person's identifiers stand in one row.
        identifiers: Identifiers in it.
    """

    text: bytes
    rows: int
    identifiers: int


def calculate_type(id_type: IdType) -> str:
    """Return what files call an identifier type: Google's id is ``GAID`` here, ``AAID`` where it is streamed."""
    return id_type.name


def layout_for(id_types: Collection[IdType], *, several: bool = False) -> Layout:
    """Return the layout of an audience that is yet to be made.

    Args:
        id_types: The types its people have now; at least one.
        several: Whether it may come to hold other types later, which a file of a single type would shut out.
    """
    ordered = tuple(each for each in IdType if each in id_types)
    if len(ordered) == 1 and not several:
        return Layout(calculate_type(ordered[0]), ordered)
    return Layout(MULTIPLE_TYPES, ordered)


def layout_of(spelled: str, id_types: Collection[IdType]) -> Layout:
    """Return the layout of an audience that is there.

    Args:
        spelled: Its `calculate_type`, as TikTok gives it.
        id_types: The types that are to be written: the columns, where it has columns.

    Raises:
        CalculateTypeError: It holds a type that this tool does not write.
    """
    if spelled == MULTIPLE_TYPES:
        return layout_for(id_types, several=True)
    if spelled in _MIXED:
        return Layout(spelled, _MIXED[spelled])
    for each in IdType:
        if calculate_type(each) == spelled:
            return Layout(spelled, (each,))
    raise CalculateTypeError(f'it is made of "{spelled}" files', path=_UPLOAD)


def lines(rows: pa.RecordBatch, layout: Layout) -> bytes:
    r"""Return rows as lines of a file, each ending in ``\n``, without the header. Their order is the file's own.

    Works on whole columns; takes no time in Python for each row.

    Args:
        rows: Columns named by `IdType` values: binary digests or null; at least one in each row.
        layout: Of the audience.

    Raises:
        CalculateTypeError: There is an identifier of a type that the audience does not take.
        UnhashedError: A value is not a digest.
    """
    columns = {IdType(name): rows.column(name) for name in rows.schema.names}
    for id_type, column in columns.items():
        if id_type not in layout.id_types and column.null_count < len(column):
            said = f"it takes {layout.calculate_type} files, and there are identifiers of the type {id_type.name}"
            raise CalculateTypeError(said, path=_UPLOAD)
    columns = {each: columns[each] for each in layout.id_types if each in columns}
    if layout.is_table:
        return _table(columns, layout.id_types)
    return b"".join(_list(hexadecimal(column, each, _UPLOAD)) for each, column in columns.items())


def parts(batches: Iterable[pa.RecordBatch], layout: Layout, *, limit: int = PART_BYTES) -> Iterator[Part]:
    """Yield files that together hold every row once, as few as whole batches allow.

    Args:
        batches: As `lines` takes them, of about `ROWS` rows each: a batch is never parted.
        layout: Of the audience.
        limit: Bytes of a file.

    Raises:
        CalculateTypeError: There is an identifier of a type that the audience does not take.
        UnhashedError: A value is not a digest.
        ValueError: One batch alone is larger than `limit`.
    """
    texts: list[bytes] = [layout.header]
    size, rows, identifiers = len(layout.header), 0, 0
    for batch in batches:
        text = lines(batch, layout)
        if len(layout.header) + len(text) > limit:
            raise ValueError(f"{batch.num_rows:,} rows make {len(text):,} bytes, where a file takes {limit:,}")
        if size + len(text) > limit:
            yield Part(b"".join(texts), rows, identifiers)
            texts, size, rows, identifiers = [layout.header], len(layout.header), 0, 0
        texts.append(text)
        size += len(text)
        rows += batch.num_rows
        identifiers += sum(len(column) - column.null_count for column in batch.columns)
    if rows:
        yield Part(b"".join(texts), rows, identifiers)


def _list(digits: Digits) -> bytes:
    written = np.full((len(digits), digits.shape[1] + 1), _NEWLINE, np.uint8)
    written[:, :-1] = digits
    return written.tobytes()


def _table(columns: Mapping[IdType, pa.Array], order: tuple[IdType, ...]) -> bytes:
    """Return a line for each row, those of one length together: they are the rows that hold the same types."""
    present = {each: np.asarray(column.is_valid()) for each, column in columns.items()}
    digits = {each: hexadecimal(column, each, _UPLOAD) for each, column in columns.items()}
    places = {each: np.cumsum(there) - 1 for each, there in present.items()}  # of a row among those with that type
    pattern = sum((there.astype(np.uint8) << bit for bit, there in enumerate(present.values())), np.uint8(0))
    written = b""
    for each in np.unique(pattern):
        rows = np.flatnonzero(pattern == each)
        held = {id_type for bit, id_type in enumerate(present) if each >> bit & 1}
        cells = [digits[id_type][places[id_type][rows]] if id_type in held else None for id_type in order]
        written += _lines_alike(len(rows), cells)
    return written


def _lines_alike(count: int, cells: Sequence[Digits | None]) -> bytes:
    """Return lines whose cells are as wide in one as in the other; None for a cell that is empty in all of them."""
    widths = [0 if cell is None else cell.shape[1] for cell in cells]
    written = np.full((count, sum(widths) + len(cells)), _COMMA, np.uint8)
    start = 0
    for cell, width in zip(cells, widths, strict=True):
        if cell is not None:
            written[:, start : start + width] = cell
        start += width + 1
    written[:, -1] = _NEWLINE
    return written.tobytes()
