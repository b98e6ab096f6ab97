"""Reading `batch_data`: every row checked against `id_schema` before any of them is applied.

One malformed row fails the whole batch. A refusal names the place, ``batch_data[12][1].id``, and never
repeats the identifier: what is not hashed must not end up in a message or a log.
Source: Marketing API v1.3, streaming audiences.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from reconciler.sandbox import audiences
from reconciler.sandbox.envelope import Code, Refusal, invalid
from reconciler.sandbox.packed_sets import USER_SIZE, hash_size

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from reconciler.sandbox.audiences import Audience
    from reconciler.sandbox.database import Transaction

ID_SCHEMAS = ("IDFA_MD5", "AAID_MD5", "IDFA_SHA256", "AAID_SHA256", "EMAIL_SHA256", "PHONE_SHA256")
"""What can be streamed, as `id_schema` names it."""

LARGEST_BATCH = 10_000
"""Rows. The vendor publishes no figure; senders use 1,000, and none was seen to use more than this."""

_HASHES = {
    # Either case, but one of them throughout, as the vendor asks.
    size: re.compile(f"[0-9a-f]{{{2 * size}}}|[0-9A-F]{{{2 * size}}}")
    for size in map(hash_size, ID_SCHEMAS)
}

_Place: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mapping:
    """Identifiers of one type that go the same way.

    Attributes:
        audience_nos: The numbers of the audiences they are put into or taken out of.
        id_type: One of `ID_SCHEMAS`.
        records: For each identifier its hash, then its user, as `packed_sets` keeps them.
    """

    audience_nos: tuple[int, ...]
    id_type: str
    records: bytearray


class _Targets:
    """The audiences that rows name. Rows mostly name the same ones, so each list is looked up once."""

    def __init__(self, transaction: Transaction, advertiser_ids: Collection[str]) -> None:
        self._transaction = transaction
        self._advertiser_ids = advertiser_ids
        self._resolved: dict[tuple[object, ...], tuple[str, tuple[int, ...]]] = {}

    def resolve(self, place: _Place, audience_ids: object) -> tuple[str, tuple[int, ...]]:
        """Return the account that owns the audiences, and their numbers."""
        if not isinstance(audience_ids, list) or not audience_ids:
            raise _malformed(place, "audience_ids", "Must be a list of at least one id.")
        key = tuple(audience_ids)
        try:
            return self._resolved[key]
        except TypeError:  # something in it cannot be a key, so it is no text either
            raise _malformed(place, "audience_ids", "Must be a list of strings.") from None
        except KeyError:
            self._resolved[key] = self._look_up(place, key)
        return self._resolved[key]

    def _look_up(self, place: _Place, audience_ids: tuple[object, ...]) -> tuple[str, tuple[int, ...]]:
        found = [self._streaming_audience(place, audience_id) for audience_id in audience_ids]
        if len({audience.advertiser_id for audience in found}) > 1:
            raise _malformed(place, "audience_ids", "All must belong to the same advertiser.")
        return found[0].advertiser_id, tuple(dict.fromkeys(audience.audience_no for audience in found))

    def _streaming_audience(self, place: _Place, audience_id: object) -> Audience:
        if not isinstance(audience_id, str):
            raise _malformed(place, "audience_ids", "Must be a list of strings.")
        audience = audiences.find(self._transaction, audience_id)
        if audience is None or audience.advertiser_id not in self._advertiser_ids:
            raise _malformed(place, "audience_ids", f"No named advertiser has created audience {audience_id}.")
        if audience.audience_type != audiences.STREAMING_TYPE:
            raise _malformed(place, "audience_ids", f"Audience {audience_id} is not a streaming audience.")
        return audience


def read_batch(
    transaction: Transaction, batch: object, id_schema: Sequence[str], advertiser_ids: Collection[str]
) -> tuple[Mapping, ...]:
    """Return what `batch_data` says: identifiers, put together by where they go. Each row is one user.

    Args:
        transaction: Where the audiences are looked up.
        batch: `batch_data` as it came.
        id_schema: Some of `ID_SCHEMAS`; every row has one object for each, ``{}`` where the person lacks it.
        advertiser_ids: The accounts whose audiences may be named.

    Raises:
        Refusal: 40002 for a malformed row or an audience that may not be named, 40062 for an identifier
            that has not the form of its hash.
    """
    if not isinstance(batch, list) or not 1 <= len(batch) <= LARGEST_BATCH:
        raise invalid("batch_data", f"Must be a list of 1 to {LARGEST_BATCH} rows.")
    patterns = [_HASHES[hash_size(name)].fullmatch for name in id_schema]
    targets = _Targets(transaction, advertiser_ids)
    mappings: dict[tuple[int, tuple[int, ...]], bytearray] = {}
    for number, row in enumerate(batch):
        if not isinstance(row, list) or len(row) != len(patterns):
            raise invalid(f"batch_data[{number}]", f"Must be a list of {len(patterns)} objects, as id_schema has.")
        owner: str | None = None
        user = b""
        for position, cell in enumerate(row):
            if cell == {}:
                continue
            place = (number, position)
            identifier, audience_ids = _open(place, cell)
            if not patterns[position](identifier):
                raise Refusal(
                    Code.NOT_HASHED, f"{_spell(place)}.id: Not hashed as {id_schema[position]} in one letter case."
                )
            account, audience_nos = targets.resolve(place, audience_ids)
            if owner is not None and owner != account:
                raise _malformed(place, "audience_ids", "A row must name audiences of one advertiser.")
            owner = account
            digest = bytes.fromhex(identifier)
            user = user or digest[:USER_SIZE]
            mappings.setdefault((position, audience_nos), bytearray()).extend(digest + user)
    return tuple(
        Mapping(audience_nos, id_schema[position], records) for (position, audience_nos), records in mappings.items()
    )


def _open(place: _Place, cell: object) -> tuple[str, object]:
    """Return `id` and `audience_ids` of an object that is not ``{}``."""
    if not isinstance(cell, dict):
        raise invalid(_spell(place), "Must be an object.")
    if len(cell) != 2 or "id" not in cell or "audience_ids" not in cell:
        raise invalid(_spell(place), "Must be {} or an object with id and audience_ids alone.")
    identifier = cell["id"]
    if not isinstance(identifier, str):
        raise _malformed(place, "id", "Must be a string.")
    return identifier, cell["audience_ids"]


def _spell(place: _Place) -> str:
    return f"batch_data[{place[0]}][{place[1]}]"


def _malformed(place: _Place, key: str, problem: str) -> Refusal:
    return invalid(f"{_spell(place)}.{key}", problem)
