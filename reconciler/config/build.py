"""From a document that was inspected to frozen values: the parts that are sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from reconciler.config.model import (
    Advertiser,
    Audience,
    Config,
    Delivery,
    Lifecycle,
    Move,
    RateTier,
    Removal,
    Source,
)
from reconciler.config.paths import source_path, state_directory
from reconciler.identifiers import Hash, Identity, MappedColumn
from reconciler.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config.inspection import Inspection


def build(inspection: Inspection, folder: Path) -> Config:
    """Return what is sound. An audience is left out with its advertiser or source, so that every key leads somewhere.

    Args:
        inspection: The document after every check.
        folder: Where the state goes by default.
    """
    advertisers = {key: _advertiser(inspection, key) for key in _sound(inspection, "advertisers")}
    sources = {key: _source(inspection, key) for key in _sound(inspection, "sources")}
    audiences = (_audience(inspection, key, sources) for key in _sound(inspection, "audiences"))
    return Config(
        state_url=state_directory(inspection.document, inspection.text("state", "url"), folder),
        engine=inspection.text("engine") or "duckdb",
        rate_tier=RateTier(inspection.text("rate_limit") or RateTier.BASIC),
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
        files=tuple(Path(each) for each in inspection.document.files),
        places=inspection.document.places(),
    )


def _sound(inspection: Inspection, section: str) -> list[str]:
    return [key for key in inspection.mapping(section) if inspection.is_sound(section, key)]


def _sound_items(inspection: Inspection, section: str) -> list[int]:
    return [index for index in range(len(inspection.items(section))) if inspection.is_sound(section, index)]


def _text(inspection: Inspection, *path: str | int) -> str:
    """Return a string that the schema requires of every sound part."""
    return cast("str", inspection.text(*path))


def _advertiser(inspection: Inspection, key: str) -> Advertiser:
    at = ("advertisers", key)
    token = inspection.text(*at, "access_token")
    return Advertiser(
        key=key,
        advertiser_id=_text(inspection, *at, "advertiser_id"),
        access_token=None if token is None else Secret(token),
        business_center_id=inspection.text(*at, "business_center_id"),
        expect={name: str(value) for name, value in inspection.mapping(*at, "expect").items()},
    )


def _source(inspection: Inspection, key: str) -> Source:
    at = ("sources", key)
    written = _text(inspection, *at, "path")
    mapped = inspection.mapping(*at, "identities")
    return Source(
        key=key,
        path=source_path(inspection.document, (*at, "path"), written),
        declared_path=inspection.as_written(*at, "path"),
        columns=tuple(_column(inspection, key, identity) for identity in Identity if identity in mapped),
    )


def _column(inspection: Inspection, source: str, identity: Identity) -> MappedColumn:
    at = ("sources", source, "identities", identity.value)
    default = identity.hashes[0] if identity.hashes else Hash.MD5
    if plain := inspection.text(*at):
        return MappedColumn(identity, plain, default)
    hashed = inspection.text(*at, "hashed")
    chosen = hashed or inspection.text(*at, "hash")
    return MappedColumn(
        identity, _text(inspection, *at, "column"), Hash(chosen) if chosen else default, hashed is not None
    )


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
        lifecycle=_lifecycle(inspection.mapping(*at, "lifecycle")),
        import_id=inspection.text(*at, "import"),
    )


def _lifecycle(written: Mapping[str, object]) -> Lifecycle:
    default = Lifecycle()
    return Lifecycle(
        prevent_destroy=cast("bool", written.get("prevent_destroy", default.prevent_destroy)),
        max_removal_percent=cast("float", written.get("max_removal_percent", default.max_removal_percent)),
        minimum_users=int(cast("float", written.get("minimum_users", default.minimum_users))),
    )
