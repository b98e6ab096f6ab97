"""How every document of this tool is read back: all that it says is checked before any of it is believed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, TypedDict

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from reconciler import schemas
from reconciler.diagnostics import Location

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.errors import ReconcilerError

_LONGEST_REASON: Final = 200


class LocationDocument(TypedDict):
    """A place in a file, as a checked document says it."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of document.

    Attributes:
        noun: What it is, with its article: ``a plan``.
        schema: The name of its JSON Schema.
        marks: The keys it is told by.
        oldest: The oldest format version that is read.
        newest: The newest one.
        error: What is raised where a file is none of these.
        again: How to make one.
        renew: How to make the very same anew.
        damage: What to say of one that was changed after it was made.
    """

    noun: str
    schema: str
    marks: frozenset[str]
    oldest: int
    newest: int
    error: type[ReconcilerError]
    again: str
    renew: str
    damage: str


def decode(raw: bytes, name: str, format_: Format) -> Mapping[str, object]:
    """Return the document in `raw`, in the shape of its schema.

    Args:
        raw: The whole file.
        name: What to call it in an error: its path, for example.
        format_: What it has to be.

    Raises:
        ReconcilerError: The format's own error: it is not JSON, not such a document, of another version, or damaged.
    """
    try:
        document: object = orjson.loads(raw)
    except orjson.JSONDecodeError as why:
        raise format_.error(f"{name} is not JSON: {why}", hint=format_.again) from None
    if not isinstance(document, dict) or not document.keys() >= format_.marks:
        raise format_.error(f"{name} is JSON, but not {format_.noun} of reconciler", hint=format_.again)
    version = document["format_version"]
    if isinstance(version, int) and not format_.oldest <= version <= format_.newest:
        up_to = "" if format_.oldest == format_.newest > 1 else "up to "
        raise format_.error(
            f"{name} has format version {version}; this version of reconciler reads {up_to}{format_.newest}",
            hint=f"Use the version of reconciler that made it, or {format_.renew}.",
        )
    finding = best_match(_validator(format_.schema).iter_errors(document))
    if finding is not None:
        raise damaged(name, f"{_place(finding.absolute_path)}{_shortened(finding.message)}", format_)
    return document


def damaged(name: str, reason: str, format_: Format) -> ReconcilerError:
    """Return the error for a file that was such a document and is none any more."""
    return format_.error(f"{name} is damaged: {reason}", hint=format_.damage)


def location_of(document: LocationDocument | None) -> Location | None:
    """Return the place a checked document names; None where it names none."""
    if document is None:
        return None
    return Location(
        document["file"], int(document["line"]), int(document["column"])
    )  # 1.0 is an integer in JSON Schema


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(schemas.load(schema))


def _place(path: Iterable[str | int]) -> str:
    """Spell a path the way people write one: ``actions[3].members.add: ``; nothing for the document itself."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return f"{steps.removeprefix('.')}: " if steps else ""


def _shortened(message: str) -> str:
    return message if len(message) <= _LONGEST_REASON else f"{message[:_LONGEST_REASON]} …"
