"""What stands in a customer file: hashes, one a line, or a table with a column for each type of identifier.

A file of a single type has no header. One of ``MULTIPLE_TYPES`` is CSV and begins with a header that names each
column by its type, in any order; a row of it is one user, with empty cells for what is not known. Refusals name
lines and never repeat what stands in them: what is not hashed must not end up in a message or a log.

Source: Marketing API v1.3, customer file audiences. It does not say how a header names its columns; here they are
called what `calculate_type` calls them.
"""

from __future__ import annotations

import csv
import re
from typing import IO, TYPE_CHECKING

from reconciler.sandbox.envelope import Code, Refusal, invalid
from reconciler.sandbox.packed_sets import USER_SIZE, Sorter, hash_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SINGLE_TYPES = (
    "IDFA_MD5",
    "GAID_MD5",
    "FIRST_MD5",
    "IDFA_SHA256",
    "GAID_SHA256",
    "FIRST_SHA256",
    "EMAIL_SHA256",
    "PHONE_SHA256",
)
"""The types of identifiers, as `calculate_type` names them; ``FIRST_…`` is a mobile id of either system."""

MULTIPLE_TYPES = "MULTIPLE_TYPES"

CALCULATE_TYPES = (*SINGLE_TYPES, MULTIPLE_TYPES)
"""What the files of an audience can hold."""

_CHUNK = 4 << 20
"""Bytes read at once, and on to the end of the line they end in."""

_HASHES = {
    # Either case, but one of them throughout, as the vendor asks.
    size: re.compile(f"[0-9a-f]{{{2 * size}}}|[0-9A-F]{{{2 * size}}}")
    for size in map(hash_size, SINGLE_TYPES)
}


def read_identifiers(content: IO[bytes], calculate_type: str) -> tuple[Sorter, ...]:
    """Return what a file holds, type by type.

    Args:
        content: The file, at its start.
        calculate_type: One of `SINGLE_TYPES`, or ``MULTIPLE_TYPES``.

    Raises:
        Refusal: 40062 for what is no hash of its type, 40906 for a file without any, 40909 for a
            header that does not name types, 40002 for a row of another width or for what is no text.
    """
    sorters = _read_table(content) if calculate_type == MULTIPLE_TYPES else (_read_lines(content, calculate_type),)
    if all(sorter.is_empty for sorter in sorters):
        raise Refusal(Code.FILE_EMPTY, "file: It holds no identifiers.")
    return sorters


def _read_lines(content: IO[bytes], id_type: str) -> Sorter:
    sorter = Sorter(id_type)
    for first_line, lines in _chunks(content, first_line=1):
        sorter.add_alone(_pack(id_type, enumerate(lines, first_line), lines))
    return sorter


def _read_table(content: IO[bytes]) -> tuple[Sorter, ...]:
    id_types = _read_header(content)
    sorters = tuple(map(Sorter, id_types))
    for first_line, lines in _chunks(content, first_line=2):
        rows = _read_rows(lines, len(id_types), first_line)
        columns = tuple(zip(*rows, strict=True))
        digests = [_read_column(*each, first_line) for each in zip(id_types, columns, strict=True)]
        users = [bytes.fromhex(next(filter(None, row), "")[: 2 * USER_SIZE]) for row in rows]
        for sorter, column, known in zip(sorters, columns, digests, strict=True):
            sorter.add(known, (user for user, cell in zip(users, column, strict=True) if cell))
    return sorters


def _read_header(content: IO[bytes]) -> list[str]:
    """Return the type of each column."""
    header = _decode(content.readline())
    id_types = next(csv.reader([header]), [])
    if not id_types or len(set(id_types)) != len(id_types) or not set(id_types) <= set(SINGLE_TYPES):
        raise Refusal(
            Code.FILE_TYPE_MISMATCH,
            f"file: Line 1 must name the columns, each once, as some of {', '.join(SINGLE_TYPES)}.",
        )
    return id_types


def _read_rows(lines: Sequence[str], width: int, first_line: int) -> list[list[str]]:
    try:
        rows = list(csv.reader(lines, strict=True))
    except csv.Error:
        raise invalid("file", f"Not CSV, in or after line {first_line}.") from None
    for line, row in enumerate(rows, first_line):
        if len(row) != width:
            raise invalid("file", f"Line {line} must have {width} cells, as line 1 has.")
    return rows


def _read_column(id_type: str, column: Sequence[str], first_line: int) -> list[bytes]:
    """Return the hashes of the cells that are not empty."""
    filled = [cell for cell in column if cell]
    packed = _pack(id_type, ((line, cell) for line, cell in enumerate(column, first_line) if cell), filled)
    size = hash_size(id_type)
    return [packed[start : start + size] for start in range(0, len(packed), size)]


def _chunks(content: IO[bytes], first_line: int) -> Iterator[tuple[int, list[str]]]:
    """Yield some million bytes after the other as whole lines, with the number of the first of them."""
    while chunk := content.read(_CHUNK):
        lines = _decode(chunk + content.readline()).removesuffix("\n").split("\n")
        yield first_line, lines
        first_line += len(lines)


def _decode(some: bytes) -> str:
    try:
        return some.decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise invalid("file", "Must be UTF-8 text.") from None


def _pack(id_type: str, numbered: Iterable[tuple[int, str]], hashes: Sequence[str]) -> bytes:
    """Return the bytes of hashes, one after the other; `numbered` tells their lines, should one of them be none."""
    size = hash_size(id_type)
    text = "\n".join(hashes)
    # Quick, for millions of lines: what reads back as it was written is hashes, one a line, of one letter case.
    try:
        packed = bytes.fromhex(text)
    except ValueError:
        packed = b""
    spelled = packed.hex("\n", size)
    if len(packed) % size == 0 and text in (spelled, spelled.upper()):
        return packed
    for line, each in numbered:
        if not _HASHES[size].fullmatch(each):
            raise Refusal(Code.NOT_HASHED, f"file: Line {line}: Not hashed as {id_type} in one letter case.")
    return packed
