"""A page of results says what was measured, on what, and what was not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks import source_to_wire
from tests.benchmarks.figures import Figure
from tests.benchmarks.results import Section, introduce, to_markdown

if TYPE_CHECKING:
    from pathlib import Path

_MEASURED = Section(
    title="Speed",
    about="How fast.",
    figures=(Figure("walking", 1234.5, "people/s", "uphill"), Figure("beside running", 0.251, "×")),
    missing="",
    circumstances=("on a Monday",),
)
_MISSING = Section(title="Flight", about="How high.", figures=(), missing="no wings", circumstances=())


def test_a_section_is_read_back_as_it_was(tmp_path: Path) -> None:
    _MEASURED.save(tmp_path / "kept" / "speed.json")
    assert Section.load(tmp_path / "kept" / "speed.json") == _MEASURED


def test_every_figure_stands_in_its_section_with_its_unit() -> None:
    page = to_markdown([_MEASURED])
    assert "## Speed" in page
    assert "| walking | 1,234 people/s | uphill |" in page
    assert "| beside running | 0.25 × |  |" in page
    assert "- on a Monday" in page


def test_what_was_not_measured_says_why() -> None:
    assert "Not measured: no wings" in to_markdown([_MISSING])


def test_a_benchmark_is_introduced_in_its_own_words() -> None:
    title, about = introduce(source_to_wire)
    assert title == "Source to wire"
    assert about.startswith("How many people a second")
