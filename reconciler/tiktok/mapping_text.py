"""The JSON of mapping rows: who goes to which audiences, written from whole columns.

Marketing API v1.3, ``segment/mapping/``: ``batch_data`` is an array with an array for each row, and in that an object
for each column: ``{"id": "…", "audience_ids": ["…"]}``, or ``{}`` where the row lacks that identifier.

A row's text is a few pieces one after the other: the punctuation between two hashes, of which there are few kinds, the
hash, and the list of audiences. A list is written from tables, a piece for eight audiences at a time, so that its cost
does not depend on how many different lists there are.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from reconciler.identifiers import IdType
from reconciler.tiktok.digests import hexadecimal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Masks: TypeAlias = npt.NDArray[np.uint64]
"""For each row the audiences an identifier goes to: bit *i* stands for the *i*-th."""

Validity: TypeAlias = npt.NDArray[np.bool_] | None
"""Which rows have a value; None where all have."""

PATH: Final = "segment/mapping/"

_BYTE: Final = 256
_OPEN, _LIST, _CLOSE = '{"id":"', '","audience_ids":[', "]}"


def encode(rows: pa.RecordBatch, audience_ids: Sequence[str], legs: pa.RecordBatch | None = None) -> bytes:
    """Return the JSON of ``batch_data``. Takes no time in Python for each row.

    Args:
        rows: Columns named by `IdType` values: binary digests of 16 or 32 bytes, or null.
        audience_ids: Audiences of one advertiser, at most 64.
        legs: The same columns and rows as 64-bit unsigned numbers: bit *i* set where the identifier goes to the
            *i*-th of `audience_ids`. None where every identifier goes to all of them.

    Raises:
        UnhashedError: A value is no digest of its column's type.
        ValueError: An identifier goes nowhere, or to an audience that is not there.
    """
    if rows.num_rows == 0:
        return b"[]"
    present = [_validity(column) for column in rows.columns]
    ending = _LIST + ",".join(_names(audience_ids)) + _CLOSE if legs is None else _CLOSE
    pieces: list[pa.Array | pa.Scalar] = []
    for place, (name, there) in enumerate(zip(rows.schema.names, present, strict=True)):
        before = _between(present[place - 1], ending, there) if place else _opening(there)
        pieces += [before, _hashes(rows.column(name), IdType(name), there)]
        if legs is not None:
            pieces += _lists(_masks(legs.column(name), there, len(audience_ids)), tuple(audience_ids))
    pieces.append(_closing(present[-1], ending))
    joined = pc.binary_join_element_wise(*pieces, _scalar(""))
    return b"".join((b"[", memoryview(_text_of(joined))[:-1], b"]"))  # less the comma after the last row


def _validity(column: pa.Array) -> Validity:
    return np.asarray(column.is_valid()) if column.null_count else None


def _opening(there: Validity) -> pa.Array | pa.Scalar:
    return _chosen(("[{}", "[" + _OPEN), there)


def _between(before: Validity, ending: str, after: Validity) -> pa.Array | pa.Scalar:
    """Return what stands between two hashes of a row, either of which may be lacking."""
    return _chosen((",{}", f"{ending},{{}}", f",{_OPEN}", f"{ending},{_OPEN}"), before, after)


def _closing(there: Validity, ending: str) -> pa.Array | pa.Scalar:
    return _chosen(("],", f"{ending}],"), there)


def _chosen(texts: Sequence[str], *there: Validity) -> pa.Array | pa.Scalar:
    """Return for each row one of `texts`, or that of all rows: the first where nothing is there, the last where all is.

    In between they count in binary, the first of `there` least.
    """
    if all(each is None for each in there):
        return _scalar(texts[-1])
    code = sum(np.left_shift(1 if each is None else each, bit, dtype=np.int8) for bit, each in enumerate(there))
    return pa.array([each.encode() for each in texts], pa.binary()).take(pa.array(code))


def _hashes(column: pa.Array, id_type: IdType, there: Validity) -> pa.Array:
    """Return the hexadecimal of each digest; nothing where there is none."""
    digits = hexadecimal(column, id_type, PATH)
    steps = np.ones(len(column), np.int32) if there is None else there.astype(np.int32)
    offsets = np.concatenate([np.zeros(1, np.int32), np.cumsum(steps, dtype=np.int32) * np.int32(digits.shape[1])])
    return pa.Array.from_buffers(pa.binary(), len(column), [None, pa.py_buffer(offsets), pa.py_buffer(digits)])


def _masks(legs: pa.Array, there: Validity, audiences: int) -> Masks:
    """Return the audiences of each identifier; 0 where there is no identifier.

    Raises:
        ValueError: An identifier goes nowhere, or to an audience that is not there.
    """
    masks: Masks = np.asarray(legs.fill_null(0) if legs.null_count else legs)
    masks = masks if there is None else np.where(there, masks, np.uint64(0))
    nowhere = (masks == 0) if there is None else (masks == 0) & there
    if nowhere.any() or (audiences < 64 and (masks >> np.uint64(audiences)).any()):
        raise ValueError(f"an identifier goes to none of {audiences} audiences, or to one that is not among them")
    return masks


def _lists(masks: Masks, audience_ids: tuple[str, ...]) -> Iterator[pa.Array]:
    """Yield the pieces of the list of audiences of each identifier, from its bracket to its last name."""
    octets = masks.astype("<u8", copy=False).view(np.uint8).reshape(len(masks), 8)
    named = np.zeros(len(masks), np.bool_)
    for place, table in enumerate(_tables(audience_ids)):
        octet = octets[:, place]
        code = octet.astype(np.int16)
        code[named] += _BYTE
        if place == 0:
            code[masks == 0] = len(table) - 1
        yield table.take(pa.array(code))
        named |= octet != 0


@lru_cache(maxsize=4)
def _tables(audience_ids: tuple[str, ...]) -> tuple[pa.Array, ...]:
    """Return for every eight audiences the text of each choice among them: as the first of a list, then further on.

    The first table's texts open the list; its last one is empty, for a row without an identifier.
    """
    names = _names(audience_ids)
    tables = []
    for start in range(0, len(names), 8):
        eight = names[start : start + 8]
        choices = [",".join(each for bit, each in enumerate(eight) if octet >> bit & 1) for octet in range(_BYTE)]
        if start == 0:
            texts = [_LIST + choice for choice in choices] + [""]
        else:
            texts = choices + [f",{choice}" if choice else "" for choice in choices]
        tables.append(pa.array([each.encode() for each in texts], pa.binary()))
    return tuple(tables)


def _names(audience_ids: Sequence[str]) -> list[str]:
    return [orjson.dumps(each).decode() for each in audience_ids]


def _scalar(text: str) -> pa.Scalar:
    return pa.scalar(text.encode(), pa.binary())


def _text_of(values: pa.Array) -> pa.Buffer:
    """Return all values one after the other: an array's own memory."""
    _, offsets, text = values.buffers()
    ends = np.frombuffer(offsets, np.int32)
    return text.slice(0, int(ends[len(values)]))
