"""Raw values → hashed identifiers, as column expressions: the only place that says what an identifier looks like.

Where the rules come from:

* Device ids are upper- or lower-cased consistently and hashed (Marketing API v1.3, identifier table). The large open
  senders trim and lower-case before MD5; so does this. A device id is a UUID, so any spelling of one (RFC 9562,
  section 4: hexadecimal in either case; Microsoft's braces; no dashes) is brought to the lower-case dashed form first.
* The all-zero id is what Apple and Google hand out for people who limit tracking: it is nobody.
* Emails: no spaces, lower case, no ``+…`` in the local part, SHA-256. Phones: E.164 with its plus, SHA-256. TikTok's
  help pages of different years disagree on dots in emails and on the plus; dots and plus stay.

Every expression is Ibis, so that an engine other than DuckDB compiles the same rules; regular expressions keep to what
RE2 and Java share.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import ibis

from reconciler.identifiers import Hash, Identity

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.datatypes as dt
    import ibis.expr.types as ir

    from reconciler.identifiers import MappedColumn

BLANK: Final = "blank"
UNTRACKED: Final = "untracked"
MALFORMED: Final = "malformed"

_UNSEEN = r"\p{Z}\p{Cc}\p{Cf}"
"""Spaces of every script, tabs, line ends, zero-width characters and byte-order marks."""
_QUOTES = "\"'`\u2018\u2019\u201c\u201d"
_DASHED = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UNDASHED = "[0-9a-f]{32}"
_UUID = rf"^(?:{_DASHED}|{_UNDASHED}|\{{{_DASHED}\}}|\{{{_UNDASHED}\}})$"
_EMAIL = "^([^@+]+)(?:[+][^@]*)?@([^@]+)$"
_PHONE = "^[+][1-9][0-9]{6,14}$"
_WHOLE = "^-?[0-9]+$"
_WHOLE_AS_FLOAT = "^(-?[0-9]+)[.]0+$"
_SCIENTIFIC = "^-?[0-9][.][0-9]+[eE][+]?[0-9]+$"
"""A number that a spreadsheet or a float column has rounded: its last digits are gone."""

_EXACT = 2**53
"""The first whole number that a 64-bit float cannot tell from its neighbour (IEEE 754)."""

_ZERO = "0" * 32
_ZERO_DASHED = "00000000-0000-0000-0000-000000000000"
_ZERO_SPELLINGS = (_ZERO_DASHED, _ZERO, f"{{{_ZERO_DASHED}}}", f"{{{_ZERO}}}")
_DIGITS = {Hash.MD5: 32, Hash.SHA256: 64}
_MASK_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Rule:
    """How one column's values are read. Apply the steps one after the other, each to whole columns.

    Attributes:
        spell: Raw value → text without what never matters; null or empty where there is nothing.
        usable: Whether spelled text is such an identifier.
        canonical: Usable spelled text → what is hashed, or for a hashed column the digest itself.
        nothing: Spelled texts that stand for a missing value.
        nobody: Spelled texts that stand for no one in particular: people who limited tracking.
    """

    spell: Callable[[ir.Value], ir.StringValue]
    usable: Callable[[ir.StringValue], ir.BooleanValue]
    canonical: Callable[[ir.StringValue], ir.StringValue] = lambda spelled: spelled
    nothing: tuple[str, ...] = ("",)
    nobody: tuple[str, ...] = ()

    def flaw(self, spelled: ir.StringValue) -> ir.StringValue:
        """Return `BLANK`, `UNTRACKED` or `MALFORMED`, or null where the value is usable."""
        return ibis.cases(
            (spelled.isnull() | spelled.isin(self.nothing), BLANK),
            (spelled.isin(self.nobody), UNTRACKED),
            (~self.usable(spelled), MALFORMED),
        )


def rule_for(mapped: MappedColumn, values: dt.DataType) -> Rule:
    """Return how the values of a mapped column are read.

    Args:
        mapped: What the column holds.
        values: The type of its values: text or UUID; for the person key also a number.
    """
    if mapped.hashed and mapped.id_type is not None:
        return _digest_rule(mapped)
    if mapped.identity is Identity.MPID:
        return _PERSON_NUMBER if values.is_floating() else _PERSON_KEY
    return _RULES[mapped.identity]


def mask(raw: ir.Value) -> ir.StringValue:
    """Return the shape of a value without the value: letters as ``a``, digits as ``9``, at most 40 characters.

    Of other characters only ASCII punctuation and the space are kept.
    """
    letters = raw.cast("string").substr(0, _MASK_LENGTH).re_replace(r"\p{L}", "a")
    return letters.re_replace(r"\p{N}", "9").re_replace("[^ -~]", "")


def _matches(pattern: str) -> Callable[[ir.StringValue], ir.BooleanValue]:
    return lambda spelled: spelled.re_search(pattern)


def _without(characters: str) -> Callable[[ir.Value], ir.StringValue]:
    return lambda raw: raw.cast("string").re_replace(f"[{characters}]", "").lower()


def _trimmed(raw: ir.Value) -> ir.StringValue:
    return raw.cast("string").re_replace(f"^[{_UNSEEN}]+|[{_UNSEEN}]+$", "")


def _spell_person(raw: ir.Value) -> ir.StringValue:
    # A whole number out of a float column reads "42.0" in a text file; it is the same person as 42.
    trimmed = _trimmed(raw)
    return trimmed.re_search(_WHOLE_AS_FLOAT).ifelse(trimmed.re_extract(_WHOLE_AS_FLOAT, 1), trimmed)


def _spell_person_number(number: ir.FloatingValue) -> ir.StringValue:
    whole = number.try_cast("int64")
    exact = (whole.cast("float64") == number) & (whole.abs() < _EXACT)
    # "Not a number" is how a float column says that there is none.
    return ibis.cases((number.isnan(), ""), (exact, whole.cast("string")), else_=number.cast("string"))


def _dashed(spelled: ir.StringValue) -> ir.StringValue:
    digits = spelled.re_replace("[{}-]", "")
    groups = [digits.substr(start, length) for start, length in ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))]
    composed = groups[0] + "-" + groups[1] + "-" + groups[2] + "-" + groups[3] + "-" + groups[4]
    return (spelled.length() == len(_ZERO_DASHED)).ifelse(spelled, composed)


def _plain_address(spelled: ir.StringValue) -> ir.StringValue:
    return spelled.re_extract(_EMAIL, 1) + "@" + spelled.re_extract(_EMAIL, 2)


def _digest_rule(mapped: MappedColumn) -> Rule:
    length = _DIGITS[mapped.hash]
    is_device = mapped.identity in {Identity.IDFA, Identity.GAID}
    # The all-zero id hashed, and zeros where a digest should be: the id itself after all, or padded.
    zeros = (*_digests(_ZERO_SPELLINGS, mapped.hash), *_ZERO_SPELLINGS, "0" * length)
    return Rule(
        spell=lambda raw: _trimmed(raw).lower(),
        usable=_matches(f"^[0-9a-f]{{{length}}}$"),
        nothing=("", *_digests(("",), mapped.hash)),
        nobody=zeros if is_device else (),
    )


def _digests(spellings: tuple[str, ...], hash_: Hash) -> tuple[str, ...]:
    return tuple(hashlib.new(hash_.value, each.encode()).hexdigest() for each in spellings)


_PERSON_KEY: Final = Rule(spell=_spell_person, usable=lambda spelled: ~spelled.re_search(_SCIENTIFIC))
_PERSON_NUMBER: Final = Rule(spell=_spell_person_number, usable=_matches(_WHOLE))
_DEVICE: Final = Rule(
    spell=_without(_UNSEEN + _QUOTES), usable=_matches(_UUID), canonical=_dashed, nobody=_ZERO_SPELLINGS
)
_RULES: Final = {
    Identity.IDFA: _DEVICE,
    Identity.GAID: _DEVICE,
    Identity.EMAIL: Rule(spell=_without(_UNSEEN), usable=_matches(_EMAIL), canonical=_plain_address),
    Identity.PHONE: Rule(spell=_without(_UNSEEN + r".()\p{Pd}"), usable=_matches(_PHONE)),
}
