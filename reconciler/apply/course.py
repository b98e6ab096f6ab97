"""How far deliveries that travel together have come: counted, shown, and every now and then written down."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING, Final

import numpy as np
import orjson

from reconciler.state import change
from reconciler.state.model import PendingDelivery, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.apply.deliver import Delivery
    from reconciler.apply.parcels import Parcel
    from reconciler.apply.workbench import Workbench
    from reconciler.identity import Route

CHECKPOINT_SECONDS: Final = 2.0
"""How often the place reached is written down while a delivery goes on."""

ROW_ORDER: Final = 1
"""Names the rows that the engine makes of given sets, and their order.

Raised with any change of either: a place that was written down before means nothing after it.
"""


class Course:
    """Deliveries to audiences of one account, on their way along a route.

    Args:
        bench: What to work with.
        deliveries: One a leg of the route.
        route: What they need.
        plan_id: The plan they belong to.

    Attributes:
        place: Everything before it has certainly arrived.
    """

    def __init__(self, bench: Workbench, deliveries: Sequence[Delivery], route: Route, plan_id: str) -> None:
        self.place = place_to_go_on_from(deliveries)
        self._bench = bench
        self._deliveries = deliveries
        self._route = route
        self._pending = [_pending(bench, each, self.place, plan_id) for each in deliveries]
        self._identifiers = {"add": np.zeros(len(deliveries), np.int64), "remove": np.zeros(len(deliveries), np.int64)}
        self._rows = self._requests = 0
        self._rows_in_all = route.rows
        self._saved_at = monotonic()

    def begin(self) -> None:
        """Write down what is about to be delivered, before the first row leaves, and tell a person."""
        self._save()
        place, partitions = self.place, self._route.partitions
        part = f" of part {place.partition + 1:,} of {partitions:,}" if partitions > 1 else ""
        for each in self._deliveries:
            if place.partition or place.rows:
                self._bench.progress.said(each.action, f"going on after {place.rows:,} rows{part} that have arrived")
            self._bench.progress.delivering(each.action, each.members.add + each.members.remove)

    def arrived(self, parcel: Parcel) -> None:
        """Count what has arrived, in its order."""
        self.place = parcel.place
        self._rows += parcel.rows
        self._requests += len(parcel.requests)
        self._identifiers[parcel.direction] += parcel.identifiers
        for each, identifiers in zip(self._deliveries, parcel.identifiers.tolist(), strict=True):
            if not identifiers:
                continue
            if parcel.direction == "add":
                each.tally.added += identifiers
            else:
                each.tally.removed += identifiers
            self._bench.progress.delivered(each.action, identifiers)
        if monotonic() - self._saved_at >= CHECKPOINT_SECONDS:
            self._save()

    def stop(self) -> None:
        """Write down the place reached, and count what it took."""
        tally, rows_alone = self._bench.tally, self._rows_alone()
        tally.rows += self._rows
        tally.requests += self._requests
        tally.rows_alone += rows_alone
        tally.requests_alone += self._requests_alone(rows_alone)
        self._save()

    def _rows_alone(self) -> int:
        """Return the rows it would have taken to bring as much to one audience after the other."""
        return round(self._route.rows_alone * self._rows / self._rows_in_all) if self._rows else 0

    def _requests_alone(self, rows_alone: int) -> int:
        """Estimate the requests likewise: a row alone is taken to hold as many identifiers in one leg as in another."""
        if len(self._deliveries) == 1:
            return self._requests
        identifiers = np.concatenate(list(self._identifiers.values()))
        a_request = self._bench.rows_per_request * identifiers.sum() / max(1, rows_alone)
        return sum(ceil(each / a_request) for each in identifiers.tolist() if each)

    def _save(self) -> None:
        """Write the place down, for all of them at once."""
        state = self._bench.state.state
        for each in self._pending:
            state = change.with_pending(state, replace(each, place=self.place))
        self._bench.state.save(state)
        self._saved_at = monotonic()


def place_to_go_on_from(deliveries: Sequence[Delivery]) -> Place:
    """Return the place that the same deliveries, together, had reached when they were stopped; else the beginning.

    It holds only where nothing else has been sent to any of the audiences since, and none has come or gone.
    """
    route = route_name(deliveries)
    reached = {each.latest.place if each.latest else None for each in deliveries}
    place = reached.pop()
    return place if place is not None and not reached and place.route == route else Place(route)


def route_name(deliveries: Sequence[Delivery]) -> str:
    """Return a SHA-256 that stands for the rows of a route: which sets lead from where to where, in which audiences."""
    legs = sorted([each.audience_id, each.snapshot, each.in_flight, each.members.set_digest] for each in deliveries)
    return hashlib.sha256(orjson.dumps([ROW_ORDER, legs])).hexdigest()


def _pending(bench: Workbench, delivery: Delivery, place: Place, plan_id: str) -> PendingDelivery:
    """Return what is noted about a delivery; one that goes on began when it first did."""
    since = bench.now()
    if delivery.latest is not None and delivery.latest.place == place:
        since = delivery.latest.since
    target = delivery.members.set_digest
    return PendingDelivery(delivery.action.address, delivery.audience_id, target, place, plan_id, since)
