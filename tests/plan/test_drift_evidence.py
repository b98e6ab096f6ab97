"""Drift by its kinds: when each is told, when it is not, and with what cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.config.model import Delivery, FileOptions, Lifecycle
from reconciler.diagnostics import Location
from reconciler.plan.drift.detect import detect
from reconciler.plan.drift.evidence import Evidence
from reconciler.plan.drift.model import DriftKind
from reconciler.plan.recipe import recipe_of
from reconciler.state.history_model import AccountSighting, AudienceHistory, History, Sighting
from reconciler.state.model import Members
from reconciler.tiktok.model import Application, AudienceKind, Edit, Role
from tests.plan.conftest import (
    AD_GROUP,
    BEFORE,
    EU,
    NOW,
    US,
    audience,
    deposed,
    desired,
    facts,
    inputs,
    owned,
    remote,
    resource,
    there,
)

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.config.model import KeyPath
    from reconciler.plan.drift.model import Drifted
    from reconciler.plan.inputs import MemberFacts
    from reconciler.state.model import Resource
    from reconciler.tiktok.model import Audience, Use

ANN = "ann@example.com"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SEEN_AT = NOW - 10 * DAY


def delivered(users: int = 2000, *, ago: timedelta = 3 * DAY, recipe: str | None = None) -> Members:
    return Members("a" * 64, users, users, NOW - ago, recipe)


def seen(matched: int | None = 2000, *, at: datetime = SEEN_AT, **fields: Any) -> AudienceHistory:
    """An apply saw the audience, with so many matched, and delivered nothing."""
    return AudienceHistory(**{"kind": "Partner Audience", "sightings": (Sighting(at, matched),), **fields})


def edit(action: str, *, at: datetime | None = NOW - HOUR, editor: str = ANN, detail: str = "") -> Edit:
    return Edit(action, detail, editor, "", at)


def drifted(
    actual: Audience,
    *,
    history: AudienceHistory | None = None,
    edits: tuple[Edit, ...] = (),
    uses: tuple[Use, ...] = (),
    application: Application | None = None,
    held: Resource | None = None,
    declared: bool = True,
    members: MemberFacts | None = None,
    **declaration: Any,
) -> tuple[Drifted, ...]:
    """Return what drifted about "Buyers", which was delivered three days ago unless told otherwise."""
    place: dict[KeyPath, Location] = {("audiences", "buyers"): Location("audiences.yaml", 4, 3)}
    files = desired(*([audience(**declaration)] if declared else []), places=place)
    known = Evidence(
        History("lineage", {}, {"1": history} if history else {}),
        {"1": edits},
        {"1": application} if application else {},
    )
    state = owned(held or resource(members=delivered()))
    there_ = remote(actual, used={"1": uses})
    people = {"buyers": members} if members else None
    return detect(inputs(files, there_, state=state, members=people), known, now=NOW).found


def kinds(*arguments: Any, **others: Any) -> list[str]:
    return [str(each.kind) for each in drifted(*arguments, **others)]


def test_every_finding_stands_at_its_declaration() -> None:
    (found,) = drifted(there(name="Sellers"))
    assert found.location == Location("audiences.yaml", 4, 3)


# Who and when ----------------------------------------------------------------------------------------------------


def test_a_rename_is_by_the_newest_person_whose_edit_speaks_of_it() -> None:
    edits = (edit("Rename", editor="open_api", at=SEEN_AT - HOUR), edit("Rename"), edit("Rename", editor="bob"))
    (found,) = drifted(there(name="Sellers"), history=seen(), edits=edits)
    assert (found.by, found.since, found.last_seen) == (ANN, NOW - HOUR, SEEN_AT)


def test_a_rename_by_another_program_is_told_from_an_applys_by_its_time() -> None:
    (found,) = drifted(there(name="Sellers"), history=seen(), edits=(edit("Rename", editor="open_api"),))
    assert found.by == "open_api"
    (found,) = drifted(there(name="Sellers"), edits=(edit("Rename", editor="open_api"),))
    assert (found.by, found.since) == (None, None)


def test_an_edit_without_a_time_says_by_whom() -> None:
    (found,) = drifted(there(name="Sellers"), edits=(edit("Rename", at=None),))
    assert (found.by, found.since) == (ANN, None)


def test_a_rename_that_an_apply_left_was_not_last_seen_as_it_should_be() -> None:
    (found,) = drifted(there(name="Sellers"), history=seen(), edits=(edit("Rename", at=SEEN_AT - DAY),))
    assert (found.since, found.last_seen) == (SEEN_AT - DAY, None)


@pytest.mark.parametrize(("name", "last_seen"), [("Buyers", SEEN_AT), (None, SEEN_AT), ("Sellers", None)])
def test_a_rename_that_an_apply_has_seen_was_not_as_it_should_be_then(name: str | None, last_seen: datetime) -> None:
    (found,) = drifted(there(name="Sellers"), history=seen(name=name))
    assert found.last_seen == last_seen


@pytest.mark.parametrize(("kind", "last_seen"), [("Partner Audience", SEEN_AT), ("Website Audience", None)])
def test_a_kind_that_an_apply_has_seen_was_not_as_it_should_be_then(kind: str, last_seen: datetime) -> None:
    (found,) = drifted(there(kind=AudienceKind.WEBSITE), history=seen(kind=kind))
    assert (found.kind, found.last_seen) == (DriftKind.RETYPED, last_seen)


def test_a_file_type_that_no_apply_has_seen_was_as_it_should_be_when_last_seen() -> None:
    history = seen(kind="Customer File Audience", calculate_type="IDFA_MD5")
    actual = there(kind=AudienceKind.FILE, calculate_type="IDFA_SHA256")
    held = resource(members=delivered(), delivery="file")
    (found,) = drifted(actual, history=history, held=held, delivery=Delivery.FILE)
    assert (found.kind, found.last_seen) == (DriftKind.RETYPED, SEEN_AT)


# What it is --------------------------------------------------------------------------------------------------------


def test_another_kind_than_the_delivery_makes_is_told_without_any_history() -> None:
    (found,) = drifted(there(kind=AudienceKind.WEBSITE))
    assert (found.kind, found.before, found.after) == (DriftKind.RETYPED, "Partner Audience", "Website Audience")
    assert found.remedy.startswith("apply stops: ")


def test_a_kind_that_is_not_known_here_may_be_the_right_one() -> None:
    assert kinds(there(kind=AudienceKind.OTHER), history=seen()) == []


def test_what_is_left_alone_is_compared_with_what_was_seen() -> None:
    held = resource()
    alone = {"held": held, "source": None, "import_id": "1"}
    assert kinds(there(kind=AudienceKind.LOOKALIKE), **alone) == []
    assert kinds(there(kind=AudienceKind.LOOKALIKE), history=seen(), **alone) == ["retyped"]


def test_a_sub_type_that_the_files_want_by_now_is_settled() -> None:
    held = resource(delivery="file", members=delivered())
    actual = there(kind=AudienceKind.FILE, sub_type="REACH_FREQUENCY")
    assert kinds(actual, held=held, delivery=Delivery.FILE) == ["retyped"]
    wanted = FileOptions(audience_sub_type="REACH_FREQUENCY")
    assert kinds(actual, held=held, delivery=Delivery.FILE, file=wanted) == []


# Health --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ago", "found"), [(48 * HOUR, []), (48 * HOUR + HOUR, ["invalid"])])
def test_not_being_valid_is_told_after_48_hours(ago: timedelta, found: list[str]) -> None:
    assert kinds(there(is_valid=False), held=resource(members=delivered(ago=ago))) == found


@pytest.mark.parametrize(("users", "found"), [(999, []), (1000, ["invalid"])])
def test_too_few_people_never_become_valid(users: int, found: list[str]) -> None:
    assert kinds(there(is_valid=False), held=resource(members=delivered(users))) == found


def test_what_tiktok_reports_is_told_at_once() -> None:
    (found,) = drifted(there(error_msg="Bad file"), held=resource(members=delivered(ago=HOUR)))
    assert (found.kind, found.summary) == (DriftKind.INVALID, "TikTok reports: Bad file")


def test_what_expired_is_neither_invalid_nor_expiring_nor_hardly_matched() -> None:
    assert kinds(there(is_valid=False, is_expiring=True, cover_num=0, expires_at=NOW)) == ["expired"]


@pytest.mark.parametrize(
    ("left", "marked", "lives", "found"),
    [
        (59 * DAY, False, None, ["expiring"]),
        (61 * DAY, False, None, []),
        (61 * DAY, True, None, ["expiring"]),
        (20 * DAY, True, 30, []),
        (4 * DAY, True, 30, ["expiring"]),
    ],
)
def test_expiring_is_told_late_in_a_life(left: timedelta, marked: bool, lives: int | None, found: list[str]) -> None:
    held = resource(members=delivered(), retention_in_days=lives)
    assert kinds(there(expires_at=NOW + left, is_expiring=marked), held=held) == found


def test_whatever_an_apply_changes_on_tiktok_renews() -> None:
    expiring, renamed = drifted(there(name="Sellers", expires_at=NOW + DAY))
    assert (expiring.kind, renamed.kind) == (DriftKind.EXPIRING, DriftKind.RENAMED)
    assert expiring.remedy == "apply renews it: it changes it"
    (left_alone,) = drifted(there(expires_at=NOW + DAY), lifecycle=Lifecycle(prevent_destroy=True))
    assert left_alone.remedy.startswith("apply does not renew it")


def test_a_file_audience_that_is_emptied_and_not_valid_is_made_anew() -> None:
    held = resource(members=delivered(), delivery="file")
    actual = there(kind=AudienceKind.FILE, cover_num=0, is_valid=False)
    (found,) = drifted(actual, held=held, delivery=Delivery.FILE)
    assert found.kind is DriftKind.EMPTIED
    assert found.remedy.startswith("apply cannot refill it")


def test_a_retention_is_renewed_by_nothing() -> None:
    held = resource(members=delivered(), retention_in_days=30, delivery="file")
    actual = there(kind=AudienceKind.FILE, expires_at=NOW + DAY)
    (found,) = drifted(actual, held=held, delivery=Delivery.FILE, file=FileOptions(retention_in_days=30))
    assert found.remedy.startswith("nothing renews it: it was made to live 30 days")


@pytest.mark.parametrize(
    ("history", "ago", "users", "found"),
    [
        (None, 49 * HOUR, 1000, ["emptied"]),
        (None, 48 * HOUR, 1000, []),
        (None, 49 * HOUR, 999, []),
        (seen(5, at=NOW - HOUR), 40 * HOUR, 999, ["emptied"]),  # an apply saw it after the delivery
        (seen(5, at=NOW - 50 * HOUR), 40 * HOUR, 999, []),  # TikTok may be counting that delivery
        (seen(5, at=NOW - 60 * HOUR), 50 * HOUR, 999, ["emptied"]),
        (seen(0, at=NOW - HOUR), 40 * HOUR, 999, []),
        (seen(5, at=NOW - HOUR), 40 * HOUR, 0, []),  # nobody is what it should hold
    ],
)
def test_nobody_being_matched_is_told_where_tiktok_is_not_counting(
    history: AudienceHistory | None, ago: timedelta, users: int, found: list[str]
) -> None:
    held = resource(members=delivered(users, ago=ago))
    assert kinds(there(cover_num=0), history=history, held=held) == found


def test_an_apply_that_saw_nobody_matched_does_not_settle_it() -> None:
    saw = (Sighting(SEEN_AT, 900), Sighting(NOW - DAY, 0))
    (found,) = drifted(
        there(cover_num=0),
        history=AudienceHistory("Partner Audience", sightings=saw),
        held=resource(members=delivered(950)),
    )
    assert (found.kind, found.before, found.last_seen) == (DriftKind.EMPTIED, "900 people matched", SEEN_AT)


def test_what_an_apply_saw_before_its_own_delivery_says_nothing_yet() -> None:
    just = AudienceHistory("Partner Audience", sightings=(Sighting(NOW - HOUR, 900, 2000, added=1100),))
    held = resource(members=delivered(ago=2 * HOUR))
    assert kinds(there(cover_num=0), history=just, held=held) == []


@pytest.mark.parametrize(("matched", "found"), [(199, ["match_rate"]), (200, [])])
def test_a_match_rate_is_measured_by_what_the_files_ask_for(matched: int, found: list[str]) -> None:
    asked = Lifecycle(minimum_match_percent=10)
    assert [each for each in kinds(there(cover_num=matched), lifecycle=asked) if each != "invalid"] == found


def test_too_few_people_to_be_shown_have_no_match_rate() -> None:
    assert kinds(there(cover_num=0), held=resource(members=delivered(500))) == []


# What others did ---------------------------------------------------------------------------------------------------


def test_sharing_is_told_unless_an_apply_has_seen_it() -> None:
    assert kinds(there(shared=True)) == ["shared"]
    assert kinds(there(shared=True), history=seen()) == ["shared"]
    assert kinds(there(shared=True), history=seen(shared=True)) == []
    assert kinds(there(), history=seen(shared=True)) == []


def test_what_another_account_shares_in_is_not_shared_by_us() -> None:
    assert kinds(there(shared=True, is_creator=False)) == []


def test_without_a_past_nobody_knows_which_use_is_new() -> None:
    assert kinds(there(), uses=(AD_GROUP,)) == []
    assert kinds(there(), uses=(AD_GROUP,), history=seen(uses=None)) == []
    assert kinds(there(), uses=(AD_GROUP,), history=seen(uses=())) == ["in_use"]
    assert kinds(there(), uses=(AD_GROUP,), history=seen(uses=("ad group 55 includes",))) == []
    assert kinds(there(), uses=(AD_GROUP,), history=seen(uses=("ad group 55 excludes",))) == ["in_use"]


@pytest.mark.parametrize(("adgroup_id", "by"), [("55", ANN), ("56", None)])
def test_a_use_is_by_whom_the_application_log_names_for_it(adgroup_id: str, by: str | None) -> None:
    log = Application("1", adgroup_id, "Any", "includes", ANN, NOW - HOUR)
    (found,) = drifted(there(), uses=(AD_GROUP,), history=seen(uses=()), application=log)
    assert (found.by, found.since) == (by, NOW - HOUR if by else None)
    assert found.details == (str(AD_GROUP),)


def test_of_several_uses_only_the_one_that_the_application_log_names_is_by_anybody() -> None:
    log = Application("1", "55", "Any", "includes", ANN, NOW - HOUR)
    other = replace(AD_GROUP, id="56")
    (found,) = drifted(there(), uses=(AD_GROUP, other), history=seen(uses=()), application=log)
    assert (found.by, found.since) == (None, None)
    assert found.details == (f"{AD_GROUP}, since {NOW - HOUR:%Y-%m-%d %H:%M} UTC, by {ANN}", str(other))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (edit("Describe"), ["edited"]),
        (edit("Describe", editor="open_api"), []),
        (edit("Describe", editor=""), []),
        (edit("Describe", at=None), []),
        (edit("Describe", at=SEEN_AT), []),
        (edit("Describe", at=NOW - 4 * DAY), []),  # before the last delivery
    ],
)
def test_edits_are_told_that_people_made_since(line: Edit, found: list[str]) -> None:
    assert kinds(there(), history=seen(), edits=(line,)) == found


def test_edits_are_not_told_where_nobody_knows_since_when() -> None:
    assert kinds(there(), held=resource(), edits=(edit("Describe"),), source=None, import_id="1") == []


def test_an_edit_that_another_finding_tells_is_told_once() -> None:
    lines = (edit("Rename", detail="Buyers -> Sellers"), edit("Describe", editor="bob"))
    renamed, edited = drifted(there(name="Sellers"), history=seen(), edits=lines)
    assert (renamed.by, edited.by, len(edited.details)) == (ANN, "bob", 1)
    (edited,) = drifted(there(), history=seen(), edits=lines)  # and renamed back: both lines
    assert (edited.by, len(edited.details), edited.since) == (f"{ANN}, bob", 2, NOW - HOUR)


def test_other_people_are_drift_for_the_same_or_an_unknown_declaration_only() -> None:
    came = facts(2100, add=100)
    mine = recipe_of(audience(), desired(audience()))
    for recipe, found in ((mine, ["members"]), (None, ["members"]), ("b" * 64, [])):
        assert kinds(there(), held=resource(members=delivered(recipe=recipe)), members=came) == found


# What apply would do -----------------------------------------------------------------------------------------------


def test_a_remedy_says_what_stands_against_it() -> None:
    files, state = desired(audience()), owned(resource(members=delivered()))
    found = detect(inputs(files, remote(there(name="Sellers"), role=Role.ANALYST), state=state), now=NOW).managed
    assert found[0].remedy.startswith('apply renames it to "Buyers", once nothing stands against it: ')
    assert "Analyst" in found[0].remedy


def test_what_an_apply_would_only_know_of_it_does_not_know_of_while_something_stands_against_it() -> None:
    files, state = desired(audience()), owned(resource(members=delivered()))
    blocked = remote(there(name="Sellers", shared=True), role=Role.ANALYST)
    _, _, shared = detect(inputs(files, blocked, state=state), now=NOW).found
    assert shared.kind is DriftKind.SHARED
    assert "knows of it from then on, once nothing stands against it: " in shared.remedy


def test_what_is_no_longer_declared_is_deleted_or_forgotten() -> None:
    (found,) = drifted(there(name="Sellers"), declared=False)
    assert found.remedy == "apply deletes it: no file declares it any more"
    files = desired(removed={"buyers": False})
    state = owned(resource(members=delivered()))
    (found,) = detect(inputs(files, remote(there(name="Sellers")), state=state), now=NOW).found
    assert found.remedy == "apply forgets it and leaves it on TikTok"


def test_a_deleted_one_whose_name_was_taken_stops_an_apply() -> None:
    state = owned(resource(members=delivered()))
    deleted, _ = detect(inputs(desired(audience()), remote(there("9")), state=state), now=NOW).found
    assert deleted.kind is DriftKind.DELETED
    assert deleted.remedy.startswith("apply stops: account us already has an audience named")


# Accounts ------------------------------------------------------------------------------------------------------------


def account_drift(*, status: str = "STATUS_ENABLE", role: Role = Role.OPERATOR, **others: Any) -> list[Drifted]:
    past = others.pop("past", None)
    history = History("lineage", {US: AccountSighting(BEFORE, *past)} if past else {})
    files = desired(places={("advertisers", "us"): Location("audiences.yaml", 2, 3)}, **others)
    found = detect(inputs(files, remote(status=status, role=role)), Evidence(history), now=NOW)
    assert found.accounts == found.found
    return list(found.accounts)


@pytest.mark.parametrize(
    ("now", "past", "told"),
    [
        ("STATUS_ENABLE", None, False),
        ("STATUS_LIMIT", None, True),
        ("STATUS_LIMIT", "STATUS_LIMIT", False),
        ("STATUS_LIMIT", "STATUS_ENABLE", True),
        ("STATUS_ENABLE", "STATUS_LIMIT", True),
    ],
)
def test_a_status_is_compared_with_what_was_seen_else_with_what_it_should_be(
    now: str, past: str | None, told: bool
) -> None:
    found = account_drift(status=now, past=(past, "OPERATOR") if past else None)
    assert [each.kind for each in found] == ([DriftKind.ACCOUNT_STATUS] if told else [])


@pytest.mark.parametrize(
    ("now", "past", "told"),
    [
        (Role.ANALYST, None, True),
        (Role.UNKNOWN, None, False),
        (Role.ANALYST, "ANALYST", False),
        (Role.ANALYST, "ADMIN", True),
        (Role.UNKNOWN, "ADMIN", True),
    ],
)
def test_a_role_is_compared_with_what_was_seen_else_with_what_it_should_be(
    now: Role, past: str | None, told: bool
) -> None:
    found = account_drift(role=now, past=("STATUS_ENABLE", past) if past else None)
    assert [each.kind for each in found] == ([DriftKind.ACCOUNT_ROLE] if told else [])


def test_an_account_is_told_at_its_declaration_with_when_it_was_last_seen() -> None:
    (found,) = account_drift(status="STATUS_LIMIT", past=("STATUS_ENABLE", "OPERATOR"))
    assert (found.location, found.last_seen) == (Location("audiences.yaml", 2, 3), BEFORE)
    assert (found.address, found.audience_id, found.advertiser) == (None, None, "us")


def test_each_expectation_is_a_finding() -> None:
    found = account_drift(expect={"currency": "EUR", "timezone": "America/New_York", "name": "Other"})
    assert [(each.kind, each.before, each.after) for each in found] == [
        (DriftKind.EXPECTATION, "EUR", "USD"),
        (DriftKind.EXPECTATION, "Other", "Acme"),
    ]


# Order and scope -----------------------------------------------------------------------------------------------------


def test_accounts_come_first_then_audiences_in_the_order_of_kinds_then_strangers() -> None:
    state = owned(resource(members=delivered(), deposed=(deposed("7"),)))
    actual = remote(
        there(name="Sellers", error_msg="Bad", shared=True), there("7"), there("9", "B"), status="STATUS_LIMIT"
    )
    found = detect(inputs(desired(audience()), actual, remote(there("8", "A"), account=EU), state=state), now=NOW)
    assert [str(each.kind) for each in found.found] == [
        "account_status",
        "invalid",
        "renamed",
        "shared",
        "unmanaged",
        "unmanaged",
    ]


def test_limited_to_an_address_accounts_are_left_out() -> None:
    state = owned(resource(members=delivered()))
    found = detect(
        inputs(desired(audience()), remote(there(), status="STATUS_LIMIT"), state=state, targets=["buyers"]), now=NOW
    )
    assert found.found == ()


def test_whether_people_were_looked_at_is_said() -> None:
    state = owned(resource(members=delivered()))
    for skipped in (True, False):
        found = detect(inputs(desired(audience()), remote(there()), state=state, skip_members=skipped), now=NOW)
        assert found.skipped_members is skipped


def test_an_unmanaged_audience_is_there_since_it_was_made() -> None:
    (found,) = detect(inputs(desired(), remote(there(created_at=BEFORE))), now=NOW).found
    assert found.since == BEFORE
