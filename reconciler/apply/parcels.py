"""The rows of a route as requests, written out and counted, so that nothing is left to do but to send them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from reconciler.tiktok import streaming

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.identity import Direction, Mappings, Route
    from reconciler.state.model import Place
    from reconciler.tiktok.streaming import Request

Counts: TypeAlias = npt.NDArray[np.int64]
"""A number for each leg."""

_ACTIONS: dict[Direction, streaming.Action] = {"add": "add", "remove": "delete"}


@dataclass(frozen=True, slots=True)
class Parcel:
    """Rows that arrive together, or count as not arrived.

    Attributes:
        direction: ``add`` or ``remove``.
        requests: What carries them, to be sent one after the other; usually one.
        rows: How many they are.
        identifiers: What they hold for each audience.
        place: The place reached once they have arrived.
    """

    direction: Direction
    requests: tuple[Request, ...]
    rows: int
    identifiers: Counts
    place: Place


def parcels(
    route: Route, place: Place, advertiser_id: str, audience_ids: Sequence[str], *, size: int
) -> Iterator[Parcel]:
    """Yield what is left of a route, in its order. Takes no time in Python for each row.

    Args:
        route: What the audiences need.
        place: How far it has been delivered.
        advertiser_id: The account.
        audience_ids: The audience of each leg.
        size: Rows of one request.

    Raises:
        SetUnreadableError: A file that the rows are read from is missing or damaged.
        UnhashedError: An identifier is no digest.
    """
    for partition in range(place.partition, route.partitions):
        if partition != place.partition:
            place = replace(place, partition=partition, rows=0)
        for mappings in route.batches(partition, size=size, skip=place.rows):
            rows = mappings.rows.num_rows
            place = replace(place, rows=place.rows + rows)
            written = streaming.requests(
                advertiser_id,
                audience_ids,
                _ACTIONS[mappings.direction],
                mappings.rows,
                legs=mappings.legs,
                max_rows=size,
            )
            identifiers = count_identifiers(mappings, len(audience_ids))
            yield Parcel(mappings.direction, tuple(written), rows, identifiers, place)


def count_identifiers(mappings: Mappings, legs: int) -> Counts:
    """Return how many identifiers go to each of so many legs."""
    counts: Counts = np.zeros(legs, np.int64)
    if mappings.legs is None:
        counts[0] = sum(len(column) - column.null_count for column in mappings.rows.columns)
        return counts
    octets = -(-legs // 8)
    for column in mappings.legs.columns:
        masks = np.asarray(column.fill_null(0)).astype("<u8", copy=False)
        bits = np.unpackbits(masks.view(np.uint8).reshape(-1, 8)[:, :octets], axis=1, count=legs, bitorder="little")
        counts += bits.sum(axis=0, dtype=np.int64)
    return counts
