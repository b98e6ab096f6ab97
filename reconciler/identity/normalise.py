"""Raw values → hashed identifiers, as column expressions: the only place that says what an identifier looks like.

Where the rules come from:

* Device ids are upper- or lower-cased consistently and hashed (Marketing API v1.3, identifier table). The large open
  senders trim and lower-case before MD5; so does this. A device id is a UUID, so any spelling of one (RFC 9562,
  section 4: hexadecimal in either case; Microsoft's braces; no dashes) is brought to the lower-case dashed form first.
* The all-zero id is what Apple and Google hand out for people who limit tracking: it is nobody.
* Emails: no spaces, lower case, no ``+…`` in the local part, SHA-256. Phones: E.164 with its plus, SHA-256. TikTok's
  help pages of different years disagree on dots in emails and on the plus; dots and plus stay.

Every expression is Ibis, so that every engine and database compiles the same rules. Regular expressions keep to what
RE2, Java and PostgreSQL share: characters and ranges of them, no classes by name.

Nearly every value is already in its clean form. That is seen by one match (`Rule.is_plain`), and only the rest goes
through the steps that clean a value.
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

_UNSEEN: Final = (
    r"\x00-\x20\x7f-\xa0\xad"
    "\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u2066-\u206f\u3000"
    "\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0001\U000e0020-\U000e007f"
)
"""Spaces of every script, tabs, line ends, zero-width characters and byte-order marks: categories Z, Cc and Cf of
Unicode 15."""
_DASHES: Final = (
    r"\-"
    "\u058a\u05be\u1400\u1806\u2010-\u2015\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u301c\u3030\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d"
    "\U00010ead"
)
"""Dashes of every script: category Pd."""
_QUOTES = "\"'`\u2018\u2019\u201c\u201d"
_DASHED = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UNDASHED = "[0-9a-f]{32}"
_PLAIN_UUID = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
_UUID = rf"^(?:{_DASHED}|{_UNDASHED}|\{{{_DASHED}\}}|\{{{_UNDASHED}\}})$"
_EMAIL = "^([^@+]+)(?:[+][^@]*)?@([^@]+)$"
_PHONE = "^[+][1-9][0-9]{6,14}$"
_PLAIN_EMAIL = "^[a-zA-Z0-9._-]+@[a-zA-Z0-9.-]+$"
_PLAIN_NUMBER = "^[0-9]+$"
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

    What `is_plain` knows at a glance needs none of the other steps: its lower case is spelled and canonical, and it
    has no flaw.

    Attributes:
        is_plain: Whether a raw value is clean but for upper case; never null. None where that is not worth looking.
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
    is_plain: Callable[[ir.Value], ir.BooleanValue] | None = None

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
        if values.is_integer():
            return _PERSON_INTEGER
        return _PERSON_NUMBER if values.is_floating() else _PERSON_KEY
    return _RULES[mapped.identity]


def mask(raw: ir.Value) -> ir.StringValue:
    """Return the shape of a value without the value: digits as ``9``, punctuation as it is, all else as ``a``.

    At most 40 characters; of punctuation only ASCII is kept.
    """
    digits = raw.cast("string").substr(0, _MASK_LENGTH).re_replace("[0-9]", "9")
    return digits.re_replace("[^ -~]|[A-Za-z]", "a")


def _matches(pattern: str) -> Callable[[ir.StringValue], ir.BooleanValue]:
    return lambda spelled: spelled.re_search(pattern)


def _plain(pattern: str, length: int, *nobody: str) -> Callable[[ir.Value], ir.BooleanValue]:
    """Return a rule for values of one length. Its check is no repetition: in Java ``$`` lets a line end follow."""

    def is_plain(raw: ir.Value) -> ir.BooleanValue:
        text = raw.cast("string")
        matches = text.re_search(pattern) & (text.length() == length)
        for spelled in nobody:
            matches &= text != spelled
        return matches.fill_null(False)  # noqa: FBT003  # Ibis takes the value by position

    return is_plain


def _plain_without(foreign: str, pattern: str) -> Callable[[ir.Value], ir.BooleanValue]:
    """Return a rule for values of any length that hold no `foreign` character, such as a line end."""

    def is_plain(raw: ir.Value) -> ir.BooleanValue:
        text = raw.cast("string")
        return (text.re_search(pattern) & ~text.re_search(foreign)).fill_null(False)  # noqa: FBT003  # as above

    return is_plain


def _without(characters: str) -> Callable[[ir.Value], ir.StringValue]:
    return lambda raw: _lower(raw.cast("string").re_replace(f"[{characters}]", ""))


def _lower(text: ir.StringValue) -> ir.StringValue:
    # The two letters whose lower case engines disagree on: what it is, and whether it ends a word.
    return text.replace("\u0130", "i\u0307").replace("\u03a3", "\u03c3").lower()


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
    nothing = ("", *_digests(("",), mapped.hash))
    nobody = zeros if is_device else ()
    return Rule(
        spell=lambda raw: _trimmed(raw).lower(),
        usable=_matches(f"^[0-9a-f]{{{length}}}$"),
        nothing=nothing,
        nobody=nobody,
        is_plain=_plain(
            f"^[0-9a-f]{{{length}}}$", length, *(each for each in (*nothing, *nobody) if len(each) == length)
        ),
    )


def _digests(spellings: tuple[str, ...], hash_: Hash) -> tuple[str, ...]:
    return tuple(hashlib.new(hash_.value, each.encode()).hexdigest() for each in spellings)


def _always(value: ir.Value) -> ir.BooleanValue:
    return value.notnull()


_PERSON_KEY: Final = Rule(
    spell=_spell_person,
    usable=lambda spelled: ~spelled.re_search(_SCIENTIFIC),
    is_plain=_plain_without("[^0-9]", _PLAIN_NUMBER),
)
_PERSON_INTEGER: Final = Rule(spell=lambda raw: raw.cast("string"), usable=_always)
_PERSON_NUMBER: Final = Rule(spell=_spell_person_number, usable=_matches(_WHOLE))
_DEVICE: Final = Rule(
    spell=_without(_UNSEEN + _QUOTES),
    usable=_matches(_UUID),
    canonical=_dashed,
    nobody=_ZERO_SPELLINGS,
    is_plain=_plain(_PLAIN_UUID, len(_ZERO_DASHED), _ZERO_DASHED),
)
_RULES: Final = {
    Identity.IDFA: _DEVICE,
    Identity.GAID: _DEVICE,
    Identity.EMAIL: Rule(
        spell=_without(_UNSEEN),
        usable=_matches(_EMAIL),
        canonical=_plain_address,
        is_plain=_plain_without("[^a-zA-Z0-9._@-]", _PLAIN_EMAIL),
    ),
    Identity.PHONE: Rule(
        spell=_without(_UNSEEN + ".()" + _DASHES), usable=_matches(_PHONE), is_plain=_plain_without("[^0-9+]", _PHONE)
    ),
}
