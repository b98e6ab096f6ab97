"""The kinds of identifier people are known by, under the one name each has in this project.

TikTok names them differently from endpoint to endpoint (Google's id is ``AAID`` when streamed and ``GAID``
in a file); those spellings live in `reconciler.tiktok`. Source: the identifier table of the Marketing API v1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Hash(StrEnum):
    """A hash function TikTok accepts. MD5 digests are 16 bytes, SHA-256 digests 32."""

    MD5 = "md5"
    SHA256 = "sha256"


class Identity(StrEnum):
    """What a source column holds.

    `MPID` is the person key: it groups devices and counts unique users, and is never sent.
    """

    MPID = "mpid"
    IDFA = "idfa"
    GAID = "gaid"
    EMAIL = "email"
    PHONE = "phone"

    @property
    def hashes(self) -> tuple[Hash, ...]:
        """The hashes TikTok takes this identity in, the default first; empty for the person key."""
        return _HASHES[self]


_HASHES = {
    Identity.MPID: (),
    Identity.IDFA: (Hash.MD5, Hash.SHA256),
    Identity.GAID: (Hash.MD5, Hash.SHA256),
    Identity.EMAIL: (Hash.SHA256,),
    Identity.PHONE: (Hash.SHA256,),
}


class IdType(StrEnum):
    """An identity under a hash: the type a member travels under. The order here is the column order of a set."""

    IDFA_MD5 = "idfa_md5"
    GAID_MD5 = "gaid_md5"
    IDFA_SHA256 = "idfa_sha256"
    GAID_SHA256 = "gaid_sha256"
    EMAIL_SHA256 = "email_sha256"
    PHONE_SHA256 = "phone_sha256"

    @classmethod
    def of(cls, identity: Identity, hash_: Hash) -> IdType:
        """Return the type of `identity` hashed with `hash_`; ValueError where TikTok takes no such pair."""
        return cls(f"{identity}_{hash_}")

    @property
    def identity(self) -> Identity:
        """The identity without its hash."""
        return Identity(self.value.split("_")[0])

    @property
    def hash(self) -> Hash:
        """The hash without its identity."""
        return Hash(self.value.split("_")[1])


class Form(StrEnum):
    """How a column holds identifiers. An array column of the source's own needs no telling: its type says it."""

    VALUE = "value"
    JSON_ARRAY = "json_array"


@dataclass(frozen=True, slots=True)
class When:
    """A condition of a long table: the column counts only in rows where `column` is one of `values`.

    Compared as text, surrounding spaces and upper or lower case aside.
    """

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """One column of a source that holds an identity. An identity may have several columns, each with its own.

    Attributes:
        identity: What the column holds.
        column: The column's name in the source.
        hash: How the identifier is sent (for the MPID: ignored).
        hashed: True where the column already holds `hash` digests as hexadecimal text. Said by the file,
            never guessed: an undashed UUID has the shape of an MD5.
        form: One identifier a row, or a JSON array of them in text.
        when: The rows in which the column counts; None for all.
    """

    identity: Identity
    column: str
    hash: Hash = Hash.MD5
    hashed: bool = False
    form: Form = Form.VALUE
    when: When | None = None

    @property
    def id_type(self) -> IdType | None:
        """The type its members travel under, or None for the person key."""
        return None if self.identity is Identity.MPID else IdType.of(self.identity, self.hash)
