"""JSON of a forge, read field by field: what is not as the forge's API says never gets further than here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Fields: TypeAlias = Mapping[str, object]


class UnexpectedShapeError(ValueError):
    """A JSON value is not what it should be; the message names the field."""


def fields(value: object, name: str = "the answer") -> Fields:
    """Return `value`, which has to be an object."""
    if not isinstance(value, Mapping):
        raise UnexpectedShapeError(f"{name} is not an object")
    return value


def listed(value: object) -> list[object]:
    """Return `value`, which has to be a list."""
    if not isinstance(value, list):
        raise UnexpectedShapeError("the answer is not a list")
    return value


def text(of: Fields, name: str) -> str:
    """Return the text at `name`; an absent one and null are empty, as forges answer for what was left out."""
    value = of.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnexpectedShapeError(f'"{name}" is not text')
    return value


def whole(of: Fields, name: str) -> int:
    """Return the whole number at `name`."""
    value = of.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UnexpectedShapeError(f'"{name}" is not a whole number')
    return value


def below(of: Fields, name: str) -> Fields:
    """Return the object at `name`; an absent one and null are empty: a deleted account, a deleted fork."""
    value = of.get(name)
    return {} if value is None else fields(value, f'"{name}"')
