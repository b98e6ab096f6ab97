from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from reconciler.plan.status import StatusRow, status_document
from reconciler.report.status_text import render_status

if TYPE_CHECKING:
    from collections.abc import Callable

READY = StatusRow(
    "audience.lapsed_buyers",
    "acme_us",
    "7300000000000000042",
    "Lapsed buyers",
    "Partner Audience",
    delivered_users=19114,
    delivered_identifiers=36440,
    cover_num=12001,
    is_valid=True,
    expires_at=datetime(2026, 12, 1, tzinfo=UTC),
    delivered_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
)
GONE = StatusRow("audience.gone", "globex", "7301", "Gone", "", problem="no longer on TikTok")


def test_each_account_has_a_table_that_reads_at_80_columns(shown: Callable[..., str]) -> None:
    expected = """\
acme_us
Audience                 Delivered            Matched        Expires

audience.lapsed_buyers   19,114 people        12,001 (63%)   2026-12-01
"Lapsed buyers"          36,440 identifiers   ready
7300000000000000042      on 2026-03-01        Partner

globex
Audience        Delivered     Matched     Expires

audience.gone   nothing yet   not there   -
"Gone"
7301

! audience.gone: no longer on TikTok

2 audiences, 1 ready.
"""
    assert shown(render_status, [GONE, READY]) == expected


def test_long_names_are_folded_on_a_terminal_and_nothing_is_cut(shown: Callable[..., str]) -> None:
    long = replace(READY, address=f"audience.{'k' * 50}", name="n" * 70, kind="Customer File Audience")
    text = shown(render_status, [long])
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert text.count("k") == 50 + "Delivered Matched Expires".count("k")
    assert text.count("n") >= 70
    assert "…" not in text


def test_a_pipe_gets_the_whole_address_on_one_line(printed: Callable[..., str]) -> None:
    long = replace(READY, address=f"audience.{'k' * 90}")
    assert f"audience.{'k' * 90}   19,114 people" in printed(render_status, [long])


def test_an_audience_that_cannot_be_used_yet_says_so(printed: Callable[..., str]) -> None:
    text = printed(render_status, [replace(READY, cover_num=0, is_valid=False, audience_id=None)])
    assert "0 (0%)" in text
    assert "not ready" in text
    assert "not created yet" in text
    assert text.endswith("1 audience, 0 ready.\n")


def test_nothing_managed_is_said_in_one_line(printed: Callable[..., str]) -> None:
    assert printed(render_status, []) == "No audiences are managed yet.\n"


@pytest.mark.parametrize(
    ("cover_num", "delivered", "rate"), [(50, 200, 0.25), (0, 10, 0.0), (None, 10, None), (5, None, None), (5, 0, None)]
)
def test_the_match_rate_is_known_only_where_both_sides_are(
    cover_num: int | None, delivered: int | None, rate: float | None
) -> None:
    assert replace(READY, cover_num=cover_num, delivered_users=delivered).match_rate == rate


def test_as_json_a_row_holds_everything_with_times_in_utc() -> None:
    assert status_document([replace(READY, cover_num=9557)]) == {
        "format_version": 1,
        "audiences": [
            {
                "address": "audience.lapsed_buyers",
                "account": "acme_us",
                "audience_id": "7300000000000000042",
                "name": "Lapsed buyers",
                "kind": "Partner Audience",
                "delivered_users": 19114,
                "delivered_identifiers": 36440,
                "cover_num": 9557,
                "is_valid": True,
                "expires_at": "2026-12-01T00:00:00Z",
                "delivered_at": "2026-03-01T09:30:00Z",
                "problem": "",
                "is_known": True,
                "match_rate": 0.5,
            }
        ],
    }
