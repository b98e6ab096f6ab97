"""The project that commands run in, for what they make of hostile names."""

from __future__ import annotations

from tests.cli.conftest import folder, people, people_file, project

__all__ = ["folder", "people", "people_file", "project"]
