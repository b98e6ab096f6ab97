"""Addresses that changed: what the state holds, at the address `moved` gives it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.diagnostics import error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config.model import Config
    from reconciler.diagnostics import Diagnostic, Location
    from reconciler.state.model import Resource


@dataclass(frozen=True, slots=True)
class Followed:
    """The state's resources after following every `moved` line.

    Attributes:
        resources: By the address they have now, which each of them carries.
        came_from: Address now → address in the state, for those that moved.
        refused: Address → why a move from it or to it cannot be made; nothing is decided about these.
    """

    resources: Mapping[str, Resource]
    came_from: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, Diagnostic] = field(default_factory=dict)


def follow(desired: Config, resources: Mapping[str, Resource]) -> Followed:
    """Follow `moved` to its end, through chains and in whatever order the lines are written.

    Lines about addresses the state does not hold are history and change nothing. A resource whose move is
    refused stays where it is.
    """
    steps = {move.from_address: move.to_address for move in desired.moved}
    ends = {address: _end(address, steps) for address in resources}
    arrivals = Counter(ends.values())
    at: dict[str, Resource] = {}
    came_from: dict[str, str] = {}
    refused: dict[str, Diagnostic] = {}
    for address, end in ends.items():
        if end == address:
            at[address] = resources[address]
        elif arrivals[end] > 1:
            at[address] = resources[address]
            refused[address] = refused[end] = _taken(address, end, desired, held=end in resources)
        elif not _is_awaited(end, desired):
            at[address] = resources[address]
            refused[address] = _undeclared(address, end, desired)
        else:
            at[end] = replace(resources[address], address=end)
            came_from[end] = address
    return Followed(at, came_from, refused)


def _end(address: str, steps: Mapping[str, str]) -> str:
    passed = {address}
    while (onward := steps.get(address)) is not None and onward not in passed:
        passed.add(onward)
        address = onward
    return address


def _is_awaited(address: str, desired: Config) -> bool:
    """Whether the files say what is to become of what arrives at `address`."""
    declared = any(audience.address == address for audience in desired.audiences.values())
    return declared or any(removal.address == address for removal in desired.removed)


def _taken(address: str, end: str, desired: Config, *, held: bool) -> Diagnostic:
    why = "the state holds both" if held else "another audience moves there too"
    return error(
        f"cannot move {address} to {end}: {why}",
        "Take this line out, or run `reconciler state rm` on the one that is no longer wanted.",
        _place(address, desired),
    )


def _undeclared(address: str, end: str, desired: Config) -> Diagnostic:
    """Refuse what would otherwise read as "no longer declared": a slip of the pen must not delete an audience."""
    return error(
        f"cannot move {address} to {end}: {end} is not declared",
        f"Declare {end}, or correct this line. To end the audience, take the line out, or list {end} under removed.",
        _place(address, desired),
    )


def _place(address: str, desired: Config) -> Location | None:
    index = next(index for index, move in enumerate(desired.moved) if move.from_address == address)
    return desired.place("moved", index)
