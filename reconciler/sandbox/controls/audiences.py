"""Controls over audiences: what a person would do in Ads Manager, and what is really inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox import audiences, packed_sets
from reconciler.sandbox.adgroups import refuse_in_use
from reconciler.sandbox.audiences import AUDIENCE_TYPES, FILE_TYPE
from reconciler.sandbox.controls.accounts import add_account
from reconciler.sandbox.controls.base import BY_HAND, ControlGroup, require_account, require_audience
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.sharing import share

if TYPE_CHECKING:
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
        calculate_type: str | None = None,
        source_audience_id: str | None = None,
        error_msg: str = "",
    ) -> str:
        """Make an audience of any kind by hand and return its id.

        Args:
            advertiser_id: The account that shall see it.
            name: Its name.
            kind: Its `audience_type`: one of `AUDIENCE_TYPES`.
            cover_num: Matched users, visible at once; a streamed change replaces it when its hours have passed.
            is_creator: False makes another account its owner, who shares it in.
            is_editable: False lets every update be refused with "Audience is not editable".
            calculate_type: What the files of a file audience held.
            source_audience_id: What a Lookalike grows from.
            error_msg: What TikTok says went wrong.
        """
        if kind not in AUDIENCE_TYPES:
            raise SandboxError(f"there is no audience type {kind}", hint=f"Use one of {', '.join(AUDIENCE_TYPES)}.")
        with self._transaction() as transaction:
            require_account(transaction, advertiser_id)
            if not is_creator:
                add_account(transaction, OTHER_ADVERTISER)
            audience_id = audiences.create(
                transaction,
                advertiser_id if is_creator else OTHER_ADVERTISER,
                name,
                kind,
                editor=BY_HAND,
                calculate_type=calculate_type,
                source_audience_id=source_audience_id,
                error_msg=error_msg,
                is_editable=is_editable,
                cover_num=cover_num,
            )
            if not is_creator:
                share(transaction, require_audience(transaction, audience_id), advertiser_id)
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

    def share_in(self, audience_id: str, advertiser_id: str) -> None:
        """Share the audience into an account."""
        with self._transaction() as transaction:
            require_account(transaction, advertiser_id)
            share(transaction, require_audience(transaction, audience_id), advertiser_id)

    def audiences(self, advertiser_id: str) -> tuple[Audience, ...]:
        """Return what the account has created, the newest first."""
        with self._transaction() as transaction:
            return audiences.owned_by(transaction, advertiser_id)

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
