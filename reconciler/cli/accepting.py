"""`apply --refresh-only`: changes nothing on TikTok, and knows from then on what drift reports about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.apply.sightings import Seen
from reconciler.cli import screen
from reconciler.cli.looking import look
from reconciler.cli.planning import scope_of
from reconciler.cli.workspace import drive, scratch
from reconciler.plan.drift.model import DriftKind
from reconciler.report.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.apply.remember import Memory
    from reconciler.cli.outputs import Output
    from reconciler.cli.workspace import Workspace
    from reconciler.plan.drift.model import Drifted
    from reconciler.state.model import State


def accept(opened: Workspace, owned: State, memory: Memory, targets: Sequence[str], output: Output) -> int:
    """Take what is on TikTok as known, and put out what that settles. Hold the lock.

    People are not looked at: what their source holds is an apply's to deliver, not to accept.

    Args:
        opened: Where the command works.
        owned: The state.
        memory: Where what is seen is kept.
        targets: Addresses to limit it to; empty for all.
        output: Where the findings that are settled go.
    """
    scope = scope_of(skip_members=True, targets=targets, workspace=opened, owned=owned)
    with scratch() as folder:
        looked = drive(look(opened, owned, scope, folder, memory.now, all_usage=True))
    before = looked.drift
    memory.record(owned, Seen(looked.at, after=looked.inputs.actual, targets=scope.targets))
    after = looked.told_with(opened.store.history(owned.lineage))
    stays = {_subject(each) for each in after.found}
    accepted = tuple(each for each in before.found if _subject(each) not in stays)
    screen.say(f"Nothing was changed on TikTok. {'Accepted as known:' if accepted else 'There is nothing to accept.'}")
    if accepted or not stays or not output.is_text:  # "No drift." would not be true where findings stay
        output.drift(replace(before, found=accepted), dict)
    if stays:
        screen.say(f"{count(len(stays), 'other finding')} cannot be accepted: see `reconciler drift`.")
    return 1 if after.of({DriftKind.ACCESS}) else 0


def _subject(drifted: Drifted) -> tuple[str, str | None, str, str | None, str]:
    """Return what a finding is about: the same may be told in other words."""
    place = str(drifted.location) if drifted.kind is DriftKind.EXPECTATION else ""
    return drifted.kind, drifted.address, drifted.advertiser_id, drifted.audience_id, place
