"""``moved`` and ``removed``: that each names addresses which can have gone where it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config.inspection import Inspection


def check(inspection: Inspection) -> None:
    """Report every address in ``moved`` and ``removed`` that contradicts the rest."""
    removed = _addresses(inspection, "removed", "from")
    _check_twice(inspection, "removed", "from", "is removed twice", removed)
    _check_declared(inspection, "removed", removed)
    _check_moves(inspection, set(removed.values()))


def _check_moves(inspection: Inspection, removed: set[str]) -> None:
    origins = _addresses(inspection, "moved", "from")
    targets = _addresses(inspection, "moved", "to")
    _check_twice(inspection, "moved", "from", "is moved twice", origins)
    _check_twice(inspection, "moved", "to", "has two audiences moved to it", targets)
    steps = {origins[index]: targets[index] for index in origins if index in targets}
    circling = _circling(steps)
    for index, origin in origins.items():
        path = ("moved", index, "from")
        if not inspection.is_sound(*path):
            continue
        if origin in circling:
            inspection.error(path, f"moves go in a circle through {inspection.shown(*path)}", "Take one of them out.")
        elif origin in removed:
            inspection.error(path, f"{inspection.shown(*path)} is both moved and removed", "Keep one of the two.")
    straight = {index: origin for index, origin in origins.items() if origin not in circling}
    _check_declared(inspection, "moved", straight)
    _check_landing(inspection, targets, known=removed | set(origins.values()))


def _addresses(inspection: Inspection, section: str, end: str) -> dict[int, str]:
    found = {index: inspection.text(section, index, end) for index in range(len(inspection.items(section)))}
    return {index: address for index, address in found.items() if address is not None}


def _check_twice(inspection: Inspection, section: str, end: str, what: str, addresses: Mapping[int, str]) -> None:
    first: dict[str, int] = {}
    for index, address in addresses.items():
        earlier = first.setdefault(address, index)
        if earlier != index:
            detail = f"First at {inspection.place(section, earlier, end)}. Keep one of the two."
            inspection.error((section, index, end), f"{inspection.shown(section, index, end)} {what}", detail)


def _check_declared(inspection: Inspection, section: str, addresses: Mapping[int, str]) -> None:
    for index, address in addresses.items():
        key = address.removeprefix("audience.")
        path = (section, index, "from")
        if inspection.has("audiences", key) and inspection.is_sound(*path):
            detail = f"It stands at {inspection.place('audiences', key)}. Take it out there, or this entry out here."
            inspection.error(path, f"{inspection.shown(*path)} is {section} but still declared", detail)


def _check_landing(inspection: Inspection, targets: Mapping[int, str], known: set[str]) -> None:
    """A move to an address nobody declares ends in a planned delete: say so before the plan does."""
    declared = inspection.names("audiences")
    for index, address in targets.items():
        path = ("moved", index, "to")
        if declared is None or address in known or not inspection.is_sound("moved", index):
            continue
        if address.removeprefix("audience.") not in declared:
            detail = "A plan refuses to move an audience there. Declare it, or list it under removed."
            inspection.warning(path, f"{inspection.shown(*path)} is moved to but not declared", detail)


def _circling(steps: Mapping[str, str]) -> set[str]:
    """Return the addresses that come back to themselves."""
    circling: set[str] = set()
    settled: set[str] = set()
    for start in steps:
        trail: list[str] = []
        address = start
        while address in steps and address not in settled:
            settled.add(address)
            trail.append(address)
            address = steps[address]
        if address in trail:
            circling.update(trail[trail.index(address) :])
    return circling
