"""`${{ … }}` as GitHub Actions evaluates it, as far as this project's files use it; anything else is refused loudly.

Source: GitHub Actions, expressions: literals, operators, `&&` and `||` return an operand, comparison ignores case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = "str | float | bool | Mapping[str, object] | None"

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w.-]*)|(?P<sign>==|!=|&&|\|\||[!()]))"
)
_EMBEDDED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_OPEN_ENDED = re.compile(r"(github\.event|steps\.[\w-]+\.outputs|env|secrets|vars)\..+")
"""Names that stand for null where there is nothing. Anywhere else that is a mistake in the file."""


class UnknownExpressionError(Exception):
    """An expression says something that nobody here knows."""


@dataclass(slots=True)
class _Parser:
    """Reads one expression from left to right."""

    text: str
    contexts: Mapping[str, object]
    status: Mapping[str, bool]
    at: int = 0

    def whole(self) -> Value:
        value = self._any()
        if self.text[self.at :].strip():
            raise UnknownExpressionError(f"{self.text!r} from {self.text[self.at :]!r} on")
        return value

    def _take(self, *signs: str) -> str | None:
        found = _TOKEN.match(self.text, self.at)
        if found is None or found["sign"] not in signs:
            return None
        self.at = found.end()
        return found["sign"]

    def _any(self) -> Value:
        value = self._all()
        while self._take("||"):
            other = self._all()
            value = value if truth(value) else other
        return value

    def _all(self) -> Value:
        value = self._compared()
        while self._take("&&"):
            other = self._compared()
            value = other if truth(value) else value
        return value

    def _compared(self) -> Value:
        value = self._operand()
        while sign := self._take("==", "!="):
            value = same(value, self._operand()) == (sign == "==")
        return value

    def _operand(self) -> Value:
        if self._take("!"):
            return not truth(self._operand())
        if self._take("("):
            value = self._any()
            self._expect(")")
            return value
        found = _TOKEN.match(self.text, self.at)
        if found is None or found["sign"]:
            raise UnknownExpressionError(f"{self.text!r} from {self.text[self.at :]!r} on")
        self.at = found.end()
        if found["text"]:
            return found["text"][1:-1].replace("''", "'")
        if found["number"]:
            return float(found["number"])
        return self._named(found["name"])

    def _named(self, name: str) -> Value:
        if name in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[name]
        if self._take("("):
            self._expect(")")
            if name not in self.status:
                raise UnknownExpressionError(f"{name}() in {self.text!r}")
            return self.status[name]
        return looked_up(self.contexts, name)

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise UnknownExpressionError(f"{self.text!r} lacks a {sign!r}")


def looked_up(contexts: Mapping[str, object], name: str) -> Value:
    """Return what a dotted name stands for."""
    value: object = contexts
    parts = name.split(".")
    for length, part in enumerate(parts, 1):
        if not isinstance(value, Mapping):
            value = None
        elif part in value:
            value = value[part]
        elif _OPEN_ENDED.fullmatch(".".join(parts[:length])):
            value = None
        else:
            raise UnknownExpressionError(f"there is no {name}")
    if value is None or isinstance(value, (str, float, bool, Mapping)):
        return value
    if isinstance(value, int):
        return float(value)
    raise UnknownExpressionError(f"{name} is a {type(value).__name__}")


def truth(value: Value) -> bool:
    """Whether a value counts as true."""
    return bool(value)


def same(one: Value, other: Value) -> bool:
    """Whether two values are the same, text in any case."""
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() == other.casefold()
    if type(one) is not type(other) and None not in (one, other):
        raise UnknownExpressionError(f"{one!r} is compared with {other!r}: GitHub makes numbers of both")
    return one == other or {one, other} == {None, ""}


def as_text(value: Value) -> str:
    """Return a value as it is put into text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}" if value < 1e6 else str(int(value))
    if isinstance(value, str):
        return value
    raise UnknownExpressionError("an object is put into text")


def evaluated(text: str, contexts: Mapping[str, object]) -> str:
    """Return `text` with every expression in it replaced by what it stands for."""
    return _EMBEDDED.sub(lambda found: as_text(_Parser(found[1].strip(), contexts, {}).whole()), text)


def condition(text: str | None, contexts: Mapping[str, object], *, failed: bool) -> bool:
    """Return whether a step or job with this `if:` is run, after an earlier one has `failed` or none has."""
    status = {"success": not failed, "failure": failed, "always": True, "cancelled": False}
    if text is None:
        return not failed
    whole = _EMBEDDED.fullmatch(text.strip())
    expression = (whole[1] if whole else text).strip()
    wanted = truth(_Parser(expression, contexts, status).whole())
    asks_itself = any(f"{name}()" in expression for name in status)
    return wanted and (asks_itself or not failed)
