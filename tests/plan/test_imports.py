"""Adopting what is on TikTok already, and audiences whose people this tool leaves alone."""

from __future__ import annotations

import pytest

from reconciler.config.model import Delivery
from reconciler.diagnostics import Location
from reconciler.plan.model import ActionKind, Change, Guard
from reconciler.tiktok.model import AudienceKind
from tests.plan.conftest import (
    EU,
    NEVER_DELIVERED,
    at,
    audience,
    delivered,
    deposed,
    desired,
    errors,
    guards_against,
    only,
    owned,
    planned,
    remote,
    resource,
    there,
    warnings,
)


def test_an_import_adopts_and_fills() -> None:
    plan = planned(desired(audience(import_id="1")), remote(there()), members={"buyers": NEVER_DELIVERED})

    action = only(plan)
    assert action.kind is ActionKind.IMPORT
    assert action.audience_id == "1"
    assert action.changes == ()
    assert action.members is not None
    assert (action.members.users_before, action.members.add, action.members.remove) == (None, 2000, 0)


def test_an_import_renames_where_the_name_differs() -> None:
    action = only(planned(desired(audience(import_id="1")), remote(there(name="Old name"))))

    assert action.kind is ActionKind.IMPORT
    assert action.changes == (Change("name", "Old name", "Buyers"),)


def test_an_import_of_what_is_not_there_is_an_error_at_its_line() -> None:
    place = Location("audiences.yaml", 12, 13)
    files = desired(audience(import_id="99"), places={("audiences", "buyers", "import"): place})

    plan = planned(files, remote(there()))

    assert plan.actions == ()
    assert errors(plan) == ["audience.buyers: account 7000000000000000001 has no audience 99"]
    assert plan.errors[0].location == place


def test_an_import_looks_in_the_declared_account_alone() -> None:
    plan = planned(desired(audience(import_id="1")), remote(there(), account=EU))

    assert "has no audience 1" in errors(plan)[0]


@pytest.mark.parametrize(
    ("kind", "delivery"),
    [
        (AudienceKind.LOOKALIKE, Delivery.STREAMING),
        (AudienceKind.OTHER, Delivery.STREAMING),
        (AudienceKind.FILE, Delivery.STREAMING),
        (AudienceKind.STREAMING, Delivery.FILE),
    ],
)
def test_people_cannot_be_delivered_to_another_kind(kind: AudienceKind, delivery: Delivery) -> None:
    plan = planned(desired(audience(import_id="1", delivery=delivery)), remote(there(kind=kind)))

    assert plan.actions == ()
    assert f"1 is a {kind}; people cannot be delivered to it with `delivery: {delivery}`" in errors(plan)[0]


@pytest.mark.parametrize("kind", list(AudienceKind))
def test_an_import_without_a_source_adopts_any_kind_and_leaves_its_people_alone(kind: AudienceKind) -> None:
    action = only(planned(desired(audience(import_id="1", source=None)), remote(there(kind=kind))))

    assert action.kind is ActionKind.IMPORT
    assert action.members is None
    assert action.changes == ()


def test_an_import_without_a_source_records_how_a_file_audience_is_delivered() -> None:
    plan = planned(desired(audience(import_id="1", source=None)), remote(there(kind=AudienceKind.FILE)))

    after = only(plan).after
    assert after is not None
    assert after.delivery == "file"


def test_an_import_line_has_no_effect_once_it_is_adopted() -> None:
    plan = planned(desired(audience(import_id="1")), remote(there()), state=owned(resource(members=delivered())))

    assert only(plan).kind is ActionKind.NOOP
    assert warnings(plan) == []


def test_an_import_line_that_names_another_audience_than_the_one_managed_is_pointed_out() -> None:
    plan = planned(
        desired(audience(import_id="2")),
        remote(there(), there("2", "Other")),
        state=owned(resource(members=delivered())),
    )

    assert only(plan).kind is ActionKind.NOOP
    assert warnings(plan) == ["audience.buyers: `import` names 2, but 1 is managed here"]


# Two addresses, one audience


def test_what_is_managed_already_is_not_imported_again() -> None:
    files = desired(audience(), audience("copy", import_id="1", name="Buyers"))

    plan = planned(files, remote(there()), state=owned(resource(members=delivered())))

    (block,) = at(plan, "copy").blocked_by
    assert block.guard is Guard.NOT_OWNED
    assert block.message == "1 is already managed as audience.buyers"
    assert "from: audience.buyers, to: audience.copy" in block.way_out
    assert not at(plan, "buyers").is_blocked


def test_what_was_deposed_is_not_imported_either() -> None:
    files = desired(audience(), audience("copy", import_id="9"))
    state = owned(resource(members=delivered(), deposed=(deposed("9"),)))

    plan = planned(files, remote(there(), there("9", "Copy")), state=state)

    assert guards_against(at(plan, "copy")) == [Guard.NOT_OWNED]


def test_a_key_that_changed_without_moved_deletes_nothing() -> None:
    """The old address is no longer declared, the new one imports its audience: with ``--skip-blocked`` too it stays."""
    files = desired(audience("renamed", import_id="1", name="Buyers"))

    plan = planned(files, remote(there()), state=owned(resource(members=delivered())))

    assert at(plan, "buyers").kind is ActionKind.DELETE
    assert guards_against(at(plan, "buyers")) == [Guard.NOT_OWNED]
    assert "moved: [{from: audience.buyers, to: audience.renamed}]" in at(plan, "buyers").blocked_by[0].way_out
    assert guards_against(at(plan, "renamed")) == [Guard.NOT_OWNED]


def test_a_replace_does_not_take_what_another_address_imports() -> None:
    files = desired(audience(advertiser="eu"), audience("copy", import_id="1"))

    plan = planned(files, remote(there()), state=owned(resource(members=delivered())))

    assert guards_against(at(plan, "buyers")) == [Guard.NOT_OWNED]


def test_two_imports_of_one_audience_are_both_blocked() -> None:
    files = desired(audience("a", import_id="1"), audience("b", import_id="1"))

    plan = planned(files, remote(there()))

    assert [guards_against(each) for each in plan.actions] == [[Guard.NOT_OWNED], [Guard.NOT_OWNED]]
    assert plan.actions[0].blocked_by[0].message == "audience.b is to import 1"


def test_an_idle_import_line_elsewhere_does_not_keep_an_audience_from_being_deleted() -> None:
    files = desired(audience("other", import_id="1"))
    state = owned(resource(), resource("other", "2", members=delivered()))

    plan = planned(files, remote(there(), there("2", "Other")), state=state)

    assert at(plan, "buyers").kind is ActionKind.DELETE
    assert not at(plan, "buyers").is_blocked


@pytest.mark.parametrize(("kept", "dropped"), [("a", "b"), ("b", "a")])
def test_a_state_in_which_two_addresses_own_one_audience_deletes_nothing(kept: str, dropped: str) -> None:
    state = owned(resource("a", "1", members=delivered()), resource("b", "1", members=delivered()))

    plan = planned(desired(audience(kept)), remote(there(name=kept.capitalize())), state=state)

    assert at(plan, dropped).kind is ActionKind.DELETE
    assert guards_against(at(plan, dropped)) == [Guard.NOT_OWNED]
    assert f"audience.{kept}" in at(plan, dropped).blocked_by[0].message
    assert "reconciler state rm" in at(plan, dropped).blocked_by[0].way_out


# No source: the people, and how they got there, are TikTok's business


def test_a_lookalike_is_renamed_and_nothing_else() -> None:
    files = desired(audience(source=None, import_id="1", name="New name", delivery=Delivery.FILE))
    state = owned(resource(identities=()))

    action = only(planned(files, remote(there(kind=AudienceKind.LOOKALIKE)), state=state))

    assert action.kind is ActionKind.UPDATE
    assert action.changes == (Change("name", "Buyers", "New name"),)
    assert action.members is None


def test_what_no_source_fills_is_not_made_anew_in_another_account() -> None:
    files = desired(audience(source=None, import_id="1", advertiser="eu"))
    state = owned(resource(identities=()))

    plan = planned(files, remote(there(kind=AudienceKind.LOOKALIKE)), state=state)

    assert plan.actions == ()
    assert errors(plan) == ["audience.buyers: 1 would have to be made anew in account eu, and no source fills it"]


def test_what_no_source_fills_is_not_made_anew_when_it_is_gone() -> None:
    files = desired(audience(source=None, import_id="1"))

    plan = planned(files, state=owned(resource(identities=())))

    assert plan.actions == ()
    assert "1 would have to be made anew" in errors(plan)[0]
    assert "reconciler state rm audience.buyers" in plan.errors[0].detail


def test_a_lookalike_that_is_given_a_source_is_neither_filled_nor_replaced() -> None:
    files = desired(audience(import_id="1"))
    state = owned(resource(identities=()))

    plan = planned(files, remote(there(kind=AudienceKind.LOOKALIKE)), state=state)

    assert plan.actions == ()
    assert "1 is a Lookalike Audience; people cannot be delivered to it" in errors(plan)[0]


def test_an_audience_whose_source_is_taken_away_keeps_its_people() -> None:
    files = desired(audience(source=None, import_id="1"))
    state = owned(resource(members=delivered()))

    action = only(planned(files, remote(there()), state=state))

    assert action.kind is ActionKind.UPDATE
    assert action.changes == (Change("identities", ("idfa",), ()),)
    assert action.members is None
