"""The one form a file of audiences has: what `reconciler fmt` writes.

- `model`: a file as it is laid out: keys, values in their source text, and the comments of each.
- `reading`: text to layout, with `trivia` (comments and blank lines) and `spread` (values over several lines).
- `ordering`: keys in the schema's order.
- `scalars`: quotes where a reader needs them.
- `writing`: layout to text.

Built on the events of the parser that reads configuration and on the text between them, rather than on a YAML
library's own round trip: those lose comments between keys that change places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from reconciler.config.canonical.ordering import ordered
from reconciler.config.canonical.reading import read
from reconciler.config.canonical.writing import write
from reconciler.config.compose import compose
from reconciler.errors import InvalidConfigError, ReconcilerError

if TYPE_CHECKING:
    from reconciler.config.compose import Node

Meaning: TypeAlias = "dict[str, Meaning] | list[Meaning] | tuple[str, object]"


class UnformattableError(ReconcilerError):
    """The file would not say the same afterwards, so it is left as it is."""


def canonical(shown: str, text: str) -> str:
    """Return the canonical form of a file; that of a canonical file is the file itself.

    Keys stand in the schema's order, names people chose in their own; two spaces a level; one blank line around
    every section of several lines; quotes where some reader of YAML needs them. Values in braces and brackets, long
    lines and the text of comments stay as written. Lines end as the first one does.

    Args:
        shown: The file's name in messages.
        text: The file's text, of printable characters and without a byte-order mark.

    Raises:
        InvalidConfigError: It is not YAML that configuration can be read from.
        UnformattableError: It would not mean the same afterwards.
    """
    before, problems = compose(shown, text)
    if before is None or problems:
        raise InvalidConfigError(problems)
    written = write(ordered(read(text)))
    after, problems = compose(shown, written)
    if after is None or problems or meaning(after) != meaning(before):
        raise UnformattableError(
            f"{shown} cannot be put into canonical form: it would not mean the same",
            hint="It was left as it is. Write unusual YAML in it more simply; this is worth reporting, too.",
        )
    first_line = text.partition("\n")[0]
    return written.replace("\n", "\r\n") if first_line.endswith("\r") and first_line != text else written


def meaning(node: Node) -> Meaning:
    """Return what `node` says, without its places; a number is not the truth value it equals."""
    content = node.content
    if isinstance(content, tuple):
        return [meaning(each) for each in content]
    if isinstance(content, dict):
        return {key: meaning(entry.value) for key, entry in content.items()}
    return type(content).__name__, content
