"""Text from strangers can be anything. Whatever it is, no renderer lets it act on the terminal or add a line."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from reconciler.apply.model import Applied, Outcome, OutcomeStatus
from reconciler.diagnostics import Location, error
from reconciler.plan.drift.model import Drift, Drifted, DriftKind
from reconciler.plan.model import Action, ActionKind, Attributes, Block, Change, Guard, Plan
from reconciler.plan.status import StatusRow
from reconciler.report.diagnostics import render_diagnostics
from reconciler.report.drift_text import render_drift
from reconciler.report.outcome_text import render_applied
from reconciler.report.plan_text import render_plan
from reconciler.report.status_text import render_status

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def plan(text: str, console: Console) -> None:
    was, wanted = Attributes(text, text, "streaming", (text,)), Attributes(text, text, "file", (text,))
    blocks = (Block(Guard.IN_USE, text, (text,), text),)
    changes = (Change("name", text, text),)
    actions = [
        Action(text, kind, text, text, text, was, wanted, changes, None, text, blocks, text, (text,))
        for kind in ActionKind
    ]
    found = (error(text, "", Location(text, 1, 1)),)
    render_plan(Plan(text, text, 1, NOON, tuple(actions), found, targets=(text,)), console, verbose=True)


def diagnostics(text: str, console: Console) -> None:
    render_diagnostics([error(text, text.replace("\n", " "), Location(text, 1, 1))], console)


def drift(text: str, console: Console) -> None:
    place = Location(text, 1, 1)
    found = [
        Drifted(kind, text, text, text, text, f"{text}.", text, f"{text}!", (text,), NOON, NOON, text, text, place)
        for kind in DriftKind
    ]
    render_drift(Drift(NOON, tuple(found), 1), console)


def status(text: str, console: Console) -> None:
    render_status([StatusRow(text, text, text, text, text, 1, 1, 1, is_valid=True, problem=text)], console)


def outcomes(text: str, console: Console) -> None:
    done = [
        Outcome(text, kind, status, text, (text,), text, way_out=text)
        for kind in ActionKind
        for status in OutcomeStatus
    ]
    render_applied(Applied(text, tuple(done), 1, 1, 1.0), console)


EVERY_RENDERER = [plan, diagnostics, drift, status, outcomes]
HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from("\x1b\n\r\t\x07\x9b\u202e\u2066\u200b\u2028\ufeff[]:/\\")),
    min_size=1,
    max_size=12,
)


def on_paper(render: Callable[[str, Console], None], text: str) -> str:
    paper = StringIO()
    render(text, Console(file=paper, width=80, _environ={}))
    return paper.getvalue()


@pytest.mark.parametrize("render", EVERY_RENDERER)
@given(text=HOSTILE)
@settings(deadline=None, max_examples=40)
def test_no_text_acts_on_the_terminal_or_forges_a_line(render: Callable[[str, Console], None], text: str) -> None:
    output = on_paper(render, f"x{text}x")
    assert not {unicodedata.category(each) for each in output.replace("\n", "")} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert output.count("\n") == on_paper(render, "xyx").count("\n")


@pytest.mark.parametrize("render", EVERY_RENDERER)
def test_markup_and_emoji_codes_are_shown_as_they_are(render: Callable[[str, Console], None]) -> None:
    output = on_paper(render, "[bold red]x[/] :warning: [link=http://x]y")
    assert "[bold red]x[/] :warning: [link=http://x]y" in output


@pytest.mark.parametrize("render", EVERY_RENDERER)
def test_a_terminal_gets_only_the_escapes_that_colour(render: Callable[[str, Console], None]) -> None:
    paper = StringIO()
    console = Console(file=paper, width=80, force_terminal=True, legacy_windows=False, _environ={"TERM": "xterm"})
    render("x\x1b]0;title\x07\x1b[2Jx", console)
    rest = paper.getvalue().replace("\x1b[", "")
    assert "\x1b" not in rest
    assert "\x07" not in rest
    assert r"\x1b]0;title\x07\x1b[2J" in "".join(rest.split())
