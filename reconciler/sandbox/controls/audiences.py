"""Controls over audiences: what a person would do to them in Ads Manager, and what is really inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox import audiences, packed_sets
from reconciler.sandbox.adgroups import refuse_in_use
from reconciler.sandbox.audiences import FILE_TYPE, SUB_TYPES
from reconciler.sandbox.controls.accounts import add_account
from reconciler.sandbox.controls.base import (
    BY_HAND,
    ControlGroup,
    in_seconds,
    require_account,
    require_audience,
    require_choice,
)
from reconciler.sandbox.file_contents import CALCULATE_TYPES
from reconciler.sandbox.history import MEMBERS_CHANGED, newest_lines, remember
from reconciler.sandbox.sharing import require_same_business, share, stop_sharing

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.sandbox.audiences import Audience

OTHER_ADVERTISER = "7099999999999999999"
"""An account no token may act for, which owns the audiences that are only shared in."""


class AudienceControls(ControlGroup):
    """Audiences and their members."""

    def add_audience(
        self,
        advertiser_id: str,
        name: str,
        kind: str = FILE_TYPE,
        *,
        cover_num: int = 0,
        is_creator: bool = True,
        is_editable: bool = True,
        sub_type: str = SUB_TYPES[0],
        calculate_type: str | None = None,
        source_audience_id: str | None = None,
        error_msg: str = "",
        retention_in_days: int | None = None,
        expires: datetime | None = None,
        editor: str = BY_HAND,
    ) -> str:
        """Make an audience of any kind by hand and return its id.

        Args:
            advertiser_id: The account that shall see it.
            name: Its name.
            kind: Its `audience_type`: ``Customer File Audience``, ``Website Audience`` …
            cover_num: Matched users, visible at once; a streamed change replaces it when its hours have passed.
            is_creator: False makes another account its owner, who shares it in.
            is_editable: False lets every update be refused with "Audience is not editable".
            sub_type: ``NORMAL`` or ``REACH_FREQUENCY``.
            calculate_type: What the files of a file audience held: ``IDFA_MD5`` …
            source_audience_id: What a Lookalike grows from.
            error_msg: What TikTok says went wrong; it is not valid then.
            retention_in_days: How long it lives from its creation on; None for a year after its last use.
            expires: When it expires, unless that is renewed; None goes by its age. See `set_expiry`.
            editor: Who did it.
        """
        require_choice("audience type", kind, audiences.AUDIENCE_TYPES)
        require_choice("sub-type", sub_type, SUB_TYPES)
        if calculate_type is not None:
            require_choice("calculate_type", calculate_type, CALCULATE_TYPES)
        with self._transaction() as transaction:
            require_account(transaction, advertiser_id)
            audiences.require_fitting_sub_type(kind, sub_type)
            if not is_creator:
                add_account(transaction, OTHER_ADVERTISER)
            audience_id = audiences.create(
                transaction,
                advertiser_id if is_creator else OTHER_ADVERTISER,
                name,
                kind,
                editor=editor,
                sub_type=sub_type,
                calculate_type=calculate_type,
                source_audience_id=source_audience_id,
                error_msg=error_msg,
                is_editable=is_editable,
                retention_in_days=retention_in_days,
                cover_num=cover_num,
            )
            made = require_audience(transaction, audience_id)
            if expires is not None:
                audiences.expire_at(transaction, made, in_seconds(expires))
            if not is_creator:
                share(transaction, made, advertiser_id, editor)
            return audience_id

    def rename(self, audience_id: str, name: str, editor: str = BY_HAND) -> None:
        """Give the audience another name, as that person; the history says so."""
        with self._transaction() as transaction:
            audiences.rename(transaction, require_audience(transaction, audience_id), name, editor)

    def delete(self, audience_id: str) -> None:
        """Delete the audience; refused while an ad group uses it, as a person would be."""
        with self._transaction() as transaction:
            audience = require_audience(transaction, audience_id)
            refuse_in_use(transaction, audience)
            audiences.remove(transaction, audience)

    def share(self, audience_id: str, advertiser_id: str, editor: str = BY_HAND) -> None:
        """Share the audience with an account of the same Business Center, as that person."""
        with self._transaction() as transaction:
            require_account(transaction, advertiser_id)
            audience = require_audience(transaction, audience_id)
            require_same_business(transaction, audience.advertiser_id, advertiser_id)
            share(transaction, audience, advertiser_id, editor)

    def unshare(self, audience_id: str, advertiser_id: str, editor: str = BY_HAND) -> None:
        """Stop sharing the audience with an account, as that person."""
        with self._transaction() as transaction:
            stop_sharing(transaction, require_audience(transaction, audience_id), advertiser_id, editor)

    def set_sub_type(self, audience_id: str, sub_type: str, editor: str = BY_HAND) -> None:
        """Make a ``NORMAL`` audience a ``REACH_FREQUENCY`` one, as that person; there is no way back."""
        require_choice("sub-type", sub_type, SUB_TYPES)
        with self._transaction() as transaction:
            audiences.change_sub_type(transaction, require_audience(transaction, audience_id), sub_type, editor)

    def edit(self, audience_id: str, action: str, detail: str = "", editor: str = BY_HAND) -> None:
        """Do something to the audience that shows nowhere but in its history: describe it, add a tag …"""
        with self._transaction() as transaction:
            audience = require_audience(transaction, audience_id)
            remember(transaction, audience.audience_no, action, detail, editor)

    def empty(self, audience_id: str, editor: str = BY_HAND) -> None:
        """Take everybody out of the audience, as that person; `cover_num` shows it at once."""
        with self._transaction() as transaction:
            audience = require_audience(transaction, audience_id)
            packed_sets.drop(transaction, audience_id)
            audiences.set_matched(transaction, audience, 0)
            audiences.touch(transaction, audience.audience_no)
            remember(transaction, audience.audience_no, MEMBERS_CHANGED, "everybody taken out", editor)

    def audiences(self, advertiser_id: str) -> tuple[Audience, ...]:
        """Return what the account has created, the newest first."""
        with self._transaction() as transaction:
            return audiences.owned_by(transaction, advertiser_id)

    def history(self, audience_id: str) -> list[dict[str, str]]:
        """Return who did what to the audience as its details show it, the newest first; the 100 newest at most."""
        with self._transaction() as transaction:
            return newest_lines(transaction, require_audience(transaction, audience_id).audience_no, 100)

    def members(self, audience_id: str) -> frozenset[tuple[str, str]]:
        """Return every member as its type and its hash in lower-case hexadecimal.

        Types are spelled as the members came: as `id_schema` names them (``AAID_MD5``) in a streaming audience, as
        `calculate_type` does (``GAID_MD5``, ``FIRST_MD5``) in one made of files.
        """
        with self._transaction() as transaction:
            require_audience(transaction, audience_id)
            return frozenset(packed_sets.members(transaction, audience_id))

    def member_count(self, audience_id: str) -> int:
        """Return how many identifiers the audience holds now, visible in `cover_num` or not."""
        with self._transaction() as transaction:
            require_audience(transaction, audience_id)
            return packed_sets.count_identifiers(transaction, audience_id)
