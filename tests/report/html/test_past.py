"""The line charts: what the paths say is what was seen."""

from __future__ import annotations

import re
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from reconciler.plan.timeline import Point
from reconciler.report.html.past import HEIGHT, MOST_DELIVERIES, MOST_PLACES, WIDTH, Delivery, Past, past_of
from tests.report.html.pieces import NOON, points

NUMBERS = st.one_of(st.none(), st.integers(0, 10**9))
PASTS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=130)


def drawn(*pairs: tuple[int | None, int | None]) -> Past:
    past = past_of(points(*pairs))
    assert past
    return past


def places(path: str) -> list[tuple[int, int]]:
    """Follow a path, and return where it has been."""
    been: list[tuple[int, int]] = []
    for command, numbers in re.findall(r"([Mlhv])([^Mlhv]*)", path):
        given = [int(each) for each in re.findall(r"-?\d+", numbers)]
        if command in "hv":
            given = [0, *given] if command == "v" else [*given, 0]
        for x, y in zip(given[::2], given[1::2], strict=True):
            been.append((x, y) if command == "M" else (been[-1][0] + x, been[-1][1] + y))
    return been


def test_nothing_is_drawn_of_no_past() -> None:
    assert past_of(()) is None


def test_a_line_goes_by_time_from_the_left_edge_to_the_right() -> None:
    delivered, matched = drawn((0, 100), (50, 100), (100, 100)).lines
    assert matched.path == f"M0 {HEIGHT}l{WIDTH // 2}-{HEIGHT // 2} {WIDTH // 2}-{HEIGHT // 2}"
    assert delivered.path == f"M0 0h{WIDTH}"


def test_a_number_of_delivered_people_holds_until_the_next() -> None:
    delivered = drawn((None, 100), (None, 50), (None, 100)).lines[0]
    assert places(delivered.path) == [(0, 0), (150, 0), (150, 30), (300, 30), (300, 0)]


def test_a_number_known_only_once_is_a_dot() -> None:
    delivered, matched = drawn((None, None), (10, 20), (None, None)).lines
    assert (delivered.path, matched.path) == (f"M{WIDTH // 2} 0h0", f"M{WIDTH // 2} {HEIGHT // 2}l0 0")


def test_one_moment_is_no_chart() -> None:
    past = drawn((10, 20))
    assert (past.spans_time, past.first, past.last) == (False, "2026-03-01", "")
    assert [line.told for line in past.lines] == ["20", "10"]
    assert drawn((10, 20), (10, 20)).spans_time


def test_where_tiktok_did_not_tell_the_line_breaks() -> None:
    matched = drawn((10, 10), (None, 10), (10, 10)).lines[1]
    assert matched.path.count("M") == 2


def test_a_line_of_which_nothing_is_known_is_left_out() -> None:
    assert [line.name for line in drawn((None, 10), (None, 10)).lines] == ["Delivered"]
    assert drawn((None, None)).lines == ()


def test_an_audience_that_never_held_anyone_lies_on_the_ground() -> None:
    assert {y for line in drawn((0, 0), (0, 0)).lines for _, y in places(line.path)} == {HEIGHT}


def test_the_words_beside_a_line_are_its_ends() -> None:
    delivered, matched = drawn((0, 17000), (9000, 18000), (None, 17000)).lines
    assert (delivered.told, matched.told) == ("17,000", "0 → 9,000")


def test_the_table_holds_the_last_deliveries_newest_first() -> None:
    past = past_of(points(*[(None, people) for people in range(14)]))
    assert past
    assert past.caption == "Last 10 of 14 deliveries"
    assert [each.people for each in past.deliveries] == [str(people) for people in range(13, 3, -1)]
    assert past.deliveries[0] == Delivery("2026-03-01 12:00", "10", "4", "13")


def test_a_look_that_delivered_nothing_is_no_delivery() -> None:
    past = past_of((Point(NOON - timedelta(days=1), 1, 2, added=5), Point(NOON, 1, 2)))
    assert past
    assert past.caption == "1 delivery"
    assert len(past.deliveries) == 1


@given(PASTS)
def test_no_line_leaves_the_chart_or_goes_back_in_time(pairs: list[tuple[int | None, int | None]]) -> None:
    for line in drawn(*pairs).lines:
        been = places(line.path)
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in been)
        assert [x for x, _ in been] == sorted(x for x, _ in been)


@given(st.lists(st.integers(0, 10**6), min_size=MOST_PLACES + 1, max_size=130))
def test_thinned_lines_keep_their_ends_their_peak_and_their_floor(numbers: list[int]) -> None:
    top = max(numbers)
    for line in drawn(*[(number, number) for number in numbers]).lines:
        heights = [y for _, y in places(line.path)]
        wanted = [round(HEIGHT * (1 - number / top)) if top else HEIGHT for number in numbers]
        assert (heights[0], heights[-1]) == (wanted[0], wanted[-1])
        assert (min(heights), max(heights)) == (min(wanted), max(wanted))


@given(PASTS)
def test_a_chart_stays_small_however_long_its_past(pairs: list[tuple[int | None, int | None]]) -> None:
    past = drawn(*pairs)
    assert len(past.deliveries) <= MOST_DELIVERIES
    broken = sum(pair[side] is None for pair in pairs for side in (0, 1))
    assert sum(len(line.path) for line in past.lines) <= 900 + 20 * broken
