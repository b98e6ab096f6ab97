"""Text from elsewhere in files this tool writes: what a file can declare, and comments that nothing breaks out of."""

from __future__ import annotations

import re
from typing import Final

# Controls, line breaks and half characters: what the schema keeps out of a name, and what YAML cannot say at all.
_UNSAYABLE: Final = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
# What YAML takes in quotes only, and marks that turn the reading direction.
_MISLEADING: Final = "\ufffe\uffff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"

_UNDECLARABLE: Final = re.compile(f"[{_UNSAYABLE}]")
_NOT_IN_COMMENTS: Final = re.compile(f"[{_UNSAYABLE}{_MISLEADING}]")


def has_undeclarable(text: str) -> bool:
    """Whether `text` holds characters that no file can declare."""
    return _UNDECLARABLE.search(text) is not None


def is_declarable(text: str) -> bool:
    """Whether a file can declare `text`: one line, and not a blank one."""
    return bool(text.strip()) and not has_undeclarable(text)


def comment(note: str) -> list[str]:
    """Return `note` as comments, one for each line that says something."""
    return [f"# {shown}" for line in note.splitlines() if (shown := one_line(line).strip())]


def one_line(text: str) -> str:
    """Return `text` with a space for every character that would end a line, or make it look like another one."""
    return _NOT_IN_COMMENTS.sub(" ", text)
