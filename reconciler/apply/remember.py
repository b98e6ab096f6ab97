"""Writes down what an apply saw: the past that drift is told from.

It comes after everything else and costs a few requests an account. Nothing here can make an apply fail that did not:
what cannot be looked up or written is said, and the past stays as it was known.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.apply.model import OutcomeStatus
from reconciler.apply.sightings import Seen, remember
from reconciler.errors import ReconcilerError
from reconciler.plan import scope
from reconciler.refresh.accounts import Sessions, read_accounts
from reconciler.refresh.usage import with_usage
from reconciler.tiktok.errors import TikTokError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from reconciler.apply.model import Applied
    from reconciler.config.model import Config
    from reconciler.refresh.credentials import Credentials
    from reconciler.state.history_model import History
    from reconciler.state.model import State
    from reconciler.state.repository import StateStore
    from reconciler.tiktok.client import TikTok
    from reconciler.tiktok.model import Remote


class Memory:
    """Where one apply keeps what it sees.

    Args:
        store: The state's store, whose lock is held.
        desired: What is declared.
        credentials: The tokens there are.
        now: The time, UTC.
        say: Tells a person something.

    Attributes:
        now: As given.
    """

    def __init__(
        self,
        store: StateStore,
        desired: Config,
        credentials: Credentials,
        now: Callable[[], datetime],
        say: Callable[[str], None],
    ) -> None:
        self._store = store
        self._desired = desired
        self._credentials = credentials
        self.now = now
        self._say = say

    async def applied(
        self, applied: Applied, owned: State, tiktok: TikTok, before: Mapping[str, Remote], targets: frozenset[str]
    ) -> None:
        """Remember an apply that had something to do; one that stopped, or did nothing, asks TikTok nothing more.

        Args:
            applied: What it did.
            owned: The state as it left it.
            tiktok: The client.
            before: The accounts as it found them.
            targets: The addresses it was limited to; empty for all.
        """
        stopped = applied.interrupted or OutcomeStatus.SKIPPED in applied.statuses or not applied.done
        after = before if stopped else await self._look(owned, tiktok, {})
        outcomes = {each.address: each for each in applied.outcomes}
        self._keep(owned, Seen(self.now(), before, after or before, outcomes, targets))

    async def looked(
        self, owned: State, tiktok: TikTok, read: Mapping[str, Remote], targets: frozenset[str] = frozenset()
    ) -> None:
        """Remember an apply that had nothing to do.

        Args:
            owned: The state.
            tiktok: The client.
            read: The accounts that have just been read; the others are read now.
            targets: The addresses it was limited to; empty for all.
        """
        after = await self._look(owned, tiktok, read)
        self._keep(owned, Seen(self.now(), after=after or read, targets=targets))

    def record(self, owned: State, seen: Seen) -> None:
        """Write down what was seen; a state that was never written has no past either.

        Raises:
            StateError: The lock was lost, or the store failed.
        """
        if owned.serial:
            self._store.record(remember(self._known(owned.lineage), owned, seen))

    def _keep(self, owned: State, seen: Seen) -> None:
        try:
            self.record(owned, seen)
        except ReconcilerError as why:
            self._say(f"Warning: what this apply saw was not remembered, so drift can tell less: {why.message}.")

    def _known(self, lineage: str) -> History:
        return self._store.history(lineage, warn=lambda why: self._say(f"Warning: {why.message}. A new one begins."))

    async def _look(self, owned: State, tiktok: TikTok, read: Mapping[str, Remote]) -> dict[str, Remote] | None:
        """Return every account as it is now, with what uses its audiences; None where TikTok could not be asked."""
        try:
            return await self._accounts(owned, tiktok, read)
        except asyncio.CancelledError:
            self._say("Warning: interrupted while looking at what was done: what is there now was not remembered.")
        except ReconcilerError as why:
            self._say(f"Warning: what is on TikTok now could not be looked at, so drift can tell less: {why.message}.")
        return None

    async def _accounts(self, owned: State, tiktok: TikTok, read: Mapping[str, Remote]) -> dict[str, Remote]:
        ids = scope.accounts(self._desired, owned)
        sessions = Sessions(tiktok, ids, self._credentials)
        if missing := ids - read.keys():
            read = {**read, **await read_accounts(Sessions(tiktok, missing, self._credentials), self._desired)}
        seen = {each: read[each] for each in ids if read[each].is_readable}
        holding = {each.advertiser_id for each in owned.resources.values()}
        used = await asyncio.gather(*(_used(sessions, seen[each]) for each in sorted(seen.keys() & holding)))
        return {**seen, **{each.account.advertiser_id: each for each in used}}


async def _used(sessions: Sessions, remote: Remote) -> Remote:
    """Return the account with what uses its audiences; without, where TikTok does not let that be looked up."""
    if remote.usage is not None:
        return remote
    try:
        return await with_usage(sessions.acting_for(remote.account.advertiser_id), remote)
    except TikTokError:
        return replace(remote, usage=None)
