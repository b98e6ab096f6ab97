"""Options that several commands share."""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

import click

from reconciler import running
from reconciler.cli import logs
from reconciler.cli.outputs import Form, Output

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.workspace import Place

P = ParamSpec("P")
R = TypeVar("R")


def workspace_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add `-c`, `--sandbox`, `-v` and `--log-format`; the command takes a `Place` as `place`."""
    from reconciler.cli.workspace import DEFAULT_CONFIG, Place

    @click.option(
        "-c",
        "--config",
        type=click.Path(path_type=Path),
        default=DEFAULT_CONFIG,
        show_default=True,
        metavar="PATH",
        help="The file, or a directory whose *.yaml files are read together.",
    )
    @click.option(
        "--sandbox",
        is_flag=True,
        help="Talk to the local TikTok instead: in process, its data and a state of its own in .reconciler/.",
    )
    @click.option("-v", "--verbose", count=True, help="Say more: -v every call, -vv everything (never a token).")
    @click.option(
        logs.OPTION,
        type=click.Choice(logs.FORMATS, case_sensitive=False),
        default="text",
        show_default=True,
        envvar=logs.VARIABLE,
        show_envvar=True,
        help="json: everything on stderr is a JSON object a line, for what collects logs.",
    )
    @functools.wraps(command)
    def with_place(*args: Any, config: Path, sandbox: bool, verbose: int, log_format: str, **kwargs: Any) -> R:  # noqa: ANN401
        running.current().command = click.get_current_context().command_path.partition(" ")[2]
        if log_format == "json":
            logs.as_json()
        logs.say_more(verbose)
        return command(*args, place=Place(config, sandbox=sandbox), **kwargs)  # type: ignore[arg-type]  # click passes by name

    return with_place  # type: ignore[return-value]  # click calls it with its own options


class Duration(click.ParamType[float]):
    """A length of time: ``90s``, ``5m``, ``1h``, or seconds."""

    name = "duration"
    _FORM = re.compile(r"(?P<number>\d{1,6}(?:\.\d{1,3})?)\s*(?P<unit>s|m|h|)")
    _SECONDS: ClassVar = {"": 1, "s": 1, "m": 60, "h": 3600}

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return it in seconds."""
        if isinstance(value, (int, float)):
            return float(value)
        found = self._FORM.fullmatch(str(value).strip().lower())
        if found is None:
            self.fail(f'"{value}" is no length of time: write 90s, 5m or 1h.', param, ctx)
        return float(found["number"]) * self._SECONDS[found["unit"]]


def lock_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add `--lock-timeout`; goes below `workspace_options`, and changes its `Place`."""

    @click.option(
        "--lock-timeout",
        type=Duration(),
        default=0,
        metavar="TIME",
        help="Wait so long while another run holds the state, such as 90s or 5m, instead of giving up at once.",
    )
    @functools.wraps(command)
    def with_patience(*args: Any, place: Place, lock_timeout: float, **kwargs: Any) -> R:  # noqa: ANN401
        return command(*args, place=replace(place, lock_timeout=lock_timeout), **kwargs)  # type: ignore[arg-type]  # click passes by name

    return with_patience  # type: ignore[return-value]  # click calls it with its own options


def output_format(command: Callable[P, R]) -> Callable[P, R]:
    """Add `--format text|json`."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="json prints nothing but JSON on stdout.",
    )(command)


def output_options(*forms: Form) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Add `--format` with these forms, and `-o`; the command takes an `Output` as `output`."""

    def with_options(command: Callable[P, R]) -> Callable[P, R]:
        @click.option(
            "--format",
            "form",
            type=click.Choice([str(form) for form in forms]),
            default="text",
            show_default=True,
            help="All but text print nothing else on stdout.",
        )
        @click.option(
            "-o",
            "--output",
            "path",
            type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
            metavar="FILE",
            help="Write the report to this file instead of stdout; folders are made.",
        )
        @functools.wraps(command)
        def with_output(*args: Any, form: str, path: Path | None, **kwargs: Any) -> R:  # noqa: ANN401
            output = Output(Form(form), None if path == Path("-") else path)
            return command(*args, output=output, **kwargs)  # type: ignore[arg-type]  # click passes by name

        return with_output  # type: ignore[return-value]  # click calls it with its own options

    return with_options


def member_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add `--skip-members` and `--target`."""
    skip = click.option(
        "--skip-members", is_flag=True, help="Leave people alone: structure only, for where the data cannot be reached."
    )
    target = click.option(
        "--target",
        "targets",
        multiple=True,
        metavar="ADDRESS",
        help="Limit to an address such as audience.lapsed_buyers; may be given several times.",
    )
    return skip(target(command))
