"""Findings in the terminal, the way compilers print them, and as JSON."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from rich.text import Text

from reconciler.diagnostics import Severity
from reconciler.plan.document import diagnostic_document
from reconciler.report.lines import blank, write
from reconciler.report.symbols import ERROR
from reconciler.report.visible import visible
from reconciler.report.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from reconciler.diagnostics import Diagnostic

DIAGNOSTICS_FORMAT_VERSION: Final = 1

_STYLES: Final = {Severity.ERROR: ERROR, Severity.WARNING: "bold yellow"}


def render_diagnostics(diagnostics: Sequence[Diagnostic], console: Console) -> None:
    """Print each finding as ``audiences.yaml:14:5: error: …``, what to do about it below, and last their count."""
    write_diagnostics(diagnostics, console)
    if diagnostics:
        blank(console)
    write(console, Text(tally(diagnostics), "bold"))


def write_diagnostics(diagnostics: Sequence[Diagnostic], console: Console) -> None:
    """Print each finding, without a last line."""
    for diagnostic in diagnostics:
        line = Text()
        if diagnostic.location is not None:
            line.append(f"{visible(str(diagnostic.location))}: ", "bold")
        line.append(f"{diagnostic.severity}: ", _STYLES[diagnostic.severity])
        line.append(visible(diagnostic.summary))
        write(console, line, rest="    ")
        if diagnostic.detail:
            for detail in diagnostic.detail.split("\n"):
                write(console, Text(visible(detail)), first="    ")


def diagnostics_document(diagnostics: Sequence[Diagnostic]) -> dict[str, object]:
    """Return findings as plain values, ready for JSON: ``valid``, ``summary`` and ``diagnostics``."""
    severities = Counter(diagnostic.severity for diagnostic in diagnostics)
    return {
        "format_version": DIAGNOSTICS_FORMAT_VERSION,
        "valid": not severities[Severity.ERROR],
        "summary": {"errors": severities[Severity.ERROR], "warnings": severities[Severity.WARNING]},
        "diagnostics": [diagnostic_document(diagnostic) for diagnostic in diagnostics],
    }


def tally(diagnostics: Sequence[Diagnostic]) -> str:
    """Return how many errors and warnings there are, as a sentence."""
    severities = Counter(diagnostic.severity for diagnostic in diagnostics)
    found = [count(severities[severity], str(severity)) for severity in Severity if severities[severity]]
    return f"{', '.join(found)}." if found else "No errors, no warnings."
