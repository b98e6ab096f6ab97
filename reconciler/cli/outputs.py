"""Where the result of a command goes, and in which form: one place for every command that reports."""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from rich.console import Console

from reconciler import __version__
from reconciler.cli import screen
from reconciler.cli.checkout import name_in_checkout
from reconciler.cli.writing import write_whole
from reconciler.plan.encode import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from reconciler.apply.model import Applied
    from reconciler.cli.workspace import Workspace
    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.drift.model import Drift
    from reconciler.plan.model import Plan
    from reconciler.plan.timeline import Timelines
    from reconciler.state.model import State

    Past: TypeAlias = Callable[[], Timelines]


class Form(StrEnum):
    """A form a result can take."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"


PLAN_FORMS = (Form.TEXT, Form.MARKDOWN, Form.HTML, Form.JSON)
DRIFT_FORMS = (Form.TEXT, Form.MARKDOWN, Form.HTML, Form.JSON, Form.JUNIT)
OUTCOME_FORMS = (Form.TEXT, Form.MARKDOWN, Form.JSON)
FINDING_FORMS = (Form.TEXT, Form.JSON, Form.SARIF)


@dataclass(frozen=True, slots=True)
class Output:
    """What ``--format`` and ``-o`` ask for. Each method puts one kind of result there, in that form.

    Attributes:
        form: The form; the options of a command let only those pass that its result has.
        path: The file; None for stdout.
    """

    form: Form = Form.TEXT
    path: Path | None = None

    @property
    def is_text(self) -> bool:
        """Whether people read it as it stands: then other text may stand around it."""
        return self.form is Form.TEXT

    def plan(self, plan: Plan, past: Past, *, verbose: bool = False) -> None:
        """Put a plan out.

        Args:
            plan: The plan.
            past: Returns the past of its audiences; called for the forms that draw it only.
            verbose: Also show what stays as it is, where the form leaves it out.
        """
        from reconciler.plan.document import dump
        from reconciler.report.plan_text import render_plan

        match self.form:
            case Form.JSON:
                self._json(dump(plan))
            case Form.HTML:
                from reconciler.report.html import plan_page

                self._put(plan_page(plan, past()))
            case Form.MARKDOWN:
                from reconciler.report import markdown

                self._put(markdown.render_plan(plan))
            case _:
                self._print(lambda console: render_plan(plan, console, verbose=verbose))

    def drift(self, drift: Drift, past: Past) -> None:
        """Put a drift report out; `past` as for a plan."""
        from reconciler.plan.drift.document import drift_document
        from reconciler.report.drift_text import render_drift

        match self.form:
            case Form.JSON:
                self._json(drift_document(drift))
            case Form.HTML:
                from reconciler.report.html import drift_page

                self._put(drift_page(drift, past()))
            case Form.MARKDOWN:
                from reconciler.report import markdown

                self._put(markdown.render_drift(drift))
            case Form.JUNIT:
                from reconciler.report.junit import drift_junit

                self._put(drift_junit(drift))
            case _:
                self._print(lambda console: render_drift(drift, console))

    def applied(self, applied: Applied) -> None:
        """Put out what an apply did."""
        from reconciler.report.outcome_document import applied_document
        from reconciler.report.outcome_text import render_applied

        match self.form:
            case Form.JSON:
                self._json(applied_document(applied))
            case Form.MARKDOWN:
                from reconciler.report import markdown

                self._put(markdown.render_outcome(applied))
            case _:
                self._print(lambda console: render_applied(applied, console))

    def findings(self, diagnostics: Sequence[Diagnostic], *, config: Path) -> None:
        """Put out what is wrong with the files at `config`, or that nothing is."""
        from reconciler.report.diagnostics import diagnostics_document, render_diagnostics

        match self.form:
            case Form.JSON:
                self._json(diagnostics_document(diagnostics))
            case Form.SARIF:
                from reconciler.report.sarif import findings_sarif

                log = findings_sarif(diagnostics, version=__version__, unplaced=str(config), named=name_in_checkout)
                self._json(log)
            case _ if diagnostics:
                self._print(lambda console: render_diagnostics(diagnostics, console))
            case _:
                self._put("The configuration is valid.\n")

    def _json(self, document: Mapping[str, object]) -> None:
        if self.path is None:
            screen.json(document)
        else:
            self._put(encode(document).decode())

    def _print(self, render: Callable[[Console], None]) -> None:
        if self.path is None:
            render(screen.results())
            return
        paper = io.StringIO()
        render(Console(file=paper, color_system=None, highlight=False, soft_wrap=True, _environ={}))
        self._put(paper.getvalue())

    def _put(self, text: str) -> None:
        if self.path is None:
            screen.put(text)
        else:
            write_whole(self.path, text.encode(), what="the report", option="--output")


def past_of(opened: Workspace, owned: State) -> Timelines:
    """Return the past of what the state owns, for the forms that draw it."""
    from reconciler.plan.timeline import timelines

    history = opened.store.history(owned.lineage, warn=lambda unusable: screen.say(unusable.message))
    return timelines(history, owned)


def no_past() -> Timelines:
    """Return no past: for a result that was read from a file, and nothing else was."""
    return {}
