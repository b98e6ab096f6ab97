"""Where a document breaks its JSON Schema, as frozen values: what jsonschema finds, without its loose types."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol, cast

from jsonschema import Draft202012Validator, ValidationError, validators

from reconciler import schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.config.document import Tree
    from reconciler.config.model import KeyPath

_OR_REFERENCE = r"|\$\{"
"""How a pattern lets an editor accept ``${NAME}``; the environment has been taken in before patterns count here."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule of the schema that one value breaks.

    Attributes:
        path: The value.
        rule: The keyword that is broken: ``type``, ``required``, ``pattern``, …
        expected: What the schema gives for that keyword.
        instance: The value itself; for a rule about keys, the key.
        schema: The subschema the rule stands in.
        is_about_key: Whether the rule is one for keys (``propertyNames``) rather than values.
        branches: For ``anyOf``: what each of its alternatives has against the value.
    """

    path: KeyPath
    rule: str
    expected: Tree
    instance: Tree
    schema: Mapping[str, Tree]
    is_about_key: bool = False
    branches: tuple[tuple[Violation, ...], ...] = ()

    def says(self, keyword: str) -> str:
        """Return the text the subschema has under `keyword`, or ""."""
        text = self.schema.get(keyword)
        return text if isinstance(text, str) else ""

    @property
    def properties(self) -> Mapping[str, Tree]:
        """The properties the subschema knows."""
        known = self.schema.get("properties")
        return known if isinstance(known, dict) else {}


def violations(tree: Tree) -> tuple[Violation, ...]:
    """Return every violation in `tree`, the unknown keys first: a misspelt key explains a missing one."""
    return _ordered(_validator().iter_errors(tree))


class _Validator(Protocol):
    def iter_errors(self, instance: object) -> Iterator[ValidationError]: ...


@cache
def _validator() -> _Validator:
    strict = validators.extend(  # type: ignore[no-untyped-call]  # the stubs leave it untyped
        Draft202012Validator, {"pattern": _pattern, "uniqueItems": _unique_items}
    )
    return cast("_Validator", strict(schemas.load("audiences")))


def _pattern(_: object, pattern: str, instance: object, schema: object) -> Iterator[ValidationError]:
    """Apply a pattern as JSON Schema means it: Python's ``$`` would let a trailing line break pass."""
    del schema
    strict = pattern.removesuffix(_OR_REFERENCE)
    strict = strict[:-1] + r"\Z" if strict.endswith("$") else strict
    if isinstance(instance, str) and not re.search(strict, instance):
        yield ValidationError("pattern")


def _unique_items(_: object, expected: object, instance: object, schema: object) -> Iterator[ValidationError]:
    """Compare text only: a list of anything else is wrong already, and comparing it takes quadratic time."""
    del schema
    texts = [each for each in instance if isinstance(each, str)] if isinstance(instance, list) else []
    if expected is True and len(set(texts)) < len(texts):
        yield ValidationError("uniqueItems")


def _ordered(errors: Iterable[ValidationError]) -> tuple[Violation, ...]:
    return tuple(sorted(map(_violation, errors), key=lambda each: each.rule != "additionalProperties"))


def _violation(error: ValidationError) -> Violation:
    branches: dict[int, list[ValidationError]] = {}
    for each in error.context or ():
        branches.setdefault(int(each.relative_schema_path[0]), []).append(each)
    return Violation(
        path=tuple(error.absolute_path),
        rule=str(error.validator),
        expected=cast("Tree", error.validator_value),
        instance=cast("Tree", error.instance),
        schema=cast("Mapping[str, Tree]", error.schema),
        is_about_key="propertyNames" in error.absolute_schema_path,
        branches=tuple(_ordered(each) for each in branches.values()),
    )
