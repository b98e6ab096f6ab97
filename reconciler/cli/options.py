"""Options that several commands share."""

from __future__ import annotations

import functools
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

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
