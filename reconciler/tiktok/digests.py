"""Digests as TikTok reads them: lower-case hexadecimal, made on whole columns.

The last gate before the wire: only bytes of the right length become text here, so whatever went wrong before,
nothing raw passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from reconciler.identifiers import Hash
from reconciler.tiktok.errors import UnhashedError

if TYPE_CHECKING:
    from reconciler.identifiers import IdType

Digits: TypeAlias = npt.NDArray[np.uint8]
"""ASCII characters: a row for each digest, 32 or 64 of them."""

DIGEST_BYTES: Final = {Hash.MD5: 16, Hash.SHA256: 32}

_BINARY: Final = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)

_PAIRS: Final = np.frombuffer(bytes(range(256)).hex().encode(), np.uint16)
"""The two hexadecimal digits of every byte, side by side in memory."""


def hexadecimal(digests: pa.Array, id_type: IdType, path: str) -> Digits:
    """Return the digits of digests; nulls are left out.

    Args:
        digests: Binary values of 16 or 32 bytes, whichever `id_type` has.
        id_type: What they are.
        path: The endpoint they are for.

    Raises:
        UnhashedError: A value is text, or of another length. No message quotes it.
    """
    size = DIGEST_BYTES[id_type.hash]
    digests = _of_length(digests.drop_null(), size)
    if digests is None:
        said = f"a value of the column {id_type} is no {id_type.hash} digest of {size} bytes, so nothing was sent"
        raise UnhashedError(said, path=path)
    octets = np.frombuffer(digests.buffers()[1], np.uint8)[digests.offset * size :][: len(digests) * size]
    return _PAIRS[octets].view(np.uint8).reshape(len(digests), 2 * size)


def _of_length(values: pa.Array, size: int) -> pa.Array | None:
    """Return binary values as values of that length; None where one has another, or they are text."""
    if not any(is_kind(values.type) for is_kind in _BINARY):
        return None
    try:
        return values.cast(pa.binary(size))
    except pa.ArrowInvalid:
        return None
