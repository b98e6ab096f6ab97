"""JSON that is not as it is documented: fields missing, added, or of another type; ids as numbers.

None of these says something *else* in the right form, which nobody could tell from the truth: no other id, no other
name, no shorter list.
"""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson

_DEEP: Final[dict[str, Any]] = orjson.loads('{"a":' * 200 + "1" + "}" * 200)
_NO_TEXT: Final[tuple[Any, ...]] = (None, True, False, 1.5, [], {}, [None], {"id": "1"}, "", _DEEP)
_NO_NUMBER: Final[tuple[Any, ...]] = (None, True, "x", "", -1, 1.5, "9" * 5000, "1e3", [], {}, 10**9, "٣", _DEEP)
_NO_FLAG: Final[tuple[Any, ...]] = (None, "x", "", 1.5, 7, [], {}, _DEEP)
_NO_LIST: Final[tuple[Any, ...]] = (None, True, {}, "x", "", 5, {"0": {}}, [None], ["x"], [[]], [5], _DEEP)
_NO_RECORD: Final[tuple[Any, ...]] = (None, True, [], "x", "", 5, [{}], _DEEP)
_EXTRA: Final[dict[str, Any]] = {
    "list": None,
    "code": 0,
    "__proto__": {},
    "data": [],
    "\x00\x1b[2J": "\u202e",
    "x" * 1000: "y",
}


@dataclass(frozen=True, slots=True)
class Mutation:
    """What was done to an answer.

    Attributes:
        answer: The answer as it arrives.
        told: What was done, for whoever reads a failure.
    """

    answer: httpx.Response
    told: str


def mutated(answer: httpx.Response, seed: int) -> Mutation:
    """Return an answer with one thing about it changed; the same seed changes the same thing.

    Args:
        answer: An answer in TikTok's envelope, read whole.
        seed: Which change.
    """
    document = orjson.loads(answer.content)
    told = change(document, seed)
    return Mutation(httpx.Response(answer.status_code, content=orjson.dumps(document)), told)


def change(document: dict[str, Any], seed: int) -> str:
    """Change one thing about a JSON document, where it is, and return what was done; the same seed does the same."""
    choose = random.Random(seed)
    places = [(document, key) for key in document] + [place for key in document for place in _places(document[key])]
    container, key = choose.choice(places)
    before = container[key]
    how = choose.choice(("missing", "retyped", "retyped", "retyped", "extra", "as_number"))
    if how == "missing" and isinstance(container, dict):
        del container[key]
    elif how == "extra" and isinstance(before, dict):
        before |= {name: copy.deepcopy(value) for name, value in _EXTRA.items() if name not in before}
    elif how == "as_number" and isinstance(before, str) and before.isdecimal() and len(before) < 20:
        container[key] = int(before)
    else:
        how = "retyped"
        container[key] = copy.deepcopy(choose.choice(_others(before)))
    now = container.get(key, "gone") if isinstance(container, dict) else container[key]
    return f"{key!r}: {how}, {before!r:.80} became {now!r:.80}"


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place inside a value: what holds it, and under which key."""
    keys: list[Any] = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    return [(value, key) for key in keys] + [place for key in keys for place in _places(value[key])]


def _others(value: Any) -> tuple[Any, ...]:
    match value:
        case bool():
            return _NO_FLAG
        case int() | float():
            return _NO_NUMBER
        case str():
            return _NO_TEXT
        case list():
            return _NO_LIST
        case _:
            return _NO_RECORD
