"""State documents of earlier versions, read as if this one had written them."""

from __future__ import annotations

from typing import Final

from reconciler import seal

UNKNOWN_ROUTE: Final = "0" * 64
"""A route that no delivery has: what was on its way along one that nobody named starts anew."""


def brought_up_to_date(tree: object) -> object:
    """Return a document as the newest version writes it; one that is damaged, or new, as it is.

    Version 1 counted the rows of a delivery that had arrived, but did not say of which rows in which order. It knew
    no audiences delivered by files. Version 2 had no checksum.

    Args:
        tree: The document, just read and not checked.
    """
    if not isinstance(tree, dict):
        return tree
    if _version(tree) == 1:
        tree = _from_first(tree)
    return {**tree, "version": 3, seal.FIELD: seal.UNSEALED} if _version(tree) == 2 else tree


def needs_seal(tree: object) -> bool:
    """Whether a document is of a version that carries a checksum, or has one; damage may have hit either mark."""
    return isinstance(tree, dict) and (seal.FIELD in tree or _version(tree) > 2)


def _version(tree: dict[str, object]) -> int:
    version = tree.get("version")
    return version if isinstance(version, int) and not isinstance(version, bool) else 0


def _from_first(tree: dict[str, object]) -> dict[str, object]:
    resources, pending = tree.get("resources"), tree.get("pending")
    if not isinstance(resources, dict) or not isinstance(pending, list):
        return tree
    return {
        **tree,
        "version": 2,
        "resources": {address: _without_files(each) for address, each in resources.items()},
        "pending": [_updated(each) for each in pending],
    }


def _updated(entry: object) -> object:
    is_create = isinstance(entry, dict) and entry.get("kind") == "create"
    return _without_files(entry) if is_create else _along_a_route(entry)


def _without_files(entry: object) -> object:
    return {"retention_in_days": None, "audience_sub_type": "NORMAL", **entry} if isinstance(entry, dict) else entry


def _along_a_route(entry: object) -> object:
    if not isinstance(entry, dict) or not _is_count(entry.get("rows_done")):
        return entry
    rest = {key: value for key, value in entry.items() if key != "rows_done"}
    return {**rest, "place": {"route": UNKNOWN_ROUTE, "partition": 0, "rows": 0}}


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
