"""One managed audience, with everything drift can be told from, and the findings about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from reconciler.plan.drift.model import Drifted, DriftKind
from reconciler.plan.model import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from reconciler.config.model import Audience
    from reconciler.diagnostics import Location
    from reconciler.plan.drift.outlook import Outlook
    from reconciler.plan.inputs import MemberFacts
    from reconciler.state.history_model import AudienceHistory
    from reconciler.state.model import Resource
    from reconciler.tiktok import model as tiktok

LONGEST_MATCHING: Final = timedelta(hours=48)
"""TikTok shows whom it matched 1 to 48 hours after a delivery (Marketing API v1.3, reading audiences)."""

API_EDITOR: Final = "open_api"
"""What the history of an audience calls whoever used the API, this tool included."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of one managed audience.

    Attributes:
        resource: What the state says of it.
        declared: What the files say, or None.
        actual: What TikTok has.
        advertiser: Key of its account in the files, or its id.
        outlook: What an apply would do about it.
        now: When it is looked.
        seen: What applies saw of it, or None.
        uses: What uses it, or None where that was not looked up.
        edits: Who did what to it, the newest first.
        application: Who put it into an ad group last, or None.
        facts: Whom its source wants, or None.
        recipe: How the files draw its people, or None where no source fills it.
        location: Where it is declared.
    """

    resource: Resource
    declared: Audience | None
    actual: tiktok.Audience
    advertiser: str
    outlook: Outlook
    now: datetime
    seen: AudienceHistory | None = None
    uses: tuple[tiktok.Use, ...] | None = None
    edits: tuple[tiktok.Edit, ...] = ()
    application: tiktok.Application | None = None
    facts: MemberFacts | None = None
    recipe: str | None = None
    location: Location | None = None

    @property
    def is_filled_here(self) -> bool:
        """Whether its people come from a source, now or when they were last delivered."""
        return self.resource.members is not None or (self.declared is not None and self.declared.source is not None)

    @property
    def is_expired(self) -> bool:
        """Whether TikTok no longer keeps it."""
        return self.actual.expires_at is not None and self.actual.expires_at <= self.now

    @property
    def is_matched(self) -> bool:
        """Whether TikTok has had the time to match what was last delivered."""
        members = self.resource.members
        return members is not None and self.now - members.delivered_at > LONGEST_MATCHING

    @property
    def people(self) -> int:
        """People last delivered."""
        return self.resource.members.users if self.resource.members else 0

    def finding(
        self,
        kind: DriftKind,
        summary: str,
        remedy: str,
        *,
        before: str | None = None,
        after: str | None = None,
        details: tuple[str, ...] = (),
        edit: tiktok.Edit | tiktok.Application | None = None,
        since: datetime | None = None,
        by: str | None = None,
        last_seen: datetime | None = None,
        location: Location | None = None,
    ) -> Drifted:
        """Return a finding about it; `edit`, where TikTok tells what did it, says since when and by whom."""
        return Drifted(
            kind,
            self.resource.address,
            self.advertiser,
            self.resource.advertiser_id,
            self.resource.audience_id,
            summary,
            before,
            after,
            details,
            since=edit.at if edit else since,
            last_seen=last_seen,
            by=(edit.editor or None) if edit else by,
            remedy=remedy,
            location=location or self.location,
        )

    def last_seen_before(self, edit: tiktok.Edit | None) -> datetime | None:
        """Return when an apply last saw it, if that was before the edit; an undated one may be the newer."""
        seen = self.seen.last_seen if self.seen else None
        if seen is None or edit is None or edit.at is None:
            return seen
        return seen if edit.at >= seen.replace(microsecond=0) else None

    def editor_of(self, words: Iterable[str]) -> tiktok.Edit | None:
        """Return the newest edit that speaks of something and was not an apply's.

        People are told from this tool by the editor; another program only by its time: after the last apply.
        """
        wanted = tuple(words)
        seen = self.seen.last_seen if self.seen else None
        for edit in self.edits:
            after = seen is not None and edit.at is not None and edit.at > seen
            if speaks_of(edit, wanted) and (is_by_somebody(edit) or after):
                return edit
        return None

    def remedy(self, otherwise: str) -> str:
        """Return what an apply does that settles whatever drifted, or `otherwise` where it does nothing of the kind."""
        kind = self.outlook.kind
        if kind is None:
            return f"apply stops: {self.outlook.error}"
        settled = {
            ActionKind.DELETE: "apply deletes it: no file declares it any more",
            ActionKind.FORGET: "apply forgets it and leaves it on TikTok",
            ActionKind.REPLACE: "apply replaces it by a new one",
        }.get(kind)
        return self.outlook.told(settled) if settled else otherwise


def is_by_somebody(edit: tiktok.Edit) -> bool:
    """Whether a person did it, whom TikTok names."""
    return edit.editor.strip().lower() not in {"", API_EDITOR}


def speaks_of(edit: tiktok.Edit, words: Iterable[str]) -> bool:
    """Whether an edit is about something. TikTok publishes no list of its actions, so their words must do."""
    said = f"{edit.action} {edit.detail}".lower()
    return any(word in said for word in words)
