"""A long apply shows how far it is."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console
from rich.progress import Progress

from reconciler.cli import waiting
from reconciler.cli.waiting import Applying
from reconciler.plan.model import Action, ActionKind


def action(key: str) -> Action:
    return Action(f"audience.{key}", ActionKind.UPDATE, "us", "7000000000000000001")


@pytest.fixture
def progress(monkeypatch: pytest.MonkeyPatch) -> Progress:
    monkeypatch.setattr(waiting, "_SHOWN_EVERY_SECONDS", 0.0)
    return Progress(console=Console(file=StringIO()), disable=True)


@pytest.fixture
def applying(progress: Progress) -> Applying:
    return Applying(progress.console, progress)


def bars(progress: Progress) -> list[tuple[str, float, float | None]]:
    return [(each.description.strip(), each.completed, each.total) for each in progress.tasks]


def test_a_delivery_has_a_bar_while_it_lasts(progress: Progress, applying: Applying) -> None:
    applying.delivering(action("a"), 100)
    applying.delivered(action("a"), 30)
    assert bars(progress) == [("audience.a", 30, 100)]

    applying.ended(action("a"))
    assert bars(progress) == []


def test_deliveries_that_travel_together_share_a_bar(progress: Progress, applying: Applying) -> None:
    applying.delivering(action("a"), 100)
    applying.delivering(action("b"), 50)
    applying.delivered(action("a"), 30)
    applying.delivered(action("b"), 20)
    assert bars(progress) == [("2 audiences", 50, 150)]

    applying.ended(action("a"))
    applying.ended(action("b"))
    assert bars(progress) == []


def test_the_next_delivery_begins_at_nothing(progress: Progress, applying: Applying) -> None:
    for key in "ab":
        applying.delivering(action(key), 100)
        applying.delivered(action(key), 100)
        assert bars(progress) == [(f"audience.{key}", 100, 100)]
        applying.ended(action(key))


def test_the_end_of_what_delivered_nothing_takes_no_bar_away(progress: Progress, applying: Applying) -> None:
    applying.delivering(action("a"), 100)
    applying.ended(action("b"))

    assert bars(progress) == [("audience.a", 0, 100)]
