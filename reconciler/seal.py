"""A checksum that a document carries over its own bytes, so that damage is noticed before the document is used.

The first field of a sealed JSON document is ``"checksum": "sha256:<64 digits>"``. It is computed over all of the
document's bytes, with zeros in place of the 64 digits. A seal is no signature: it tells damage, not malice.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

FIELD: Final = "checksum"
UNSEALED: Final = "sha256:" + "0" * 64
"""What `seal` replaces: the field's value in a document that was just written."""

_HEAD: Final = re.compile(rb'\{(?P<space>\s*)"checksum": ?"sha256:(?P<digits>[0-9a-f]{64})"')


class BrokenSealError(ValueError):
    """A document's bytes are not those that were sealed."""


def seal(content: bytes) -> bytes:
    """Return a document with its checksum in it.

    Args:
        content: JSON whose first field is `FIELD`, with the value `UNSEALED`.

    Raises:
        ValueError: It is not.
    """
    head = _HEAD.match(content)
    if head is None:
        raise ValueError(f'the document does not begin with "{FIELD}"')
    start, end = head.span("digits")
    blank = content[:start] + b"0" * 64 + content[end:]
    return content[:start] + hashlib.sha256(blank).hexdigest().encode() + content[end:]


def is_sealed(content: bytes) -> bool:
    """Whether a document has a seal that holds; False where it has none.

    Raises:
        BrokenSealError: It has one, over other bytes than these.
    """
    if _HEAD.match(content) is None:
        return False
    if seal(content) != content:
        raise BrokenSealError("its checksum does not fit: some of its bytes are not those that were written")
    return True
