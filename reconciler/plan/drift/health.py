"""Whether ad groups can still use an audience: valid, not expired, and of as many people as were delivered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from reconciler.config.model import Lifecycle
from reconciler.plan.drift.model import DriftKind
from reconciler.tiktok.model import AudienceKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from reconciler.plan.drift.model import Drifted
    from reconciler.plan.drift.subject import Subject

SMALLEST_VALID: Final = 1000
"""Matched people below which no audience becomes valid (Marketing API v1.3, reading audiences)."""

WARNED: Final = timedelta(days=60)
LIVES: Final = 365
"""TikTok marks an audience as expiring for the last 60 of its 365 days (Marketing API v1.3, reading audiences)."""

MEMBER_WORDS: Final = ("member", "people", "user", "file", "remov", "clear", "empt")

_REFILL: Final = (
    "apply sends again only what changed; to have everybody sent, run `reconciler state rm {address}` and "
    "`reconciler import {address} {audience_id}`, then apply"
)

_ANEW: Final = (
    "apply cannot refill it: TikTok lets nobody change a file audience that is not valid; once nothing uses it, delete "
    "it in Ads Manager, and apply creates it again"
)


def invalid(subject: Subject) -> Iterator[Drifted]:
    """Tell what TikTok says went wrong, or that it is not valid though it has had the time to become so.

    What has expired or was emptied is told as that.
    """
    actual = subject.actual
    had_its_time = subject.is_matched and subject.people >= SMALLEST_VALID and not subject.is_expired
    if actual.error_msg:
        summary = f"TikTok reports: {actual.error_msg}"
    elif actual.is_valid or not had_its_time or not actual.cover_num:
        return
    elif actual.cover_num < SMALLEST_VALID:
        summary = f"not valid: TikTok matched {actual.cover_num:,} people, and needs {SMALLEST_VALID:,}"
    else:
        summary = "not valid, and TikTok does not say why"
    otherwise = "apply does not mend it: look at it in Ads Manager, and at what its source delivers"
    yield subject.finding(DriftKind.INVALID, summary, subject.remedy(otherwise))


def expired(subject: Subject) -> Iterator[Drifted]:
    """Tell that its time is over."""
    expires = subject.actual.expires_at
    if expires is None or not subject.is_expired:
        return
    yield subject.finding(
        DriftKind.EXPIRED, f"expired on {_day(expires)}", subject.remedy(_renewal(subject)), since=expires
    )


def expiring(subject: Subject) -> Iterator[Drifted]:
    """Tell that its time is nearly over.

    One that was made to live so short that TikTok marks it from its first day on is told late in its life: in as large
    a share of it as the marked days are of a year.
    """
    expires, lives = subject.actual.expires_at, subject.resource.retention_in_days
    if subject.is_expired or not (subject.actual.is_expiring or (expires and expires - subject.now <= WARNED)):
        return
    if expires and lives and expires - subject.now > WARNED * (lives / LIVES):
        return
    when = f"on {_day(expires)}" if expires else f"within {WARNED.days} days"
    yield subject.finding(DriftKind.EXPIRING, f"expires {when}", subject.remedy(_renewal(subject)))


def emptied(subject: Subject) -> Iterator[Drifted]:
    """Tell that nobody is matched any more, where TikTok is not just counting anew."""
    if subject.actual.cover_num or subject.is_expired or (subject.resource.members and not subject.people):
        return
    saw = _last_match(subject)
    waited_for = subject.is_matched and subject.people >= SMALLEST_VALID
    if saw is None and not waited_for:
        return
    edit = subject.editor_of(MEMBER_WORDS)
    before = f"{saw[1]:,} people matched" if saw else f"{subject.people:,} people delivered"
    yield subject.finding(
        DriftKind.EMPTIED,
        "TikTok matches nobody in it",
        subject.remedy(_refill(subject)),
        before=before,
        after="0 people matched",
        edit=edit,
        last_seen=saw[0] if saw else None,
    )


def match_rate(subject: Subject) -> Iterator[Drifted]:
    """Tell that TikTok matched fewer of the people delivered than the files ask for.

    Nobody at all is told as that; of too few people to be shown, TikTok may not tell whom it matched.
    """
    lifecycle = subject.declared.lifecycle if subject.declared else Lifecycle()
    matched, people = subject.actual.cover_num, subject.people
    if not subject.is_matched or subject.is_expired or any(emptied(subject)):
        return
    if people < SMALLEST_VALID and not matched:
        return
    if 100 * matched >= lifecycle.minimum_match_percent * people:
        return
    otherwise = (
        "apply does not change it: check that the source's identifiers are what it says, or lower "
        "lifecycle.minimum_match_percent"
    )
    yield subject.finding(
        DriftKind.MATCH_RATE,
        f"TikTok matched {100 * matched / people:.1f} % of the people delivered; "
        f"the files ask for {lifecycle.minimum_match_percent:g} %",
        subject.remedy(otherwise),
        before=f"{people:,} people delivered",
        after=f"{matched:,} matched",
    )


def _last_match(subject: Subject) -> tuple[datetime, int] | None:
    """Return when an apply last saw people matched, and how many, where that still tells something.

    What an apply saw before its own delivery, or before a later one, tells nothing while TikTok may still be counting
    that delivery.
    """
    sightings = subject.seen.sightings if subject.seen else ()
    last = next((each for each in reversed(sightings) if each.matched), None)
    if last is None or not last.matched:
        return None
    members = subject.resource.members
    settled = not (last.added or last.removed) and (members is None or last.at > members.delivered_at)
    return (last.at, last.matched) if settled or subject.is_matched else None


def _renewal(subject: Subject) -> str:
    """Return what makes it live on. An apply writes only where something changed; any change renews."""
    if subject.resource.retention_in_days is not None:
        return (
            f"nothing renews it: it was made to live {subject.resource.retention_in_days} days; to have a new one, "
            "change file.retention_in_days and apply, which replaces it"
        )
    if subject.outlook.writes:
        does = "delivers people that changed" if subject.outlook.delivers else "changes it"
        return subject.outlook.told(f"apply renews it: it {does}")
    if not subject.is_filled_here:
        return "apply does not renew it while nothing of it is to be changed; using it in an ad group does"
    return "apply does not renew it while its people stay the same; using it in an ad group does, or a delivery"


def _refill(subject: Subject) -> str:
    if not subject.is_filled_here:
        return "apply does not refill it: no source of the files fills it"
    if subject.actual.kind is AudienceKind.FILE and not subject.actual.is_valid:
        return _ANEW
    return _REFILL.format(address=subject.resource.address, audience_id=subject.resource.audience_id)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
