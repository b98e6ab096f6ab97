"""The whole login in a real browser, from the click on TikTok's page to the token that commands use.

The command is a process of its own and opens no browser itself; Chromium goes where it says.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it says nothing of its types

from tests.cli.logging_in import SECRET
from tests.services.chromium import browser
from tests.services.http import running as web_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.cli.project import Project, Ran

__all__ = ["browser"]


class Login:
    """`reconciler auth login` under way.

    Attributes:
        page: Where it sends a person.
        callback: Where TikTok is to send the browser.
    """

    def __init__(self, project: Project) -> None:
        command = [
            sys.executable,
            "-m",
            "reconciler",
            "auth",
            "login",
            "--app-id",
            "7011",
            "--port",
            "0",
            "--no-browser",
        ]
        self._process = subprocess.Popen(
            command,
            cwd=project.folder,
            env={**os.environ, "TIKTOK_APP_SECRET": SECRET},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        lines = iter(self._process.stderr.readline, "")
        self.page = next(line.strip() for line in lines if "/portal/auth" in line)
        self.callback = httpx.URL(self.page).params["redirect_uri"]

    def end(self) -> tuple[int, str]:
        """Wait for its end; return its exit code and everything it said from now on."""
        out, err = self._process.communicate(timeout=60)
        return self._process.returncode, " ".join((out + err).split())

    def stop(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def here(served: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project without any token, on a TikTok that has a developer app."""
    monkeypatch.delenv("TIKTOK_ACCESS_TOKEN")
    served.tiktok.set_app("7011", SECRET)
    return served.structure()


@contextmanager
def logging_in(project: Project) -> Iterator[Login]:
    login = Login(project)
    try:
        yield login
    finally:
        login.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window of a person whom nobody knows yet."""
    with browser.new_context() as context:
        yield context.new_page()


def command(project: Project, *arguments: str) -> Ran:
    """Run a command in a process of its own: while the browser is open, no event loop starts in this one."""
    return project.spawn(*arguments, TIKTOK_ACCESS_TOKEN="")


def logins(project: Project) -> list[str]:
    """Return every file that a login left, but for the empty one that keeps two logins apart."""
    found = (each for each in (project.folder / ".home").rglob("*") if each.is_file())
    return sorted(each.name for each in found if each.name != "logins.json.lock")


def test_a_click_on_confirm_ends_with_a_token_that_commands_use(here: Project, page: Page) -> None:
    with logging_in(here) as login:
        page.goto(login.page)
        assert Axe().run(page).response["violations"] == []
        page.get_by_role("button", name="Confirm").click()
        page.wait_for_url(re.compile(re.escape(login.callback)))
        assert page.get_by_role("heading").text_content() == "TikTok's answer has arrived"
        assert "auth_code" not in page.evaluate("location.href"), "the code stays in no history"
        assert Axe().run(page).response["violations"] == []
        code, said = login.end()
    assert code == 0, said
    assert "Logged in as" in said
    status = command(here, "auth", "status")
    assert (status.code, "+ may read, write and share" in status.out) == (0, True)
    assert command(here, "apply", "--auto-approve", "--skip-members").code == 0
    assert here.names() == ["Buyers"]


def test_what_a_person_unticks_is_not_granted(here: Project, page: Page) -> None:
    with logging_in(here) as login:
        page.goto(login.page)
        page.get_by_label("Create and update audiences").uncheck()
        page.get_by_role("button", name="Confirm").click()
        code, said = login.end()
    assert code == 0
    assert "may not write: the token lacks scope 31" in said
    planned = command(here, "plan", "--skip-members")
    assert planned.code == 1
    assert "the token lacks scope 31" in planned.text


def test_a_click_on_cancel_is_a_no(here: Project, page: Page) -> None:
    with logging_in(here) as login:
        page.goto(login.page)
        page.get_by_role("button", name="Cancel").click()
        page.wait_for_url(re.compile(re.escape(login.callback)))
        assert page.get_by_role("heading").text_content() == "No permission was given"
        code, said = login.end()
    assert code == 1
    assert "TikTok gave no permission" in said
    assert logins(here) == []


def test_a_page_of_another_site_cannot_answer_in_tiktoks_place(here: Project, page: Page) -> None:
    """It knows the port and even the state; it can show pictures, ask, and embed, and none of that is a visit."""
    with logging_in(here) as login:
        state = httpx.URL(login.page).params["state"]
        answer = str(httpx.URL(login.callback).copy_merge_params({"auth_code": "stolen", "state": state}))
        page_of_evil = f'<!doctype html><title>evil</title><img src="{answer}"><iframe src="{answer}"></iframe>'
        statuses: list[int] = []
        page.on("response", lambda each: statuses.append(each.status) if "stolen" in each.url else None)
        with web_server() as evil:
            evil.files["/"] = page_of_evil.encode()
            page.goto(f"{evil.url}/", wait_until="networkidle")
            page.evaluate("url => fetch(url, {mode: 'no-cors'}).catch(() => null)", answer)
        assert statuses == [403] * len(statuses)
        assert len(statuses) >= 2
        assert logins(here) == []

        page.goto(login.page)
        page.get_by_role("button", name="Confirm").click()
        code, said = login.end()
    assert code == 0, said


def test_going_back_and_confirming_again_changes_nothing(here: Project, page: Page) -> None:
    with logging_in(here) as login:
        page.goto(login.page)
        page.get_by_role("button", name="Confirm").click()
        page.wait_for_url(re.compile(re.escape(login.callback)))
        code, _ = login.end()
        before = logins(here)
        page.goto(login.page)
        with page.expect_event("requestfailed"):
            page.get_by_role("button", name="Confirm").click()
    assert code == 0
    assert logins(here) == before
