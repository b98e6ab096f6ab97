from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.diagnostics import Location, error, warning
from reconciler.report.diagnostics import diagnostics_document, render_diagnostics

if TYPE_CHECKING:
    from collections.abc import Callable

UNKNOWN = error('unknown source "custmers"', 'Did you mean "customers"?', Location("audiences.yaml", 14, 5))
UNUSED = warning("nothing uses advertiser globex", location=Location("audiences.yaml", 3, 3))


def test_findings_read_like_a_compilers_and_are_counted(printed: Callable[..., str]) -> None:
    expected = """\
audiences.yaml:14:5: error: unknown source "custmers"
    Did you mean "customers"?
audiences.yaml:3:3: warning: nothing uses advertiser globex
error: the file is empty

2 errors, 1 warning.
"""
    assert printed(render_diagnostics, [UNKNOWN, UNUSED, error("the file is empty")]) == expected


def test_no_findings_are_said_in_one_line(printed: Callable[..., str]) -> None:
    assert printed(render_diagnostics, []) == "No errors, no warnings.\n"


def test_long_findings_are_folded_under_themselves_on_a_terminal(shown: Callable[..., str]) -> None:
    found = error("word " * 12, "more " * 12, Location("audiences.yaml", 14, 5))
    text = shown(render_diagnostics, [found], width=40)
    first, *rest = text.split("\n\n")[0].splitlines()
    assert first.startswith("audiences.yaml:14:5: error: word")
    assert all(line.startswith("    ") and len(line) <= 40 for line in rest)


def test_as_json_they_are_counted_and_listed_with_their_places() -> None:
    assert diagnostics_document([UNKNOWN, UNUSED]) == {
        "format_version": 1,
        "valid": False,
        "summary": {"errors": 1, "warnings": 1},
        "diagnostics": [
            {
                "severity": "error",
                "summary": 'unknown source "custmers"',
                "detail": 'Did you mean "customers"?',
                "location": {"file": "audiences.yaml", "line": 14, "column": 5},
            },
            {
                "severity": "warning",
                "summary": "nothing uses advertiser globex",
                "detail": "",
                "location": {"file": "audiences.yaml", "line": 3, "column": 3},
            },
        ],
    }


def test_warnings_alone_leave_the_files_valid() -> None:
    assert diagnostics_document([UNUSED])["valid"] is True
