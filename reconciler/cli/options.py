"""Options that several commands share."""

from __future__ import annotations

import functools
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from reconciler.cli.outputs import Form, Output

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


def workspace_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add `-c`, `--sandbox` and `-v`; the command takes a `Place` as `place`."""
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
    @functools.wraps(command)
    def with_place(*args: Any, config: Path, sandbox: bool, verbose: int, **kwargs: Any) -> R:  # noqa: ANN401
        _log(verbose)
        return command(*args, place=Place(config, sandbox=sandbox), **kwargs)  # type: ignore[arg-type]  # click passes by name

    return with_place  # type: ignore[return-value]  # click calls it with its own options


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


def _log(verbose: int) -> None:
    if not verbose:
        return
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    logging.getLogger("reconciler.tiktok" if verbose == 1 else "reconciler").setLevel(logging.DEBUG)
