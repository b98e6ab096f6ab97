"""Drift: what became different without anyone changing the files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.plan.drift.detect import detect
from reconciler.plan.drift.model import Drift, DriftKind
from reconciler.tiktok.model import AudienceKind
from tests.plan.conftest import (
    EU,
    FORMER,
    NOW,
    US,
    audience,
    begun_create,
    delivered,
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
    from reconciler.config.model import Config
    from reconciler.tiktok.model import Remote

STATE = owned(resource(members=delivered()))


def drift(files: Config, *remotes: Remote, **others: Any) -> Drift:
    return detect(inputs(files, *remotes, **others), now=NOW)


def test_what_is_as_it_was_has_not_drifted() -> None:
    found = drift(desired(audience()), remote(there()), state=STATE)

    assert (found.found, found.checked, found.checked_at) == ((), 1, NOW)


def test_an_audience_deleted_outside_is_found() -> None:
    (finding,) = drift(desired(audience()), state=STATE).found

    assert (finding.kind, finding.address, finding.audience_id) == (DriftKind.DELETED, "audience.buyers", "1")
    assert (finding.advertiser, finding.advertiser_id) == ("us", US)
    assert finding.summary == '"Buyers" is no longer on TikTok'
    assert finding.remedy == "apply creates it again"


def test_a_deleted_audience_that_is_no_longer_declared_is_only_to_be_forgotten() -> None:
    (finding,) = drift(desired(), state=STATE).found

    assert (finding.kind, finding.remedy) == (DriftKind.DELETED, "apply forgets it")


def test_a_rename_is_found_with_both_names() -> None:
    (finding,) = drift(desired(audience()), remote(there(name="Renamed")), state=STATE).found

    assert finding.kind is DriftKind.RENAMED
    assert (finding.before, finding.after) == ("Buyers", "Renamed")
    assert finding.remedy == 'apply renames it to "Buyers"'


def test_a_rename_that_the_files_have_followed_is_settled() -> None:
    """An apply has nothing to do then and so records nothing: it must not be reported for ever."""
    found = drift(desired(audience(name="Renamed")), remote(there(name="Renamed")), state=STATE)

    assert found.found == ()


def test_a_new_name_in_the_files_is_not_drift() -> None:
    assert drift(desired(audience(name="New name")), remote(there()), state=STATE).found == ()


def test_people_who_came_and_went_in_the_source_are_counted() -> None:
    members = {"buyers": facts(2100, add=1150, remove=50)}

    (finding,) = drift(desired(audience()), remote(there()), state=STATE, members=members).found

    assert finding.kind is DriftKind.MEMBERS
    assert "+1,150 / −50 identifiers" in finding.summary
    assert (finding.before, finding.after) == ("2,000 people", "2,100 people")


def test_an_audience_never_filled_has_nothing_before() -> None:
    (finding,) = drift(
        desired(audience()), remote(there()), state=owned(resource()), members={"buyers": facts(add=2000, of=0)}
    ).found

    assert (finding.kind, finding.before) == (DriftKind.MEMBERS, None)
    assert finding.summary == "never wholly delivered: +2,000 / −0 identifiers"


def test_a_rename_and_new_people_are_two_findings() -> None:
    found = drift(
        desired(audience()), remote(there(name="Renamed")), state=STATE, members={"buyers": facts(add=1)}
    ).found

    assert [each.kind for each in found] == [DriftKind.RENAMED, DriftKind.MEMBERS]


def test_without_looking_at_people_they_cannot_drift() -> None:
    assert drift(desired(audience()), remote(there()), state=STATE, skip_members=True).found == ()


def test_what_nobody_manages_is_listed_by_account_and_name_and_left_out_of_what_is_managed() -> None:
    found = drift(
        desired(audience()),
        remote(there(), there("3", "B"), there("2", "A", kind=AudienceKind.LOOKALIKE)),
        remote(there("4", "A", is_creator=False), account=EU),
        state=STATE,
    )

    assert [(each.kind, each.advertiser, each.audience_id) for each in found.found] == [
        (DriftKind.UNMANAGED, "us", "2"),
        (DriftKind.UNMANAGED, "us", "3"),
        (DriftKind.UNMANAGED, "eu", "4"),
    ]
    assert "Lookalike" in found.found[0].summary
    assert "`reconciler import` adopts it" in found.found[0].remedy
    assert "shared in by another account" in found.found[2].summary
    assert found.managed == ()


def test_what_the_files_are_about_to_import_is_declared() -> None:
    assert drift(desired(audience("others", import_id="2")), remote(there("2", "Others"))).found == ()
    (stranger,) = drift(desired(audience(import_id="2")), remote(there(), there("2", "Others")), state=STATE).found
    assert stranger.kind is DriftKind.UNMANAGED  # the address manages another: the line has no effect


def test_what_was_deposed_is_managed() -> None:
    state = owned(resource(members=delivered(), deposed=(deposed("9"),)))

    assert drift(desired(audience()), remote(there(), there("9")), state=state).found == ()


def test_what_an_interrupted_create_made_is_managed() -> None:
    found = drift(
        desired(audience()), remote(there("5")), state=owned(pending=[begun_create()]), members={"buyers": facts()}
    )

    assert (found.found, found.checked) == ((), 1)


def test_an_audience_in_an_account_the_files_no_longer_name_is_checked() -> None:
    state = owned(resource(advertiser_id=FORMER))

    (finding,) = drift(desired(), remote(account=FORMER), state=state).found

    assert (finding.kind, finding.advertiser) == (DriftKind.DELETED, FORMER)


def test_an_audience_that_moved_is_checked_at_its_new_address() -> None:
    files = desired(audience(), moved=[("old", "buyers")])
    state = owned(resource("old", "1", name="Buyers", members=delivered()))

    (finding,) = drift(files, remote(there()), state=state, members={"buyers": facts(add=5)}).found

    assert (finding.kind, finding.address) == (DriftKind.MEMBERS, "audience.buyers")


def test_managed_audiences_come_first_and_by_address() -> None:
    state = owned(resource("b", "2"), resource("a", "1"))

    found = drift(desired(audience("a"), audience("b")), remote(there("7", "A stranger")), state=state).found

    assert [each.address for each in found] == ["audience.a", "audience.b", None]


def test_limited_to_an_address_it_says_nothing_of_others_nor_of_strangers() -> None:
    files = desired(audience(), audience("vip", name="VIP"))
    state = owned(resource(members=delivered()), resource("vip", "2", name="VIP", members=delivered()))

    found = drift(files, remote(there("3", name="Stranger")), state=state, targets=["vip"])

    assert [(each.kind, each.address) for each in found.found] == [(DriftKind.DELETED, "audience.vip")]
    assert found.checked == 1
