"""Controls over what uses audiences: ad groups and saved audiences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox.adgroups import AdGroup, AdGroupKind, aim, find_ad_group, log_application
from reconciler.sandbox.controls.base import BY_HAND, ControlGroup, require_account, require_audience
from reconciler.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.sandbox.database import Transaction

_STATUSES = ("ENABLE", "DISABLE")


class UsageControls(ControlGroup):
    """Ad groups and saved audiences."""

    def add_ad_group(
        self,
        advertiser_id: str,
        name: str,
        *,
        includes: Iterable[str] = (),
        excludes: Iterable[str] = (),
        kind: str = AdGroupKind.STANDARD,
        status: str = "ENABLE",
        editor: str = BY_HAND,
    ) -> str:
        """Make an ad group that uses these audiences and return its id.

        Args:
            advertiser_id: Its account.
            name: Its name.
            includes: Ids of the audiences it is shown to.
            excludes: Ids of the audiences it is not shown to.
            kind: ``standard``, ``smart_plus`` or ``top_view``.
            status: ``ENABLE`` or ``DISABLE``; both are alive.
            editor: Who did it, for the application log.
        """
        if kind not in set(AdGroupKind) or status not in _STATUSES:
            raise SandboxError(
                f"there is no {kind} ad group of status {status}",
                hint=f"Use one of {', '.join(AdGroupKind)} and one of {', '.join(_STATUSES)}.",
            )
        with self._transaction() as transaction:
            require_account(transaction, advertiser_id)
            ad_group = AdGroup(
                transaction.new_id(), transaction.new_id(), advertiser_id, name, AdGroupKind(kind), status
            )
            transaction.connection.execute(
                "INSERT INTO ad_groups VALUES (?, ?, ?, ?, ?, ?)",
                (
                    ad_group.adgroup_id,
                    ad_group.campaign_id,
                    ad_group.advertiser_id,
                    ad_group.name,
                    ad_group.kind,
                    ad_group.operation_status,
                ),
            )
            applied = _aim_at_known(transaction, ad_group.adgroup_id, includes, excludes)
            log_application(transaction, ad_group, applied, editor)
            return ad_group.adgroup_id

    def set_ad_group(
        self,
        adgroup_id: str,
        *,
        includes: Iterable[str] = (),
        excludes: Iterable[str] = (),
        editor: str = BY_HAND,
    ) -> None:
        """Let the ad group use exactly these audiences; the application log tells of those it begins to use."""
        with self._transaction() as transaction:
            ad_group = _require_ad_group(transaction, adgroup_id)
            applied = _aim_at_known(transaction, adgroup_id, includes, excludes)
            log_application(transaction, ad_group, applied, editor)

    def delete_ad_group(self, adgroup_id: str) -> None:
        """Delete the ad group; it holds its audiences no longer."""
        with self._transaction() as transaction:
            _require_ad_group(transaction, adgroup_id)
            transaction.connection.execute(
                "UPDATE ad_groups SET operation_status = 'DELETE' WHERE adgroup_id = ?", (adgroup_id,)
            )

    def add_saved_audience(
        self, advertiser_id: str, name: str, *, includes: Iterable[str] = (), excludes: Iterable[str] = ()
    ) -> str:
        """Make a saved audience that names these audiences and return its id."""
        with self._transaction() as transaction:
            require_account(transaction, advertiser_id)
            saved_audience_id = transaction.new_id()
            transaction.connection.execute(
                "INSERT INTO saved_audiences VALUES (?, ?, ?)", (saved_audience_id, advertiser_id, name)
            )
            _aim_at_known(transaction, saved_audience_id, includes, excludes)
            return saved_audience_id

    def delete_saved_audience(self, saved_audience_id: str) -> None:
        """Delete the saved audience."""
        with self._transaction() as transaction:
            transaction.connection.execute(
                "DELETE FROM saved_audiences WHERE saved_audience_id = ?", (saved_audience_id,)
            )
            aim(transaction, saved_audience_id, (), ())


def _require_ad_group(transaction: Transaction, adgroup_id: str) -> AdGroup:
    ad_group = find_ad_group(transaction, adgroup_id)
    if ad_group is None:
        raise SandboxError(
            f"the local TikTok has no ad group {adgroup_id}",
            hint="Check the id: only ad groups that were made here exist.",
        )
    return ad_group


def _aim_at_known(
    transaction: Transaction, holder_id: str, includes: Iterable[str], excludes: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    includes, excludes = tuple(includes), tuple(excludes)
    for audience_id in (*includes, *excludes):
        require_audience(transaction, audience_id)
    return aim(transaction, holder_id, includes, excludes)
