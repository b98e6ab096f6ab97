"""``advertisers``: accounts, and whether what is said of each of them fits together."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from reconciler.config.model import Advertiser
from reconciler.config.wording import label
from reconciler.secret import Secret

if TYPE_CHECKING:
    from reconciler.config.inspection import Inspection
    from reconciler.config.model import KeyPath


def check(inspection: Inspection) -> None:
    """Report every advertiser that has the right shape and says two things of which one cannot hold."""
    for key in inspection.mapping("advertisers"):
        at = ("advertisers", key)
        if not inspection.is_spoilt(*at):
            _check_profile(inspection, at)
            _check_business_center(inspection, at)


def advertiser(inspection: Inspection, key: str) -> Advertiser:
    """Return a sound advertiser."""
    at = ("advertisers", key)
    token = inspection.text(*at, "access_token")
    return Advertiser(
        key=key,
        advertiser_id=cast("str", inspection.text(*at, "advertiser_id")),
        access_token=None if token is None else Secret(token),
        profile=inspection.text(*at, "profile"),
        business_center_id=inspection.text(*at, "business_center_id"),
        expect={name: str(value) for name, value in inspection.mapping(*at, "expect").items()},
    )


def _check_profile(inspection: Inspection, at: KeyPath) -> None:
    """Refuse a profile that nothing would ever be done with: whoever wrote it believes something else."""
    if inspection.text(*at, "profile") is None or inspection.text(*at, "access_token") is None:
        return
    detail = "The access_token always comes first, so the profile would never be used. Keep one of the two."
    inspection.error((*at, "profile"), f"{label(at)} has both access_token and profile", detail, at="key")


def _check_business_center(inspection: Inspection, at: KeyPath) -> None:
    """Refuse to look for an account in one Business Center and to expect it in another."""
    home, expected = (*at, "business_center_id"), (*at, "expect", "business_center_id")
    looked_in, wanted = inspection.text(*home), inspection.text(*expected)
    if looked_in is None or wanted is None or looked_in == wanted:
        return
    summary = f"{label(at)} is expected in Business Center {inspection.shown(*expected)}, and looked up in another one"
    detail = (
        f"It is looked up in {inspection.shown(*home)}, as {inspection.place(*home)} says, so it can never be found "
        "where it is expected. Make the two the same, or take one out."
    )
    inspection.error(expected, summary, detail)
