"""The consent page in a real browser: a click each way, accessible, and fit for a narrow window."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it says nothing of its types

from reconciler.sandbox import APP_ID, APP_SECRET, Role
from tests.consent import STATE
from tests.sandbox.conftest import ADVERTISER, SECOND_ADVERTISER
from tests.services.chromium import browser
from tests.services.http import running as web_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from reconciler.sandbox import Sandbox
    from tests.services.http import Web

__all__ = ["browser"]


@pytest.fixture
def app() -> Iterator[Web]:
    """The app that waits for an answer."""
    with web_server() as web:
        web.files["/callback"] = b"<!doctype html><title>The app</title>"
        yield web


@pytest.fixture
def base_url(sandbox: Sandbox) -> Iterator[str]:
    sandbox.controls.add_person("Ann Analyst", {SECOND_ADVERTISER: Role.ANALYST}, email="ann@example.com")
    with sandbox.serving() as url:
        yield url


@pytest.fixture
def address(base_url: str, app: Web) -> str:
    """Where the page is that asks."""
    query = {"app_id": APP_ID, "state": STATE, "redirect_uri": f"{app.url}/callback"}
    return urlsplit(base_url)._replace(path="/portal/auth", query=urlencode(query)).geturl()


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A window as narrow as pages have to fit in. What a page does against its own policy fails the test."""
    complaints: list[str] = []
    with browser.new_context(viewport={"width": 320, "height": 640}, color_scheme=request.param) as context:
        opened = context.new_page()
        opened.on("console", lambda message: complaints.append(message.text))
        yield opened
    assert [each for each in complaints if "Content Security Policy" in each] == []


def assert_readable(page: Page) -> None:
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert page.locator("h1").evaluate("each => getComputedStyle(each).marginTop") == "0px", "the style is used"


def test_a_person_confirms_what_they_left_ticked(page: Page, address: str, base_url: str, app: Web) -> None:
    page.goto(address)
    page.get_by_role("link", name="Local Operator").click()
    assert page.get_by_role("heading", level=1).text_content() == f"{APP_ID} asks to act for you"
    assert_readable(page)

    page.get_by_label("Share audiences").uncheck()
    page.get_by_label(SECOND_ADVERTISER).uncheck()
    page.get_by_role("button", name="Confirm").click()

    page.wait_for_url(f"{app.url}/callback?*")
    answer = httpx.URL(page.url).params
    assert (set(answer), answer["state"]) == ({"auth_code", "state"}, STATE)
    asked = {"app_id": APP_ID, "secret": APP_SECRET, "auth_code": answer["auth_code"]}
    given = httpx.post(f"{base_url}/oauth2/access_token/", json=asked).json()["data"]
    assert (given["advertiser_ids"], given["scope"]) == ([ADVERTISER], [30, 31])


def test_a_person_cancels(page: Page, address: str, app: Web) -> None:
    page.goto(address)
    page.get_by_role("button", name="Cancel").click()

    page.wait_for_url(f"{app.url}/callback?*")
    assert dict(httpx.URL(page.url).params) == {"error": "access_denied", "state": STATE}


def test_a_page_that_asks_nothing_can_be_read_too(page: Page, address: str) -> None:
    with page.expect_response(lambda each: each.status == 400):
        page.goto(address.replace(f"state={STATE}", "state="))

    assert page.get_by_role("heading", level=1).text_content() == "There is nothing to authorize"
    assert_readable(page)
