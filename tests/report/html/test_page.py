"""What holds for every page: it fetches nothing, runs only its own script, and no text from outside becomes markup."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.plan.drift.model import Drift
from reconciler.report.html import drift_page, plan_page
from tests.report.html.pieces import (
    ALL_DRIFT,
    DRIFT_PAST,
    EVERYTHING,
    NOON,
    PAST,
    big_drift,
    big_plan,
    hostile_drift,
    hostile_plan,
    plan,
)
from tests.report.html.reading import read

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES = {
    "plan": plan_page(EVERYTHING, PAST),
    "no changes": plan_page(plan(), {}),
    "drift": drift_page(ALL_DRIFT, DRIFT_PAST),
    "no drift": drift_page(Drift(NOON, (), 0), {}),
}
MEGABYTE = 1_000_000
HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from("<>\"'&/=`{}%#\x00\x1b\n\r\u202e\u2066\u200b\u2028\ufeff")), max_size=12
)

every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
every_stranger = pytest.mark.parametrize(
    "drawn",
    [lambda text: plan_page(hostile_plan(text), {}), lambda text: drift_page(hostile_drift(text), {})],
    ids=["plan", "drift"],
)


@every_page
def test_nothing_is_fetched(page: str) -> None:
    links = [
        value for each in read(page).elements for name, value in each.attributes.items() if name in {"src", "href"}
    ]
    assert {link.split(",")[0] for link in links if link and not link.startswith("#")} == {"data:image/svg+xml"}
    assert not re.search(r"url\(|@import|fetch\(|https?:(?!//www\.w3\.org/2000/svg)", page)


@every_page
def test_only_the_pages_own_style_and_script_may_act(page: str) -> None:
    (meta,) = read(page).all("meta", **{"http-equiv": "Content-Security-Policy"})
    policy = meta.attributes["content"] or ""
    assert policy.startswith("default-src 'none';")
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert f"{tag}-src 'sha256-{b64encode(sha256(inside.encode()).digest()).decode()}';" in policy
    assert "unsafe" not in policy


@every_page
def test_every_table_says_what_it_is(page: str) -> None:
    elements = read(page).elements
    after = [elements[number + 1].tag for number, each in enumerate(elements) if each.tag == "table"]
    assert set(after) <= {"caption"}
    assert all("scope" in each.attributes for each in elements if each.tag == "th")


@every_page
def test_headings_follow_one_another(page: str) -> None:
    levels = [int(each.tag[1]) for each in read(page).elements if re.fullmatch(r"h\d", each.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@every_page
def test_no_id_is_given_twice(page: str) -> None:
    ids = [each.attributes["id"] for each in read(page).elements if "id" in each.attributes]
    assert len(ids) == len(set(ids))


@every_stranger
@given(text=HOSTILE)
@settings(deadline=None, max_examples=60)
def test_no_text_from_outside_becomes_part_of_the_page(drawn: Callable[[str], str], text: str) -> None:
    def shape(page: str) -> list[tuple[str, list[str]]]:
        return [(each.tag, sorted(each.attributes)) for each in read(page).elements]

    assert shape(drawn(f"x{text}x")) == shape(drawn("xyx"))


@every_stranger
@given(text=HOSTILE)
@settings(deadline=None, max_examples=60)
def test_no_text_from_outside_hides_or_turns_what_is_read(drawn: Callable[[str], str], text: str) -> None:
    assert read(drawn(f"x{text}x")).text.isprintable()


@every_stranger
def test_markup_is_shown_as_it_is(drawn: Callable[[str], str]) -> None:
    name = "<img src=x onerror=alert(1)> {{ 7*7 }} </script><script>alert(2)</script>"
    page = read(drawn(name))
    assert name in page.text
    assert len(page.all("script")) == 1
    assert not page.all("img")


@pytest.mark.parametrize(
    "page", [lambda: plan_page(*big_plan(400, 100)), lambda: drift_page(*big_drift(400, 100))], ids=["plan", "drift"]
)
def test_400_audiences_with_100_days_of_past_each_stay_under_a_megabyte(page: Callable[[], str]) -> None:
    drawn = page()
    assert drawn.count("Last 10 of 100 deliveries") == 400
    assert len(drawn.encode()) < MEGABYTE
