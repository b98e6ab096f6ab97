"""What others did with an audience: shared it, used it, edited it, or changed its people at the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.plan.drift.health import MEMBER_WORDS
from reconciler.plan.drift.identity import NAME_WORDS, TYPE_WORDS
from reconciler.plan.drift.model import DriftKind
from reconciler.plan.drift.subject import is_by_somebody, speaks_of
from reconciler.plan.drift.uses import mark

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from reconciler.plan.drift.model import Drifted
    from reconciler.plan.drift.subject import Subject
    from reconciler.tiktok.model import Application, Edit, Use

_SHARE_WORDS: Final = ("shar",)

_TOLD_BY: Final = {
    DriftKind.RENAMED: NAME_WORDS,
    DriftKind.RETYPED: TYPE_WORDS,
    DriftKind.SHARED: _SHARE_WORDS,
    DriftKind.EMPTIED: MEMBER_WORDS,
}
"""What edits speak of that another finding tells already."""


def shared(subject: Subject) -> Iterator[Drifted]:
    """Tell that other accounts see it, which an apply never saw."""
    if not subject.actual.shared or not subject.actual.is_creator or (subject.seen and subject.seen.shared):
        return
    edit = subject.editor_of(_SHARE_WORDS)
    known = subject.outlook.told("apply leaves it shared, and knows of it from then on")
    yield subject.finding(
        DriftKind.SHARED,
        "shared with other accounts",
        subject.remedy(f"{known}. Sharing is ended in Ads Manager"),
        edit=edit,
        last_seen=subject.last_seen_before(edit),
    )


def in_use(subject: Subject) -> Iterator[Drifted]:
    """Tell what has begun to use it. Where no apply ever looked, nobody knows what is new."""
    known = subject.seen.uses if subject.seen else None
    if known is None or subject.uses is None:
        return
    new = [use for use in subject.uses if mark(use) not in known]
    if not new:
        return
    applied = _application_of(new, subject.application)
    left = subject.outlook.told("apply leaves it in use, and knows of it from then on")
    yield subject.finding(
        DriftKind.IN_USE,
        f"{len(new)} {'use' if len(new) == 1 else 'uses'} of it began since the last apply",
        subject.remedy(f"{left}. What is in use is never deleted"),
        details=tuple(_use(use, applied) if len(new) > 1 else str(use) for use in new),
        edit=applied if len(new) == 1 else None,
        last_seen=subject.seen.last_seen if subject.seen else None,
    )


def edited(subject: Subject, told: Collection[DriftKind]) -> Iterator[Drifted]:
    """Tell what people did to it since the last apply that no other finding tells.

    Args:
        subject: The audience.
        told: The kinds that have been found about it.
    """
    delivered = subject.resource.members.delivered_at if subject.resource.members else None
    baselines = [each for each in (subject.seen.last_seen if subject.seen else None, delivered) if each]
    if not baselines:
        return
    words = [word for kind in told for word in _TOLD_BY.get(kind, ())]
    lines = [
        edit
        for edit in subject.edits
        if edit.at is not None and edit.at > max(baselines) and is_by_somebody(edit) and not speaks_of(edit, words)
    ]
    if not lines:
        return
    editors = sorted({edit.editor for edit in lines})
    times = "once" if len(lines) == 1 else f"{len(lines)} times"
    yield subject.finding(
        DriftKind.EDITED,
        f"edited {times} since the last apply, by {', '.join(editors)}",
        subject.remedy(
            subject.outlook.told("apply undoes nothing of it that no other finding tells, and knows of it from then on")
        ),
        details=tuple(_line(edit) for edit in lines),
        since=lines[-1].at,
        by=", ".join(editors),
        last_seen=max(baselines),
    )


def members(subject: Subject) -> Iterator[Drifted]:
    """Tell that the source gives other people by the same declaration; a declaration that changed is the plan's."""
    facts, delivered = subject.facts, subject.resource.members
    if facts is None or not (facts.delta.add or facts.delta.remove):
        return
    if delivered and delivered.recipe is not None and delivered.recipe != subject.recipe:
        return
    change = f"+{facts.delta.add:,} / −{facts.delta.remove:,} identifiers"
    yield subject.finding(
        DriftKind.MEMBERS,
        f"its source changed: {change} since the last delivery" if delivered else f"never wholly delivered: {change}",
        subject.remedy(subject.outlook.told("apply delivers the difference")),
        before=f"{delivered.users:,} people" if delivered else None,
        after=f"{facts.wanted.users:,} people",
        last_seen=delivered.delivered_at if delivered else None,
    )


def _application_of(uses: Collection[Use], application: Application | None) -> Application | None:
    """Return the application if it is about one of the uses: the log knows only the last one of an audience."""
    if application is None or application.adgroup_id not in {use.id for use in uses}:
        return None
    return application


def _use(use: Use, applied: Application | None) -> str:
    """Return one use of several, with when it began and by whom where that is known of it."""
    if applied is None or applied.adgroup_id != use.id:
        return str(use)
    when = f"since {applied.at:%Y-%m-%d %H:%M} UTC" if applied.at else ""
    by = f"by {applied.editor}" if applied.editor else ""
    return ", ".join(each for each in (str(use), when, by) if each)


def _line(edit: Edit) -> str:
    when = f"{edit.at:%Y-%m-%d %H:%M} UTC" if edit.at else "at an unknown time"
    return ": ".join(each for each in (f"{when}, {edit.editor}", edit.action, edit.detail, edit.message) if each)
