"""`History` to and from the bytes of ``history.json``: compact, since it holds a hundred lines an audience.

It is read by hand and not with a schema, which would take seconds for a full account.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import orjson

from reconciler import seal
from reconciler.state.errors import UnusableHistoryError
from reconciler.state.fields import Fields
from reconciler.state.history_model import MOST_SIGHTINGS, AccountSighting, AudienceHistory, History, Sighting
from reconciler.state.times import dump_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Collection

VERSION: Final = 2
"""The format this version writes. The first had no checksum, and is read too."""

_FIRST_FIELDS: Final = 4
"""How many fields the first format has: with one more, it is a later one whose version or checksum is damaged."""


def bounded(history: History, audience_ids: Collection[str]) -> History:
    """Return the history of these audiences alone, each with its newest sightings only.

    Args:
        history: Everything known.
        audience_ids: The audiences to go on remembering: those the state owns.
    """
    kept = {
        audience_id: replace(each, sightings=each.sightings[-MOST_SIGHTINGS:])
        for audience_id, each in history.audiences.items()
        if audience_id in audience_ids
    }
    return replace(history, audiences=kept)


def dump(history: History) -> bytes:
    """Return the document: sealed JSON on one line, ids sorted.

    Raises:
        ValueError: A time has no zone.
    """
    content = orjson.dumps(
        {
            seal.FIELD: seal.UNSEALED,  # first, where a seal is looked for
            "version": VERSION,
            "lineage": history.lineage,
            "accounts": {
                advertiser_id: {"at": dump_time(each.at), "status": each.status, "role": each.role}
                for advertiser_id, each in sorted(history.accounts.items())
            },
            "audiences": {audience_id: _dump_audience(each) for audience_id, each in sorted(history.audiences.items())},
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )
    return seal.seal(content)


def parse(content: bytes, lineage: str, place: str = "history.json") -> History:
    """Return the history that `content` holds.

    Args:
        content: The document's bytes.
        lineage: The lineage of the state it is to belong to.
        place: What to call the document in errors.

    Raises:
        UnusableHistoryError: It is damaged, of another lineage, or of another version.
    """
    try:
        is_sealed = seal.is_sealed(content)
        tree = orjson.loads(content)
        document = Fields(tree)
        version, found = document.count("version"), document.text("lineage")
        if not 1 <= version <= VERSION:
            raise UnusableHistoryError(place, f"it has format version {version}; this version reads up to {VERSION}")
        if not is_sealed and (version > 1 or len(tree) > _FIRST_FIELDS):
            raise UnusableHistoryError(place, "its checksum is missing or unreadable")
        if found != lineage:
            raise UnusableHistoryError(place, f"it belongs to a state of lineage {found}")
        return History(
            lineage,
            {advertiser_id: _account(each) for advertiser_id, each in document.named("accounts")},
            {audience_id: _audience(each) for audience_id, each in document.named("audiences")},
        )
    except (ValueError, RecursionError) as why:  # orjson's own error is a ValueError
        raise UnusableHistoryError(place, f"it is damaged ({why})") from why


def _dump_audience(audience: AudienceHistory) -> dict[str, object]:
    return {
        "kind": audience.kind,
        "name": audience.name,
        "sub_type": audience.sub_type,
        "calculate_type": audience.calculate_type,
        "shared": audience.shared,
        "uses": None if audience.uses is None else list(audience.uses),
        "sightings": [
            {
                "at": dump_time(each.at),
                "matched": each.matched,
                "users": each.users,
                "added": each.added,
                "removed": each.removed,
            }
            for each in audience.sightings
        ],
    }


def _account(fields: Fields) -> AccountSighting:
    return AccountSighting(parse_time(fields.text("at")), fields.text("status"), fields.text("role"))


def _audience(fields: Fields) -> AudienceHistory:
    return AudienceHistory(
        kind=fields.text("kind"),
        shared=fields.flag("shared"),
        uses=fields.optional_texts("uses"),
        sightings=tuple(_sighting(each) for each in fields.listed("sightings")),
        sub_type=fields.text("sub_type"),
        calculate_type=fields.optional_text("calculate_type"),
        name=fields.optional_text("name"),
    )


def _sighting(fields: Fields) -> Sighting:
    return Sighting(
        at=parse_time(fields.text("at")),
        matched=fields.optional_count("matched"),
        users=fields.optional_count("users"),
        added=fields.count("added"),
        removed=fields.count("removed"),
    )
