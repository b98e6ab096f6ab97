from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.diagnostics import error
from reconciler.plan.model import Action, ActionKind
from reconciler.report.html import plan_page
from tests.report.html.pieces import (
    BLOCKED,
    CREATE,
    EVERYTHING,
    FORGET,
    MOVE,
    NOOP,
    PAST,
    REPLACE,
    SPRING,
    UPDATE,
    big_plan,
    members,
    plan,
    points,
)
from tests.report.html.reading import read


def text(page: str) -> str:
    return read(page).text


def test_the_headline_counts_what_is_done() -> None:
    assert "2 changes Nothing stands in the way of applying it." in text(plan_page(plan(UPDATE, CREATE, NOOP), {}))


def test_a_plan_that_does_nothing_says_so() -> None:
    assert "No changes TikTok matches the files." in text(plan_page(plan(NOOP), {}))


def test_a_plan_of_some_addresses_does_not_speak_for_the_others() -> None:
    page = text(plan_page(plan(NOOP, targets=("audience.vip",), skipped_members=True), {}))
    assert "TikTok matches the files for the addresses looked at; people were not looked at." in page
    assert "Only audience.vip: every other address was left out (--target)." in page


def test_an_error_keeps_the_plan_from_being_applied() -> None:
    page = text(plan_page(plan(UPDATE, BLOCKED, diagnostics=(error("no such account"),)), {}))
    assert "It cannot be applied: 1 error to be put right first." in page
    assert "Error no such account" in page


def test_what_is_blocked_comes_first_with_reason_and_way_out() -> None:
    page = text(plan_page(EVERYTHING, {}))
    blocked = page.index("1 ad group uses it")
    assert SPRING in page[blocked:]
    assert "Take it out of these, then plan again." in page[blocked:]
    assert blocked < page.index("few people") < page.index("Attributes that differ")


def test_it_is_told_which_plan_of_which_state_this_is() -> None:
    page = text(plan_page(EVERYTHING, {}))
    assert "2026-03-01 12:00 UTC" in page
    assert "Plan 3f9d0c" in page
    assert "serial 41, lineage 9d8e" in page


def test_people_in_total_are_those_known_before_and_after() -> None:
    page = text(plan_page(plan(UPDATE, CREATE, NOOP), {}))
    assert "20,320 → people before, after it 26,036 people in all audiences (+5,716)" in page


def test_what_is_not_known_before_is_left_out_of_the_total_and_said() -> None:
    imported = replace(UPDATE, kind=ActionKind.IMPORT, members=members(None, 700, 700))
    page = text(plan_page(plan(imported, NOOP), {}))
    assert "2,100 → people before, after it 2,100" in page
    assert "Left out: 1 with nothing known of the people before" in page


def test_the_past_tells_how_many_people_a_delete_takes() -> None:
    assert "2,934 → 0 −2,934" in text(plan_page(plan(BLOCKED), PAST))


def test_bars_begin_with_the_biggest_difference() -> None:
    page = plan_page(plan(NOOP, UPDATE, CREATE), {})
    bars = page[page.index("class=bars") : page.index('id="audiences"')]
    order = [bars.index(each.address) for each in (CREATE, UPDATE, NOOP)]
    assert order == sorted(order)
    assert '<rect width="95.3%"/><rect width="100%"/>' in bars


def test_of_many_bars_the_first_dozen_shows_and_the_others_are_folded() -> None:
    page = plan_page(*big_plan(40, 1))
    first, rest = page[page.index("class=bars") :].split("Show all: 28 more", 1)
    assert first.count("<rect") == 24
    assert rest.count("<rect") == 56


def test_a_few_bars_more_are_not_worth_a_fold() -> None:
    assert "Show all" not in plan_page(*big_plan(15, 1))


def test_an_update_unfolds_to_its_changes_people_and_place() -> None:
    page = text(plan_page(plan(UPDATE), {}))
    assert 'Name "All customers" "Everyone" Identities ["idfa", "gaid"] ["idfa"]' in page
    assert "To deliver +1,204 / −310 identifiers TikTok id 7300000000000000042 Declared at audiences.yaml:27:3" in page


def test_a_create_unfolds_to_what_the_audience_will_be() -> None:
    page = text(plan_page(plan(CREATE), {}))
    assert "Delivery file Identities idfa, gaid Retention 30 days Prevent destroy yes" in page


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (REPLACE, f"The old one stays, deposed, until these have moved to the new one: {SPRING}"),
        (replace(REPLACE, kept_by=()), "The new audience is filled first, then the old one is deleted."),
        (FORGET, "On TikTok stays untouched; only the state lets go of it"),
        (MOVE, "Moved from audience.old_key"),
    ],
)
def test_what_becomes_of_an_audience_is_said(action: Action, told: str) -> None:
    assert told in text(plan_page(plan(action), {}))


def test_what_stays_as_it_is_is_folded() -> None:
    page = plan_page(plan(UPDATE, NOOP), {})
    assert page.index("audience.all_customers</code>") < page.index("Unchanged: 1") < page.index("audience.vip</code>")


def test_a_guard_against_a_no_op_is_not_folded_away() -> None:
    page = plan_page(plan(replace(NOOP, blocked_by=BLOCKED.blocked_by)), {})
    assert "Unchanged: 1" not in page


def test_filters_offer_what_there_is_with_its_count() -> None:
    page = text(plan_page(EVERYTHING, {}))
    assert "Create (1) Update (1) Replace (1) Delete (1) Forget (1) Unchanged (1) Move (1) Blocked (1)" in page
    assert "acme_eu (7000000000000000002) (3) acme_us (7000000000000000001) (4)" in page


def test_an_audience_that_moves_brings_its_past_along() -> None:
    assert "Matched 100 → 200" in text(plan_page(plan(MOVE), PAST))


def test_a_deposed_audience_has_not_the_past_of_the_one_that_replaced_it() -> None:
    deposed = replace(BLOCKED, address="audience.vip (deposed 7300000000000000044)")
    assert "Matched" not in text(plan_page(plan(deposed), {"audience.vip": points((1, 2))}))


def test_without_a_past_none_is_drawn() -> None:
    assert "<path d=" not in plan_page(EVERYTHING, {}).split("<main", 1)[1]


def test_one_look_at_an_audience_is_told_and_not_drawn() -> None:
    page = plan_page(plan(NOOP), {"audience.vip": points((1700, 2100))}).split("<main", 1)[1]
    assert "Delivered 2,100 Matched 1,700 2026-03-01 1 delivery" in read(page).text
    assert "<path d=" not in page
