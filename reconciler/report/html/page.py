"""Templates filled in: every value escaped, and nothing on the page but what it brings along itself."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from reconciler.report.visible import visible

if TYPE_CHECKING:
    from reconciler.report.html.drift_view import DriftView
    from reconciler.report.html.plan_view import PlanView

_TEMPLATES: Final = "templates"


@dataclass(frozen=True, slots=True)
class Inlined:
    """A style sheet or script that stands in the page itself.

    Attributes:
        text: What stands between the tags.
        source: What a content security policy calls it: a hash, so that no other one runs.
    """

    text: Markup
    source: str


def rendered(template: str, view: PlanView | DriftView) -> str:
    """Return the page that `template` makes of `view`."""
    style, script = _inlined("page.css"), _inlined("page.js")
    return _environment().get_template(template).render(view=view, style=style, script=script)


@cache
def _inlined(name: str) -> Inlined:
    text = files(__package__).joinpath(_TEMPLATES, name).read_text(encoding="utf-8")
    digest = b64encode(sha256(text.encode()).digest()).decode()
    return Inlined(Markup(text), Markup(f"'sha256-{digest}'"))  # noqa: S704 - a file of this package, and its hash


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(__package__, _TEMPLATES),
        extensions=[_WithoutIndents],
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        keep_trailing_newline=True,
    )


def _shown(value: object) -> object:
    """Spell out what a browser would hide or turn round in text, wherever it comes from; markup is ours."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


class _WithoutIndents(Extension):
    """Templates are indented for their readers; in a page of thousands of rows indents would be a tenth of it."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002 - Jinja's
        """Return `source` without the spaces its lines begin with."""
        return re.sub(r"^[ ]+", "", source, flags=re.MULTILINE)
