"""The command line as a whole: its commands, and what becomes of an error."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import traceback
from typing import TYPE_CHECKING, Final

import click

from reconciler import __version__, running, telemetry
from reconciler.cli import logs, screen
from reconciler.cli.stopping import stopped_by_signals
from reconciler.errors import InvalidConfigError, ReconcilerError
from reconciler.report.visible import visible_lines
from reconciler.telemetry.exporting import exporting

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final = {
    "init": ("start", "Write a first audiences.yaml to fill in."),
    "auth": ("auth", "Log in to TikTok, and see what a login may do."),
    "advertisers": ("advertisers", "List the accounts a token can reach, ready for the files."),
    "validate": ("validate", "Check the files and the sources; every error at once."),
    "fmt": ("fmt", "Put files into canonical form, comments kept."),
    "plan": ("plan", "Show what apply would do. Changes nothing."),
    "apply": ("apply", "Make it so: a saved plan, or plan and ask."),
    "drift": ("drift", "Tell what changed on TikTok or at the source since."),
    "show": ("show", "Show a saved plan, drift report or outcome."),
    "status": ("status", "Show population, validity and expiry of each audience."),
    "publish": ("publish", "Post a report to the pull request or an issue, from CI."),
    "import": ("adopt", "Take what exists on TikTok under management."),
    "history": ("history", "Show who applied what when, and what came of it."),
    "state": ("state", "Look into the state, and mend it by hand."),
    "sandbox": ("sandbox", "Run a TikTok on this machine, and act on its side."),
    "demo": ("demo", "Show all of it on generated people, without an account."),
}
"""Commands in the order a person meets them: the module of each, and its line in the help."""

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the signal's number."""


class Commands(click.Group):
    """Imports a command when it is asked for: `--help` must not wait for an engine."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the commands in the order a person meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """Return a command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"reconciler.cli.{COMMANDS[cmd_name][0]}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        """List the commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may have been meant."""
        from difflib import get_close_matches

        if args and self.get_command(ctx, args[0]) is None:
            close = get_close_matches(args[0], COMMANDS, n=1)
            meant = f' Did you mean "{close[0]}"?' if close else " See `reconciler --help`."
            ctx.fail(f'There is no command "{args[0]}".{meant}')
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `reconciler init`, or see it all at once with `reconciler demo`.",
)
@click.version_option(__version__, "-V", "--version", prog_name="reconciler")
@click.pass_context
def reconciler(context: click.Context) -> None:
    """TikTok audiences managed like infrastructure.

    Declare advertiser accounts, sources and audiences in YAML; `plan` shows what would change on TikTok,
    `apply` makes it so, `drift` tells what someone changed by hand.
    """
    running.current().command = context.invoked_subcommand or ""


def run(arguments: Sequence[str]) -> int:
    """Run a command line; every error becomes a sentence and an exit code."""
    screen.prepare()
    run = running.begin(arguments)
    with (
        stopped_by_signals(),
        logs.logging_to_stderr(arguments),
        exporting(os.environ),
        telemetry.span("reconciler") as span,
    ):
        try:
            result = reconciler.main(args=list(arguments), prog_name="reconciler", standalone_mode=False)
        except (Exception, KeyboardInterrupt) as problem:  # the one place where nothing may pass
            code = _told(problem)
            span.set(error_type=type(problem).__name__)
        else:
            code = result if isinstance(result, int) else 0
        span.rename(f"reconciler {run.command}".rstrip())
        span.set(reconciler_run=run.id, reconciler_command=run.command, reconciler_exit_code=code)
    return code


def _told(problem: BaseException) -> int:
    """Tell a person what happened, and return the exit code."""
    code = 1
    match problem:
        case click.exceptions.Exit():
            code = problem.exit_code
        case click.Abort() | KeyboardInterrupt():
            screen.say("Stopped. Whatever was under way is written down; run it again to go on.")
            code = INTERRUPTED
        case click.ClickException():
            _show_usage(problem)
        case InvalidConfigError():
            screen.findings(problem.diagnostics)
        case ReconcilerError():
            screen.error(problem.message, problem.hint, logs.known_of(problem))
        case BrokenPipeError():
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read our output has had enough
        case OSError():
            where = f": {problem.filename}" if problem.filename else ""
            screen.error(
                f"{problem.strerror or problem}{where}",
                "Check that the path is right and yours to use, and that its disk has space.",
            )
        case MemoryError():
            _told_of_memory()
        case RuntimeError() if "start new thread" in str(problem):
            _told_of_memory()
        case _:
            logging.getLogger("reconciler").debug("unexpected error\n%s", _trace(problem))
            screen.error(
                f"something unexpected went wrong: {type(problem).__name__}",
                "This is a defect of reconciler. Run the command again with -vv to see where, and report that.",
            )
    return code


def _told_of_memory() -> None:
    screen.error(
        "this process gets no more memory, or no more threads",
        "Free some, or raise its limit (`ulimit`, the container's); what was written before stands.",
    )


def _show_usage(problem: click.ClickException) -> None:
    if logs.is_json():
        screen.error(problem.format_message())
    else:
        shown = visible_lines(problem.message)  # a shell may have put the name of a file there
        object.__setattr__(problem, "message", shown)
        problem.show()


def _trace(problem: BaseException) -> str:
    """Return where it went wrong and of what kind it is. Its own words are left out: they may quote a person's id."""
    cause = problem.__cause__
    before = f"{_trace(cause)}which became:\n" if cause is not None else ""
    return f"{before}{''.join(traceback.format_tb(problem.__traceback__))}{type(problem).__name__}\n"
