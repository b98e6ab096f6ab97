"""The metrics there are: their names, what they count and in which unit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """How values of a metric come together: added up, spread over buckets, or the last one counts."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Instrument:
    """A metric.

    Attributes:
        kind: How its values come together.
        unit: In UCUM, as OpenTelemetry asks: ``s``, ``{request}``.
        about: What it tells, with its attributes.
    """

    kind: Kind
    unit: str
    about: str


INSTRUMENTS: Final = {
    "reconciler.tiktok.requests": Instrument(
        Kind.COUNTER, "{request}", "Requests to TikTok, by path and by code of the answer; code none: no answer."
    ),
    "reconciler.tiktok.duration": Instrument(
        Kind.HISTOGRAM, "s", "Seconds from a request to its answer, by path and code."
    ),
    "reconciler.tiktok.rows": Instrument(Kind.COUNTER, "{row}", "Rows of people that TikTok took, by path."),
    "reconciler.tiktok.retries": Instrument(Kind.COUNTER, "{request}", "Requests that repeated another, by path."),
    "reconciler.tiktok.wait": Instrument(
        Kind.COUNTER, "s", "Seconds in which calls waited for the pace TikTok allows, or to try again, by path."
    ),
    "reconciler.identifiers": Instrument(
        Kind.COUNTER, "{identifier}", "Identifiers that have arrived, by direction: added or removed."
    ),
    "reconciler.actions": Instrument(Kind.COUNTER, "{action}", "Actions of applies, by kind and by outcome."),
    "reconciler.plan.duration": Instrument(Kind.HISTOGRAM, "s", "Seconds that making a plan took, by outcome."),
    "reconciler.apply.duration": Instrument(Kind.HISTOGRAM, "s", "Seconds that carrying one out took, by outcome."),
    "reconciler.audience.population": Instrument(
        Kind.GAUGE, "{person}", "People whom TikTok matched in an audience, by address and advertiser_id."
    ),
}
