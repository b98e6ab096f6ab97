"""The pages in a real browser: silent, accessible, usable by keyboard, whole without JavaScript, fit for a phone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it says nothing of its types

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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

PAGES: dict[str, Callable[[], str]] = {
    "plan": lambda: plan_page(EVERYTHING, PAST),
    "no changes": lambda: plan_page(plan(), {}),
    "drift": lambda: drift_page(ALL_DRIFT, DRIFT_PAST),
    "no drift": lambda: drift_page(Drift(NOON, (), 0), {}),
    "many audiences": lambda: plan_page(*big_plan(16, 2)),
    "hostile plan": lambda: plan_page(hostile_plan(STRANGE), {}),
    "hostile drift": lambda: drift_page(hostile_drift(STRANGE), {}),
}
STRANGE = '"><script>document.title="pwned"</script>' + "W" * 60 + "\u202e\u2066\x00'`{{7*7}}" + "🛒" * 60
DESKTOP, PHONE = 1280, 360
UNFOLD = "for (const each of document.querySelectorAll('details')) each.open = true"

LOOKS = [(name, scheme, width) for name in PAGES for scheme, width in (("light", DESKTOP), ("dark", PHONE))] + [
    (name, scheme, width) for name in ("plan", "drift") for scheme, width in (("light", PHONE), ("dark", DESKTOP))
]
"""Every page in both themes and both widths; the two that hold everything in each of the four combinations."""

every_page = pytest.mark.parametrize("name", PAGES)


@dataclass(slots=True)
class Opened:
    """A page in the browser, and what it said and asked for beside itself."""

    page: Page
    said: list[str] = field(default_factory=list)

    def shown(self, selector: str) -> list[Locator]:
        """Return the elements that are not hidden."""
        return [each for each in self.page.locator(selector).all() if each.is_visible()]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open a page from a file: `opened(html, width=360, color_scheme="dark")`. What it says fails the test."""
    contexts: list[BrowserContext] = []
    pages: list[Opened] = []

    def open_(html: str, *, width: int = DESKTOP, **settings: Any) -> Opened:
        context = browser.new_context(viewport={"width": width, "height": 800}, reduced_motion="reduce", **settings)
        contexts.append(context)
        there = Opened(context.new_page())
        pages.append(there)
        file = tmp_path / f"{len(pages)}.html"
        file.write_text(html, encoding="utf-8")
        there.page.on("console", lambda message: there.said.append(message.text))
        there.page.on("pageerror", lambda error: there.said.append(str(error)))
        there.page.on("dialog", lambda dialog: there.said.append(dialog.message))
        there.page.on("request", lambda request: there.said.append(request.url))
        there.page.goto(file.as_uri())
        there.said.remove(file.as_uri())
        return there

    yield open_
    for context in contexts:
        context.close()
    assert [each.said for each in pages] == [[] for _ in pages]


@pytest.mark.parametrize(("name", "color_scheme", "width"), LOOKS)
def test_axe_finds_nothing_to_object_to(
    opened: Callable[..., Opened], name: str, color_scheme: str, width: int
) -> None:
    there = opened(PAGES[name](), width=width, color_scheme=color_scheme)
    there.page.evaluate(UNFOLD)
    results = Axe().run(there.page)
    assert [(each["id"], [node["html"] for node in each["nodes"][:3]]) for each in results.response["violations"]] == []


@every_page
def test_a_phone_never_scrolls_sideways(opened: Callable[..., Opened], name: str) -> None:
    there = opened(PAGES[name](), width=PHONE)
    there.page.evaluate(UNFOLD)
    assert there.page.evaluate("document.documentElement.scrollWidth") == PHONE


@every_page
def test_without_javascript_all_is_there(opened: Callable[..., Opened], name: str) -> None:
    html = PAGES[name]()
    text = "[...document.querySelectorAll('main > *')].map((part) => part.textContent.replace(/\\s+/g, ' '))"
    with_script, without = opened(html), opened(html, java_script_enabled=False)
    assert without.page.locator("form:visible, button:visible").count() == 0
    with_script.page.evaluate("for (const each of document.querySelectorAll('.result')) each.textContent = ''")
    assert without.page.evaluate(text) == with_script.page.evaluate(text)
    assert not without.page.locator("[hidden]:not(form, button)").count()


@pytest.mark.parametrize("name", ["hostile plan", "hostile drift"])
def test_names_from_outside_do_nothing(opened: Callable[..., Opened], name: str) -> None:
    there = opened(PAGES[name]())
    assert there.page.title() != "pwned"
    assert '<script>document.title="pwned"</script>' in (there.page.text_content("main") or "")


def test_text_finds_an_audience_by_any_of_its_words(opened: Callable[..., Opened]) -> None:
    there = opened(PAGES["plan"]())
    there.page.get_by_label("Search").fill("SPRING obsolete")
    assert [each.get_attribute("data-k") for each in there.shown("tbody[data-k]")] == ["delete blocked"]
    assert there.page.get_by_role("status").text_content() == "1 of 7 audiences"


def test_the_numbers_of_the_past_are_not_searched(opened: Callable[..., Opened]) -> None:
    there = opened(PAGES["plan"]())
    there.page.get_by_label("Search").fill("2026-02-28")
    assert there.page.get_by_role("status").text_content() == "0 of 7 audiences"


def test_action_and_account_leave_what_is_both(opened: Callable[..., Opened]) -> None:
    there = opened(PAGES["plan"]())
    there.page.get_by_role("combobox", name="Account").select_option(label="acme_us (7000000000000000001) (4)")
    there.page.get_by_role("combobox", name="Action").select_option(label="Replace (1)")
    assert [each.get_attribute("data-k") for each in there.shown("tbody[data-k]")] == ["replace"]


def test_what_is_blocked_can_be_filtered_for(opened: Callable[..., Opened]) -> None:
    there = opened(PAGES["plan"]())
    there.page.get_by_role("combobox", name="Action").select_option(label="Blocked (1)")
    assert [each.get_attribute("data-k") for each in there.shown("tbody[data-k]")] == ["delete blocked"]


def test_a_filter_opens_the_fold_it_finds_something_in_and_closes_it_again(opened: Callable[..., Opened]) -> None:
    there = opened(PAGES["plan"]())
    there.page.get_by_role("combobox", name="Action").select_option("unchanged")
    assert len(there.shown("tbody[data-k]")) == 1
    there.page.get_by_role("button", name="Clear").click()
    there.page.wait_for_function("document.querySelector('.result').textContent === '7 audiences'")
    assert not there.page.locator("details.fold").evaluate("fold => fold.open")
    assert len(there.shown("tbody[data-k]")) == 6


def test_findings_are_filtered_by_kind_account_and_text(opened: Callable[..., Opened]) -> None:
    there = opened(PAGES["drift"]())
    there.page.get_by_role("combobox", name="Kind").select_option("renamed")
    assert len(there.shown("li[data-k]")) == 1
    assert [each.text_content() for each in there.shown("h2")] == ["Audiences", "History"]
    there.page.get_by_role("combobox", name="Kind").select_option("")
    there.page.get_by_role("combobox", name="Account").select_option(label="acme_eu (7000000000000000002) (3)")
    assert len(there.shown("li[data-k]")) == 3
    there.page.get_by_label("Search").fill("unmanaged 1")
    assert there.page.get_by_role("status").text_content() == "1 of 19 findings"


def test_the_address_over_a_finding_is_searched_with_it(opened: Callable[..., Opened]) -> None:
    there = opened(PAGES["drift"]())
    there.page.get_by_label("Search").fill("audience.match_rate_0")
    assert [each.get_attribute("data-k") for each in there.shown("li[data-k]")] == ["match_rate"]


def test_everything_is_reached_and_worked_by_keyboard(opened: Callable[..., Opened]) -> None:
    there = opened(PAGES["plan"]())
    page, focused = there.page, "document.activeElement"
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate(f"{focused}.id") == "main"
    page.get_by_label("Search").focus()
    page.keyboard.type("everyone")
    for stop in ("kind", "account", "", ""):
        page.keyboard.press("Tab")
        assert page.evaluate(f"{focused}.name ?? ''") == stop
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    assert page.get_by_text("Attributes that differ").first.is_visible()


def test_focus_is_seen(opened: Callable[..., Opened]) -> None:
    there = opened(PAGES["plan"]())
    for _ in range(6):
        there.page.keyboard.press("Tab")
        style = there.page.evaluate("(s => [s.outlineStyle, s.outlineWidth])(getComputedStyle(document.activeElement))")
        assert style == ["solid", "2px"]


def test_a_bar_leads_to_its_audience_even_where_a_filter_hides_it(opened: Callable[..., Opened]) -> None:
    there = opened(PAGES["plan"]())
    there.page.get_by_label("Search").fill("nothing at all")
    there.page.get_by_role("link", name="audience.vip").click()
    there.page.wait_for_function("document.querySelector('.result').textContent === '7 audiences'")
    assert there.page.locator("tbody:target").is_visible()
    assert there.page.locator("tbody:target details").evaluate("details => details.open")


def test_all_is_unfolded_and_folded_at_once(opened: Callable[..., Opened]) -> None:
    there = opened(PAGES["plan"]())
    closed, button = there.page.locator("[data-filtered] details:not([open])"), there.page.get_by_role("button")
    before = closed.count()
    button.filter(has_text="Unfold all").click()
    assert closed.count() == 0
    button.filter(has_text="Unfold all").click()
    assert closed.count() == before


def test_the_theme_of_the_system_can_be_overruled_and_that_is_remembered(opened: Callable[..., Opened]) -> None:
    there = opened(PAGES["plan"](), color_scheme="light")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = there.page.evaluate(paper)
    there.page.get_by_role("button", name="Dark").click()
    dark = there.page.evaluate(paper)
    url = there.page.url
    there.page.reload()
    there.said.remove(url)
    assert dark != light
    assert there.page.evaluate(paper) == dark
    there.page.get_by_role("button", name="Light").click()
    assert there.page.evaluate(paper) == light


def test_lines_and_bars_survive_forced_colours(opened: Callable[..., Opened]) -> None:
    there = opened(PAGES["plan"](), forced_colors="active")
    there.page.evaluate(UNFOLD)
    fills = there.page.evaluate("[...document.querySelectorAll('.bars rect')].map(r => getComputedStyle(r).fill)")
    assert len(set(fills)) == 2
    assert there.page.evaluate("getComputedStyle(document.querySelector('.past path')).stroke") != "none"


def test_paper_gets_the_report_in_dark_ink_without_its_buttons(opened: Callable[..., Opened]) -> None:
    there = opened(PAGES["plan"](), color_scheme="light")
    there.page.get_by_role("button", name="Dark").click()
    there.page.emulate_media(media="print")
    assert there.page.locator("form:visible, button:visible").count() == 0
    assert there.page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 28, 26)"


@pytest.mark.slow
@pytest.mark.parametrize("html", [lambda: plan_page(*big_plan(400, 100)), lambda: drift_page(*big_drift(400, 100))])
def test_400_audiences_open_within_a_second(opened: Callable[..., Opened], html: Callable[[], str]) -> None:
    page = html()
    timing = """() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(Math.max(
        performance.getEntriesByType("navigation")[0].loadEventEnd,
        ...performance.getEntriesByType("paint").map((each) => each.startTime),
    )))))"""
    milliseconds = [opened(page).page.evaluate(timing) for _ in range(3)]
    assert 0 < min(milliseconds) < 1000


@pytest.mark.slow
def test_axe_finds_nothing_to_object_to_in_400_audiences(opened: Callable[..., Opened]) -> None:
    assert Axe().run(opened(plan_page(*big_plan(400, 1)), color_scheme="dark").page).violations_count == 0
