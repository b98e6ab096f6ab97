"""What an apply remembers of what it saw and did."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from reconciler.apply.model import Outcome, OutcomeStatus
from reconciler.apply.sightings import Seen, remember
from reconciler.plan.model import ActionKind
from reconciler.state.history_model import AccountSighting, AudienceHistory, History, Sighting
from reconciler.state.model import Members, Resource, State
from reconciler.tiktok.model import Account, Audience, AudienceKind, Lack, Remote, Role, UsageKind, Use

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MEMBERS = Members("a" * 64, 1200, 2400, NOON)
BUYERS = Resource("audience.buyers", "7001", "7301", "Buyers", "streaming", ("idfa",), members=MEMBERS)
OTHERS = Resource("audience.others", "7001", "7302", "Others", "streaming", ("idfa",))
OWNED = State("lineage", 3, {each.address: each for each in (BUYERS, OTHERS)})
USE = Use(UsageKind.AD_GROUP, "55", "Spring sale")


def account(*audiences: Audience, used: dict[str, tuple[Use, ...]] | None = None) -> Remote:
    described = Account("7001", "Acme", "STATUS_ENABLE", "USD", "UTC", Role.OPERATOR)
    return Remote(described, {each.audience_id: each for each in audiences}, used)


def there(audience_id: str = "7301", cover_num: int = 0, *, shared: bool = False) -> Audience:
    return Audience(audience_id, "Buyers", AudienceKind.STREAMING, cover_num, shared=shared)


def after(seen: Seen, history: History | None = None) -> History:
    return remember(history or History("lineage"), OWNED, seen)


def test_what_was_matched_is_as_it_was_found_and_the_rest_as_it_was_left() -> None:
    outcome = Outcome("audience.buyers", ActionKind.UPDATE, OutcomeStatus.DONE, added=30, removed=2)
    seen = Seen(
        NOON,
        {"7001": account(there(cover_num=900))},
        {"7001": account(there(cover_num=1, shared=True), used={"7301": (USE,)})},
        {"audience.buyers": outcome},
    )
    found = after(seen).audiences["7301"]
    assert found.sightings == (Sighting(NOON, 900, 1200, 30, 2),)
    assert (found.kind, found.shared, found.uses) == ("Partner Audience", True, ("ad group 55 includes",))
    assert found.name == "Buyers"


def test_what_the_apply_made_was_not_matched_before() -> None:
    seen = Seen(NOON, {"7001": account()}, {"7001": account(there())})
    assert after(seen).audiences["7301"].sightings[0].matched is None


def test_a_status_and_a_role_are_remembered() -> None:
    assert after(Seen(NOON, after={"7001": account()})).accounts == {
        "7001": AccountSighting(NOON, "STATUS_ENABLE", "OPERATOR")
    }


def test_an_account_that_could_not_be_read_keeps_the_past_it_had() -> None:
    known = after(Seen(NOON, after={"7001": account(there(), used={"7301": (USE,)})}))
    lost = replace(account(), account=Account("7001", "", "", "", ""), unreadable=Lack("no access", "Ask."))
    assert after(Seen(LATER, {"7001": lost}, {"7001": lost}), known) == known
    back = after(Seen(LATER, {"7001": lost}, {"7001": account(there(cover_num=7))}), known)
    assert back.audiences["7301"].sightings[-1].matched == 7


def test_uses_that_could_not_be_looked_up_stay_as_they_were_known() -> None:
    known = History("lineage", {}, {"7301": AudienceHistory("Partner Audience", uses=("ad group 1 includes",))})
    found = after(Seen(NOON, after={"7001": account(there())}), known)
    assert found.audiences["7301"].uses == ("ad group 1 includes",)


def test_nothing_using_an_audience_is_remembered_too() -> None:
    assert after(Seen(NOON, after={"7001": account(there(), used={})})).audiences["7301"].uses == ()


def test_limited_to_an_address_nothing_else_is_seen() -> None:
    seen = Seen(NOON, after={"7001": account(there(), there("7302"))}, targets=frozenset({"audience.others"}))
    found = after(seen)
    assert (list(found.audiences), found.accounts) == (["7302"], {})


def test_what_is_not_on_tiktok_keeps_its_past_and_what_is_not_owned_loses_it() -> None:
    past = AudienceHistory("Partner Audience", sightings=(Sighting(NOON, 5),))
    found = after(Seen(NOON, after={"7001": account()}), History("lineage", {}, {"7301": past, "9": past}))
    assert found.audiences == {"7301": past}
