"""`State` to and from the bytes of ``state.json``: checked on the way in, stable on the way out."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from reconciler import schemas, seal
from reconciler.state.earlier import brought_up_to_date, needs_seal
from reconciler.state.errors import DamagedStateError, NewerStateError, UnwritableStateError
from reconciler.state.tree import VERSION, from_tree, to_tree

if TYPE_CHECKING:
    from reconciler.state.model import State
    from reconciler.state.tree import StateTree

_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
_REASON_LENGTH: Final = 200  # a schema error quotes what it found, which may be the whole document


def dump(state: State, known: State | None = None) -> bytes:
    """Return the document: indented JSON, keys sorted, so that two of them compare line by line.

    What `parse` would refuse is never returned, so that no write can make a state unreadable.

    Args:
        state: What to write.
        known: A state that was read or written before. The very objects both hold are not checked again, which
            keeps the many small writes of a delivery cheap however many audiences there are.

    Raises:
        UnwritableStateError: Something in `state` has no place in a state document.
    """
    try:
        content = orjson.dumps(to_tree(state), option=_OPTIONS)
        fault = _fault(to_tree(state if known is None else _without(state, known)))
    except (TypeError, ValueError) as error:  # a time without a zone; text that is not Unicode
        raise UnwritableStateError(str(error)) from error
    if fault is not None:
        raise UnwritableStateError(fault)
    return seal.seal(content)


def parse(content: bytes, place: str = "state.json") -> State:
    """Return the state that `content` holds, whichever version up to this one wrote it.

    Args:
        content: The document's bytes.
        place: What to call the document in errors.

    Raises:
        NewerStateError: A later version of this tool wrote it.
        DamagedStateError: It is not JSON, not a state, or not with the bytes that were written.
    """
    try:
        is_sealed = seal.is_sealed(content)
    except seal.BrokenSealError as broken:
        raise DamagedStateError(place, str(broken)) from broken
    tree = _read(content, place)
    if isinstance(tree, dict) and isinstance(version := tree.get("version"), int) and version > VERSION:
        raise NewerStateError(place, version, VERSION)
    if needs_seal(tree) and not is_sealed:
        raise DamagedStateError(place, "its checksum is missing or unreadable")
    return _state(tree, place)


def parse_edited(content: bytes, place: str) -> tuple[State, bool]:
    """Return the state that somebody may have changed by hand, and whether they did as far as its checksum tells.

    Args:
        content: The document's bytes.
        place: What to call the document in errors.

    Raises:
        NewerStateError: It is of a later version of this tool.
        DamagedStateError: It is not JSON, or not a state.
    """
    try:
        return parse(content, place), False
    except DamagedStateError:
        tree = _read(content, place)
        if not needs_seal(tree):
            raise
        return _state({**cast("dict[str, object]", tree), seal.FIELD: seal.UNSEALED}, place), True


def _read(content: bytes, place: str) -> object:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise DamagedStateError(place, f"it is not JSON ({error})") from error


def _state(tree: object, place: str) -> State:
    tree = brought_up_to_date(tree)
    fault = _fault(tree)
    if fault is not None:
        raise DamagedStateError(place, fault)
    try:
        return from_tree(cast("StateTree", tree))
    except ValueError as error:  # the schema knows the look of a time, not the calendar
        raise DamagedStateError(place, str(error)) from error


def _fault(tree: object) -> str | None:
    """Return where and how `tree` breaks the schema, or None."""
    try:
        fault = best_match(_validator().iter_errors(tree))
    except RecursionError:  # quoting what it found; a state itself is only a few levels deep
        return "it is nested too deeply"
    return None if fault is None else f"at {fault.json_path}: {fault.message[:_REASON_LENGTH]}"


def _without(state: State, known: State) -> State:
    """Return `state` less the resources and pending entries that `known` holds too."""
    known_pending = {id(each) for each in known.pending}
    return replace(
        state,
        resources={key: each for key, each in state.resources.items() if known.resources.get(key) is not each},
        pending=tuple(each for each in state.pending if id(each) not in known_pending),
    )


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(cast("dict[str, Any]", schemas.load("state")))
