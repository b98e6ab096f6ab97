from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.apply.model import Applied, Outcome, OutcomeStatus
from reconciler.plan.encode import encode
from reconciler.plan.model import ActionKind
from reconciler.report.outcome_document import OutcomeFileError, applied_document, parse_applied
from reconciler.report.outcome_text import render_applied

if TYPE_CHECKING:
    from collections.abc import Callable

CREATED = Outcome("audience.a", ActionKind.CREATE, OutcomeStatus.DONE, audience_id="7301", added=23097)
UPDATED = Outcome("audience.b", ActionKind.UPDATE, OutcomeStatus.DONE, audience_id="7302", added=1204, removed=310)
DELETED = Outcome("audience.c", ActionKind.DELETE, OutcomeStatus.DONE, audience_id="7303")
REFUSED = Outcome(
    "audience.d",
    ActionKind.DELETE,
    OutcomeStatus.BLOCKED,
    "1 use of it on TikTok",
    ('ad group "Spring" (18) includes it',),
    audience_id="7304",
    way_out="Take it out and plan again.",
)


def applied(
    *outcomes: Outcome,
    seconds: float = 3.14,
    interrupted: bool = False,
    rows_alone: int = 0,
    requests_alone: int = 0,
    refusal: str = "",
    way_out: str = "",
) -> Applied:
    alone = (rows_alone, requests_alone)
    return Applied("3f9d0c", outcomes, 12150, 26, seconds, interrupted, *alone, refusal, way_out)


def test_an_apply_that_did_everything_is_told_in_a_line_an_action(printed: Callable[..., str]) -> None:
    expected = """\
    + audience.a created (7301) +23,097 identifiers
    ~ audience.b updated (7302) +1,204 / −310 identifiers
    - audience.c deleted (7303)

Apply complete! 1 created, 1 updated, 1 deleted. +24,301 / −310 identifiers in 26 requests, 3.1 s.
"""
    assert printed(render_applied, applied(CREATED, UPDATED, DELETED)) == expected


def test_what_was_left_out_says_why_and_how_to_go_on(printed: Callable[..., str]) -> None:
    expected = """\
    + audience.a created (7301) +23,097 identifiers
    ! audience.d not deleted: BLOCKED (7304)
      │ 1 use of it on TikTok
      │   - ad group "Spring" (18) includes it
      │ → Take it out and plan again.

What was done stands and is in the state. What is blocked waits until its reason is gone.

Apply incomplete: 1 blocked; 1 created. +23,097 identifiers in 26 requests, 3.1 s.
"""
    assert printed(render_applied, applied(CREATED, REFUSED)) == expected


def test_an_apply_that_was_stopped_says_what_stands(printed: Callable[..., str]) -> None:
    cut_short = Outcome("audience.b", ActionKind.UPDATE, OutcomeStatus.INTERRUPTED, audience_id="7302", added=500)
    skipped = Outcome("audience.c", ActionKind.DELETE, OutcomeStatus.SKIPPED, "not begun: interrupted")
    expected = """\
    + audience.a created (7301) +23,097 identifiers
    ! audience.b not updated: INTERRUPTED (7302) +500 identifiers
    ! audience.c not deleted: SKIPPED
      │ not begun: interrupted

What was done stands and is in the state; a delivery that was cut short goes on where it was. Apply again for the rest.

Apply stopped: 1 interrupted, 1 skipped; 1 created. +23,597 identifiers in 26 requests, 3.1 s.
"""
    assert printed(render_applied, applied(CREATED, cut_short, skipped, interrupted=True)) == expected


def test_an_apply_that_completed_nothing_does_not_claim_otherwise(printed: Callable[..., str]) -> None:
    failed = Outcome(
        "audience.a", ActionKind.CREATE, OutcomeStatus.FAILED, "your token has expired", ("Log in again.",)
    )
    text = printed(render_applied, applied(failed))
    assert "Nothing was completed;" in text
    assert text.endswith("Apply stopped: 1 failed; nothing done. 3.1 s.\n")


def test_a_stop_before_the_first_action_is_no_success(printed: Callable[..., str]) -> None:
    assert printed(render_applied, applied(interrupted=True)).endswith(
        "Apply stopped: interrupted; nothing done. 3.1 s.\n"
    )


def test_a_move_and_a_note_are_told(printed: Callable[..., str]) -> None:
    moved = Outcome("audience.new", ActionKind.NOOP, OutcomeStatus.DONE, "was audience.old", audience_id="7301")
    text = printed(render_applied, applied(moved))
    assert text.startswith("      audience.new moved (7301)\n      was audience.old\n")
    assert "1 moved." in text


@pytest.mark.parametrize(
    ("rows_alone", "requests_alone", "said"),
    [
        (12150, 26, " in 26 requests, 3.1 s.\n"),
        (0, 0, " in 26 requests, 3.1 s.\n"),
        (52150, 66, " 3.1 s. Sharing them between audiences saved 40,000 mapping rows and 40 requests.\n"),
        (12151, 26, " 3.1 s. Sharing them between audiences saved 1 mapping row.\n"),
        (52150, 20, " 3.1 s. Sharing them between audiences saved 40,000 mapping rows.\n"),
    ],
)
def test_what_audiences_that_share_people_saved_is_told_where_they_did(
    printed: Callable[..., str], rows_alone: int, requests_alone: int, said: str
) -> None:
    text = printed(render_applied, applied(CREATED, rows_alone=rows_alone, requests_alone=requests_alone))
    assert text.replace("\n", " ").rstrip().endswith(said.strip())


def test_as_json_what_was_saved_is_told() -> None:
    document = applied_document(applied(CREATED, rows_alone=52150, requests_alone=66))
    assert document["saved"] == {"rows": 40000, "requests": 40}


def test_nothing_to_do_is_a_success(printed: Callable[..., str]) -> None:
    assert printed(render_applied, applied()) == "Apply complete! Nothing to do. 3.1 s.\n"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.04, "0.0 s"), (59.94, "59.9 s"), (60, "1 min 0 s"), (3725.6, "62 min 6 s")]
)
def test_long_applies_are_timed_in_minutes(printed: Callable[..., str], seconds: float, said: str) -> None:
    assert printed(render_applied, applied(seconds=seconds)).endswith(f" {said}.\n")


@pytest.mark.parametrize("status", list(OutcomeStatus))
def test_only_an_apply_that_did_all_of_it_has_succeeded(status: OutcomeStatus) -> None:
    other = Outcome("audience.z", ActionKind.UPDATE, status)
    assert applied(CREATED, other).succeeded is (status is OutcomeStatus.DONE)
    assert not applied(CREATED, interrupted=True).succeeded


def test_as_json_outcomes_are_counted_and_listed() -> None:
    document = applied_document(applied(CREATED, REFUSED))
    assert document == {
        "format_version": 1,
        "plan_id": "3f9d0c",
        "status": "incomplete",
        "reason": "",
        "way_out": "",
        "succeeded": False,
        "interrupted": False,
        "summary": {"done": 1, "blocked": 1, "failed": 0, "skipped": 0, "interrupted": 0},
        "done": {"create": 1, "update": 0, "replace": 0, "delete": 0, "import": 0, "forget": 0, "noop": 0},
        "identifiers": {"added": 23097, "removed": 0},
        "rows": 12150,
        "requests": 26,
        "saved": {"rows": 0, "requests": 0},
        "seconds": 3.14,
        "outcomes": [
            {
                "address": "audience.a",
                "action": "create",
                "status": "done",
                "message": "",
                "details": [],
                "way_out": "",
                "audience_id": "7301",
                "added": 23097,
                "removed": 0,
            },
            {
                "address": "audience.d",
                "action": "delete",
                "status": "blocked",
                "message": "1 use of it on TikTok",
                "details": ['ad group "Spring" (18) includes it'],
                "way_out": "Take it out and plan again.",
                "audience_id": "7304",
                "added": 0,
                "removed": 0,
            },
        ],
    }


def test_a_refusal_is_told_with_its_way_out(printed: Callable[..., str]) -> None:
    told = applied(refusal="nothing was applied: the plan is stale", way_out="Plan again.")
    assert printed(render_applied, told) == "Plan again.\n\nNothing was applied: the plan is stale.\n"


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (applied(CREATED), "complete"),
        (applied(CREATED, REFUSED), "incomplete"),
        (applied(CREATED, interrupted=True), "stopped"),
        (applied(refusal="the plan is stale"), "refused"),
    ],
)
def test_the_document_says_how_it_ended_and_is_read_back_as_it_was(told: Applied, status: str) -> None:
    document = applied_document(told)
    assert document["status"] == status
    assert parse_applied(encode(document), "outcome.json") == replace(
        told, rows_alone=told.rows, requests_alone=told.requests
    )


def test_an_outcome_that_was_printed_before_refusals_were_known_is_read() -> None:
    document = applied_document(applied(CREATED))
    for later in ("status", "reason", "way_out"):
        del document[later]
    assert parse_applied(encode(document), "outcome.json").outcomes == (CREATED,)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format_version": 99}, "has format version 99"),
        ({"outcomes": [{}]}, "is damaged"),
        ({"rows": -1}, "is damaged"),
        ({"succeeded": False}, "is damaged: succeeded"),
    ],
)
def test_an_outcome_that_was_tampered_with_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(OutcomeFileError, match=said):
        parse_applied(encode({**applied_document(applied(CREATED)), **change}), "outcome.json")
