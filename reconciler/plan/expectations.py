"""What the files expect of an account, compared with what TikTok says of it. Told by a plan, and as drift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.plan.attributes import differing_keys

if TYPE_CHECKING:
    from reconciler.config.model import Advertiser
    from reconciler.tiktok.model import Account

_BUSINESS_CENTER: Final = "business_center_id"

_WAYS_OUT: Final = {
    "name": "Rename the account in Ads Manager, or change `expect`.",
    "status": "Ask the account's admin, or TikTok, what became of it; or change `expect`.",
}
_IS_IT_THIS_ONE: Final = "Make sure that advertiser_id names the account you mean, or change `expect`."


@dataclass(frozen=True, slots=True)
class Expectation:
    """An expectation that an account does not meet.

    Attributes:
        name: What is expected: a key under ``expect``.
        wanted: What the files say.
        found: What TikTok says; None where it says nothing, and for the Business Center of an account that is in
            none which the token may read.
    """

    name: str
    wanted: str
    found: str | None

    @property
    def told(self) -> str:
        """What is so instead, without the account, and what was expected."""
        if self.found is not None:
            return f"{self.name} is {self.found}, expected {self.wanted}"
        if self.name == _BUSINESS_CENTER:
            return f"it is not seen in Business Center {self.wanted}, where it is expected"
        return f"TikTok tells no {self.name}, expected {self.wanted}"

    @property
    def way_out(self) -> str:
        """What a person can do about it, as a sentence; no apply ever changes an account."""
        if self.name != _BUSINESS_CENTER:
            return _WAYS_OUT.get(self.name, _IS_IT_THIS_ONE)
        if self.found is None:
            return (
                f"Ask an admin of Business Center {self.wanted} for the account and a role on it; or change `expect`."
            )
        # Of several that have it the first is found, unless the files say where to look.
        return f'If it is in both, write business_center_id: "{self.wanted}" beside `expect`; if not, change `expect`.'


def unmet(advertiser: Advertiser, account: Account) -> tuple[Expectation, ...]:
    """Return what is expected of `advertiser` and not so, by name.

    Where only the Business Center to look in is declared, none is expected, so that nothing is said of another one.
    """
    there = {
        "name": account.name or None,
        "status": account.status or None,
        "currency": account.currency or None,
        "timezone": account.timezone or None,
        _BUSINESS_CENTER: account.business_center_id,
    }
    expect = advertiser.expect
    differing = differing_keys(expect, {name: there[name] for name in expect})
    return tuple(Expectation(name, expect[name], there[name]) for name in sorted(differing))
