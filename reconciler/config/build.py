"""From a document that was inspected to frozen values: the parts that are sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from reconciler.config import columns, origins, policies
from reconciler.config.advertisers import advertiser
from reconciler.config.model import (
    Audience,
    Config,
    Delivery,
    FileOptions,
    Lifecycle,
    Move,
    RateTier,
    Removal,
    Source,
)
from reconciler.config.paths import state_url
from reconciler.identifiers import Identity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config.inspection import Inspection
    from reconciler.secret import Secret

_SECONDS_OF = {"s": 1, "m": 60, "h": 3600}


def build(inspection: Inspection, folder: Path, secrets: tuple[Secret, ...] = ()) -> Config:
    """Return what is sound. An audience is left out with its advertiser or source, so that every key leads somewhere.

    Args:
        inspection: The document after every check.
        folder: Where the state goes by default.
        secrets: What came from the environment and must not be told.
    """
    advertisers = {key: advertiser(inspection, key) for key in _sound(inspection, "advertisers")}
    sources = {
        key: Source(key, origins.origin(inspection, key), columns.mapped_columns(inspection, key))
        for key in _sound(inspection, "sources")
    }
    audiences = (_audience(inspection, key, sources) for key in _sound(inspection, "audiences"))
    return Config(
        state_url=state_url(inspection.document, inspection.text("state", "url"), folder),
        engine=inspection.text("engine") or "duckdb",
        rows_per_request=_whole(inspection.value("rows_per_request") or 1000),
        rate_tier=RateTier(inspection.text("rate_limit") or RateTier.BASIC),
        patience_seconds=_seconds(inspection.text("patience")),
        advertisers=advertisers,
        sources=sources,
        audiences={
            each.key: each
            for each in audiences
            if each.advertiser in advertisers and (each.source is None or each.source in sources)
        },
        moved=tuple(
            Move(_text(inspection, "moved", index, "from"), _text(inspection, "moved", index, "to"))
            for index in _sound_items(inspection, "moved")
        ),
        removed=tuple(
            Removal(_text(inspection, "removed", index, "from"), inspection.value("removed", index, "destroy") is True)
            for index in _sound_items(inspection, "removed")
        ),
        policies={key: policies.policy(inspection, key) for key in _sound(inspection, "policies")},
        files=tuple(Path(each) for each in inspection.document.files),
        places=inspection.document.places(),
        secrets=secrets,
    )


def _sound(inspection: Inspection, section: str) -> list[str]:
    return [key for key in inspection.mapping(section) if inspection.is_sound(section, key)]


def _sound_items(inspection: Inspection, section: str) -> list[int]:
    return [index for index in range(len(inspection.items(section))) if inspection.is_sound(section, index)]


def _text(inspection: Inspection, *path: str | int) -> str:
    """Return a string that the schema requires of every sound part."""
    return cast("str", inspection.text(*path))


def _audience(inspection: Inspection, key: str, sources: Mapping[str, Source]) -> Audience:
    at = ("audiences", key)
    source = inspection.text(*at, "source")
    declared = {str(each) for each in inspection.items(*at, "identities")}
    mapped = sources[source].identities if source and source in sources else frozenset[Identity]()
    return Audience(
        key=key,
        advertiser=_text(inspection, *at, "advertiser"),
        name=inspection.text(*at, "name") or key,
        source=source,
        where=inspection.text(*at, "where"),
        identities=tuple(
            each
            for each in Identity
            if each in mapped and each is not Identity.MPID and (not declared or each in declared)
        ),
        delivery=Delivery(inspection.text(*at, "delivery") or Delivery.STREAMING),
        file=_file_options(inspection.mapping(*at, "file")),
        lifecycle=_lifecycle(inspection.mapping(*at, "lifecycle")),
        import_id=inspection.text(*at, "import"),
    )


def _file_options(written: Mapping[str, object]) -> FileOptions:
    default = FileOptions()
    retention = written.get("retention_in_days")
    return FileOptions(
        retention_in_days=None if retention is None else _whole(retention),
        audience_sub_type=cast("str", written.get("audience_sub_type", default.audience_sub_type)),
    )


def _lifecycle(written: Mapping[str, object]) -> Lifecycle:
    default = Lifecycle()
    return Lifecycle(
        prevent_destroy=cast("bool", written.get("prevent_destroy", default.prevent_destroy)),
        max_removal_percent=cast("float", written.get("max_removal_percent", default.max_removal_percent)),
        minimum_users=_whole(written.get("minimum_users", default.minimum_users)),
        minimum_match_percent=cast("float", written.get("minimum_match_percent", default.minimum_match_percent)),
    )


def _seconds(written: str | None) -> float | None:
    """Return a duration such as ``15m`` in seconds."""
    return float(written[:-1]) * _SECONDS_OF[written[-1]] if written else None


def _whole(written: object) -> int:
    """Return a whole number that the schema has let pass: 1000, or 1000.0 as well."""
    return int(cast("float", written))
