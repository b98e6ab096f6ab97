"""The words findings are made of: quoted names, lists, and "did you mean"."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.config.model import KeyPath

_LONGEST_QUOTE = 60
_MOST_CANDIDATES = 200
_KINDS = {"advertisers": "advertiser", "sources": "source", "audiences": "audience", "policies": "policy"}


def quoted(text: str) -> str:
    """Return `text` in double quotes on one line, shortened, with nothing in it that a terminal would obey."""
    return f'"{_harmless(text)}"'


def quoted_key(key: str) -> str:
    r"""Return `key` in quotes, cut after a colon.

    ``access_token:s3cr3t``, with the space forgotten, is one long key to YAML: what follows may be a secret.
    """
    name, colon, _ = key.partition(":")
    return quoted(f"{name}:…") if colon else quoted(key)


def listed(words: Iterable[str], last: str = "or") -> str:
    """Return ``a, b or c``, each as harmless as in quotes."""
    *most, end = map(_harmless, words)
    return f"{', '.join(most)} {last} {end}" if most else end


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `word` was probably meant to be, or None. Bounded, whatever people wrote."""
    known = {each.lower(): each for each in sorted(candidates)}
    if len(word) > _LONGEST_QUOTE or len(known) > _MOST_CANDIDATES:
        return None
    return next((known[near] for near in get_close_matches(word.lower(), known, n=1)), None)


def did_you_mean(word: str, candidates: Iterable[str], otherwise: str) -> str:
    """Return ``Did you mean "x"?`` where a candidate is near, else `otherwise`.

    Letters of other alphabets look like Latin ones; then the two are told apart by number.
    """
    near = closest(word, candidates)
    if not near:
        return otherwise
    strange = next((each for each in word if not each.isascii() and each not in near), None)
    difference = f" The {quoted(strange)} in yours is U+{ord(strange):04X}." if strange else ""
    return f"Did you mean {quoted(near)}?{difference}"


def _harmless(text: str) -> str:
    shown = text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in shown)


def label(path: KeyPath) -> str:
    """Name what stands at `path`: ``audience "lapsed_buyers"``, ``"lifecycle"``, ``moved[0]``."""
    match path:
        case ():
            return "the configuration"
        case (str(section), str(key)) if section in _KINDS:
            return f"{_KINDS[section]} {quoted(key)}"
        case (str(parent), int(index)) | (*_, str(parent), int(index)):
            return f"{parent}[{index}]"
        case _:
            return quoted_key(str(path[-1]))
