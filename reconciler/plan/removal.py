"""The guard against a source that lost its people: it neither empties an audience nor ends the one it replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.plan.model import Action, ActionKind, Block, Guard

if TYPE_CHECKING:
    from reconciler.identity.model import SetSummary
    from reconciler.plan.circumstances import Circumstances
    from reconciler.state.model import Deposed

_NOBODY_LEFT = "Check the source and `where`. To end the audience, take it out of the files."
_FEWER_LEFT = "Check the source and `where`. If it is meant, raise lifecycle.max_removal_percent for this change."


def max_removal(action: Action, known: Circumstances) -> Block | None:
    """An emptied or half-loaded source does not empty an audience.

    Identifiers count like people: a source that lost a whole column still knows everybody by another one.
    """
    if known.declared is None or known.facts is None:
        return None
    limit = known.declared.lifecycle.max_removal_percent
    if action.is_deposed or known.unrelieved:
        return _replaced_by_fewer(action, known, known.facts.wanted, limit)
    if action.members is None or action.kind is ActionKind.CREATE:
        return None
    delta, wanted = known.facts.delta, known.facts.wanted
    if delta.delivered_identifiers == 0:
        return None
    people, identifiers = (
        _percent(delta.users_out, delta.delivered_users),
        _percent(delta.remove, delta.delivered_identifiers),
    )
    if wanted.total and max(people, identifiers) <= limit:
        return None
    if not wanted.total:
        message = f"the source holds nobody; all {delta.delivered_users:,} delivered people would be taken out"
    else:
        message = (
            f"{delta.users_out:,} of {delta.delivered_users:,} delivered people ({people:.1f} %) and {delta.remove:,} "
            f"of {delta.delivered_identifiers:,} identifiers ({identifiers:.1f} %) would be taken out; "
            f"the limit is {limit:g} %"
        )
    return Block(Guard.MAX_REMOVAL, message, way_out=_FEWER_LEFT if wanted.total else _NOBODY_LEFT)


def _replaced_by_fewer(action: Action, known: Circumstances, wanted: SetSummary, limit: float) -> Block | None:
    """Keep what was replaced, and fill nothing in its place, while too many of its people would be in neither."""
    fills = action.kind is ActionKind.UPDATE and action.members is not None and action.members.differs
    if not fills and not (action.is_deposed and action.kind is ActionKind.DELETE):
        return None
    for old in known.unrelieved:
        lost = _least_lost(old, wanted)
        if old.identifiers == 0 or (wanted.total and lost <= limit):
            continue
        gets = (
            f"holds {wanted.users:,} people, at least {lost:.1f} % fewer; the limit is {limit:g} %"
            if wanted.total
            else "holds nobody"
        )
        held = "people" if old.users is None else f"{old.users:,} people"
        message = f"{old.audience_id}, which was replaced, has {held} in it; what takes its place has not been filled"
        way_out = _FEWER_LEFT if wanted.total else _NOBODY_LEFT
        return Block(Guard.MAX_REMOVAL, f"{message}, and the source {gets}", way_out=way_out)
    return None


def _least_lost(old: Deposed, wanted: SetSummary) -> float:
    """Return which percentage of the people and identifiers of an audience the wanted set has no room for."""
    if old.users is None or old.identifiers is None:
        return 0.0
    people = _percent(old.users - wanted.users, old.users)
    return max(people, _percent(old.identifiers - wanted.total, old.identifiers))


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0
