"""The fields of a request, read strictly: a wrong type, an unknown name or an extra digit is refused by name.

TikTok answers most of these with code 40002; being strict here is what lets a config fail on this machine
instead of in production. Source: Marketing API v1.3, transport and the reference of each endpoint.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import orjson

from reconciler.sandbox import forms
from reconciler.sandbox.envelope import Code, Refusal, invalid
from reconciler.sandbox.forms import FormFile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from reconciler.sandbox.forms import Form

Item = TypeVar("Item")

_ID = re.compile(r"[0-9]{1,20}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_JSON_IN_QUERY = frozenset({"advertiser_ids", "custom_audience_ids", "fields", "filtering"})
_NUMBER_IN_QUERY = frozenset({"page", "page_size", "history_size"})


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for: `number` from 1, at most `size` entries."""

    number: int
    size: int

    def of(self, items: Sequence[Item], show: Callable[[Item], object]) -> dict[str, object]:
        """Return ``{"list", "page_info"}``; a page past the end is empty."""
        first = (self.number - 1) * self.size
        return {
            "list": [show(item) for item in items[first : first + self.size]],
            "page_info": {
                "page": self.number,
                "page_size": self.size,
                "total_number": len(items),
                "total_page": -(-len(items) // self.size),
            },
        }


class Parameters:
    """The fields of one request by name, with a strict reader for each type.

    Args:
        values: The fields, JSON already decoded.
        allowed: The names the endpoint knows.

    Raises:
        Refusal: 40002 for a name the endpoint does not know; every reader raises it for a wrong value.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, object], allowed: Collection[str]) -> None:
        for name in values:
            if name not in allowed:
                raise invalid(name, "Unknown field.")
        self._values = values

    @classmethod
    def from_query(cls, pairs: Iterable[tuple[str, str]], allowed: Collection[str]) -> Parameters:
        """Read the query of a GET, whose lists and objects are JSON."""
        values: dict[str, object] = {}
        for name, text in pairs:
            if name in values:
                raise invalid(name, "Given twice; a list is one JSON-encoded value.")
            values[name] = _decode(name, text)
        return cls(values, allowed)

    @classmethod
    def from_body(cls, body: bytes, content_type: str, allowed: Collection[str]) -> Parameters:
        """Read the body of a POST: one JSON object."""
        if _media_type(content_type) != "application/json":
            raise invalid("Content-Type", "Must be application/json.")
        try:
            values: object = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise Refusal(Code.INVALID_PARAMETER, "The request body is not valid JSON.") from None
        if not isinstance(values, dict):
            raise Refusal(Code.INVALID_PARAMETER, "The request body must be a JSON object.")
        return cls(values, allowed)

    @classmethod
    def from_form(cls, form: Form | None, content_type: str, allowed: Collection[str]) -> Parameters:
        """Read the body of a POST that carries a file."""
        if _media_type(content_type) != forms.MEDIA_TYPE:
            raise invalid("Content-Type", f"Must be {forms.MEDIA_TYPE}.")
        if form is None:
            raise Refusal(Code.INVALID_PARAMETER, f"The request body is not valid {forms.MEDIA_TYPE}.")
        values: dict[str, object] = {}
        for name, value in form.fields:
            if name in values:
                raise invalid(name, "Given twice.")
            values[name] = value
        return cls(values, allowed)

    def has(self, name: str) -> bool:
        """Return whether the field was sent."""
        return name in self._values

    def value(self, name: str) -> object:
        """Return a required field as it came, for the caller to check."""
        if name not in self._values:
            raise invalid(name, "Missing data for required field.")
        return self._values[name]

    def id(self, name: str) -> str:
        """Return a required id."""
        return _as_id(name, self.value(name))

    def ids(self, name: str, *, at_most: int) -> tuple[str, ...]:
        """Return a required list of 1 to `at_most` distinct ids."""
        ids = tuple(_as_id(name, item) for item in self._list(name, at_most))
        if len(set(ids)) != len(ids):
            raise invalid(name, "The same id is given twice.")
        return ids

    def text(self, name: str, *, at_most: int | None = None) -> str:
        """Return a required text that is not blank and has at most so many characters."""
        text = self.value(name)
        if not isinstance(text, str):
            raise invalid(name, "Must be a string.")
        if not text.strip():
            raise invalid(name, "Must not be empty.")
        if at_most is not None and len(text) > at_most:
            raise invalid(name, f"Must be at most {at_most} characters.")
        return text

    def texts(self, name: str, *, at_most: int) -> tuple[str, ...]:
        """Return a required list of 1 to `at_most` distinct texts."""
        texts = tuple(item for item in self._list(name, at_most) if isinstance(item, str))
        if len(texts) != len(self._list(name, at_most)):
            raise invalid(name, "Must be a list of strings.")
        if len(set(texts)) != len(texts):
            raise invalid(name, "The same value is given twice.")
        return texts

    def file(self, name: str) -> FormFile | None:
        """Return the file a form carries under this name, if it does."""
        file = self._values.get(name)
        return file if isinstance(file, FormFile) else None

    def choice(self, name: str, choices: Collection[str], *, default: str | None = None) -> str:
        """Return a text that is one of `choices`; required, unless there is a default."""
        if default is not None and name not in self._values:
            return default
        return _as_choice(name, self.value(name), choices)

    def choices(self, name: str, choices: Collection[str]) -> tuple[str, ...]:
        """Return a required list of distinct texts, each one of `choices`."""
        chosen = tuple(_as_choice(name, item, choices) for item in self._list(name, len(choices)))
        if len(set(chosen)) != len(chosen):
            raise invalid(name, "The same value is given twice.")
        return chosen

    def nested(self, name: str, allowed: Collection[str]) -> Parameters:
        """Return a required object as parameters of its own."""
        inner = self.value(name)
        if not isinstance(inner, dict):
            raise invalid(name, "Must be a JSON object.")
        return Parameters(inner, allowed)

    def number(self, name: str, *, default: int, low: int, high: int | None = None) -> int:
        """Return a whole number between `low` and `high`, `default` where it was not sent."""
        number = self._values.get(name, default)
        if not isinstance(number, int):
            raise invalid(name, "Must be a whole number.")
        if number < low or (high is not None and number > high):
            bounds = f"at least {low}" if high is None else f"between {low} and {high}"
            raise invalid(name, f"Must be {bounds}.")
        return number

    def page(self, *, largest: int) -> Page:
        """Return the page asked for: `page` from 1, `page_size` up to `largest` and 10 by default."""
        number = self.number("page", default=1, low=1)
        return Page(number, self.number("page_size", default=10, low=1, high=largest))

    def count(self, name: str) -> int:
        """Return how many entries a list has, 0 where it is none; for counting only."""
        entries = self._values.get(name)
        return len(entries) if isinstance(entries, list) else 0

    def account(self) -> str | None:
        """Return whose request it is, for the log: an advertiser id, or several with commas between."""
        one, several = self._values.get("advertiser_id"), self._values.get("advertiser_ids")
        if isinstance(one, str):
            return one
        if isinstance(several, list) and all(isinstance(each, str) for each in several):
            return ",".join(several)
        return None

    def _list(self, name: str, at_most: int) -> list[object]:
        items = self.value(name)
        if not isinstance(items, list):
            raise invalid(name, "Must be a list, JSON-encoded where it stands in a query.")
        if not 1 <= len(items) <= at_most:
            raise invalid(name, f"Length must be between 1 and {at_most}.")
        return items


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _decode(name: str, text: str) -> object:
    if name in _NUMBER_IN_QUERY:
        return int(text) if _NUMBER.fullmatch(text) else text
    if name not in _JSON_IN_QUERY:
        return text
    try:
        decoded: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise invalid(name, "Must be JSON-encoded.") from None
    return decoded


def _as_id(name: str, value: object) -> str:
    if isinstance(value, (int, float)):
        raise invalid(name, "Must be a string: ids have 19 digits, and a JSON number loses the last of them.")
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise invalid(name, "Must be a string of digits.")
    return value


def _as_choice(name: str, value: object, choices: Collection[str]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise invalid(name, f"Must be one of {', '.join(choices)}.")
    return value
