"""Findings about what people wrote or what TikTok says, each with its place and the way out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.redaction import without_secrets


class Severity(StrEnum):
    """How much a finding weighs: an error stops a plan, a warning is shown with it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file. `line` and `column` count from 1, as editors and compilers do."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. It is shown in many forms, so it is searched for secrets as it is made.

    Attributes:
        severity: Error or warning.
        summary: What is wrong, in one line, naming the thing: ``unknown source "custmers"``.
        detail: Why it is wrong and what to do about it; may be empty, may hold several lines.
        location: Where in the YAML, or None where no line is to blame.
    """

    severity: Severity
    summary: str
    detail: str = ""
    location: Location | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "summary", without_secrets(self.summary))
        object.__setattr__(self, "detail", without_secrets(self.detail))

    @property
    def is_error(self) -> bool:
        """Whether this finding stops a plan."""
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        detail = f"\n    {self.detail}".replace("\n", "\n    ").rstrip() if self.detail else ""
        return f"{place}{self.severity}: {self.summary}{detail}"


def error(summary: str, detail: str = "", location: Location | None = None) -> Diagnostic:
    """Return a finding that stops a plan."""
    return Diagnostic(Severity.ERROR, summary, detail, location)


def warning(summary: str, detail: str = "", location: Location | None = None) -> Diagnostic:
    """Return a finding that is shown but stops nothing."""
    return Diagnostic(Severity.WARNING, summary, detail, location)
