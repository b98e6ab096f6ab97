"""``identities`` of a source: which columns hold which identifiers, in every way people write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from reconciler.config.wording import label, listed, quoted
from reconciler.identifiers import Form, Hash, Identity, MappedColumn, When

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.config.document import Tree
    from reconciler.config.inspection import Inspection
    from reconciler.config.model import KeyPath

_WHOSE_ROW = "It says whose row it is, in every row, and holds one value."


def check(inspection: Inspection, source: str) -> None:
    """Report what is wrong with the mapped columns of a source, each of which has the right shape."""
    at = ("sources", source, "identities")
    mapped = inspection.mapping(*at)
    for identity in Identity:
        if identity in mapped:
            _check_hash(inspection, (*at, identity.value), identity)
    if Identity.MPID in mapped:
        _check_person_key(inspection, (*at, Identity.MPID.value))
    if set(mapped) == {Identity.MPID} and inspection.is_sound(*at):
        detail = "mpid counts people and is never sent. Map at least one of idfa, gaid, email or phone beside it."
        inspection.error(at, f"{label(at[:2])} maps nothing that can be sent", detail, at="key")


def mapped_columns(inspection: Inspection, source: str) -> tuple[MappedColumn, ...]:
    """Return the columns of a sound source, in `Identity` order, those of one identity as they were written."""
    mapped = inspection.mapping("sources", source, "identities")
    return tuple(
        column
        for identity in Identity
        if identity in mapped
        for column in _columns(inspection, ("sources", source, "identities", identity.value), identity)
    )


def _check_hash(inspection: Inspection, path: KeyPath, identity: Identity) -> None:
    if inspection.has(*path, "hash") and inspection.has(*path, "hashed"):
        detail = "hashed says the column holds digests already; hash says it does not. Keep one of the two."
        inspection.error((*path, "hash"), f"{quoted(identity)} has both hash and hashed", detail, at="key")
        return
    for key in ("hash", "hashed"):
        written = inspection.text(*path, key)
        if written is None or Hash(written) in identity.hashes:
            continue
        if identity is Identity.MPID:
            summary, detail = "mpid takes no hash", "It is never sent; give the column alone."
        else:
            summary = f"TikTok takes no {identity} as {inspection.shown(*path, key)}"
            detail = f"It takes {listed(identity.hashes)}."
        inspection.error((*path, key), summary, detail)


def _check_person_key(inspection: Inspection, path: KeyPath) -> None:
    """The person key is one value of one column in every row, or nobody could say whose row it is."""
    for listing in (path, (*path, "column")):
        if inspection.is_sound(*listing) and len(inspection.items(*listing)) > 1:
            inspection.error(listing, "mpid takes one column", f"{_WHOSE_ROW} Keep one.", at="key")
    if inspection.text(*path, "format") == Form.JSON_ARRAY:
        inspection.error((*path, "format"), "mpid takes no array", f"{_WHOSE_ROW} Give the column alone.")
    if inspection.has(*path, "when") and inspection.is_sound(*path, "when"):
        inspection.error((*path, "when"), 'mpid takes no "when"', f"{_WHOSE_ROW} Give the column alone.", at="key")


def _columns(inspection: Inspection, path: KeyPath, identity: Identity) -> Iterator[MappedColumn]:
    stated = inspection.mapping(*path)  # empty for a name, or a list of names
    hashed = inspection.text(*path, "hashed")
    chosen = hashed or inspection.text(*path, "hash")
    default = identity.hashes[0] if identity.hashes else Hash.MD5
    for name in _texts(inspection.value(*path, "column") if stated else inspection.value(*path)):
        yield MappedColumn(
            identity,
            name,
            Hash(chosen) if chosen else default,
            hashed is not None,
            Form(inspection.text(*path, "format") or Form.VALUE),
            _when(stated),
        )


def _when(stated: Mapping[str, Tree]) -> When | None:
    condition = stated.get("when")
    if not isinstance(condition, dict):
        return None
    ((column, values),) = condition.items()
    return When(column, _texts(values))


def _texts(written: Tree) -> tuple[str, ...]:
    """Return one text, or a list of texts, as a tuple; the schema lets nothing else into a sound part."""
    return tuple(cast("list[str]", written)) if isinstance(written, list) else (cast("str", written),)
