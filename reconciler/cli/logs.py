"""What is told beside the result: log records on stderr, as text for people or as JSON for what collects them.

One handler at the root takes every record, of this tool and of every library, and strikes secrets out of each. With
``--log-format json`` stderr itself stands behind it too: whatever is written there becomes a record, so that a line
that is not JSON cannot appear.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from contextlib import contextmanager
from copy import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TextIO, cast

import orjson

from reconciler import __version__, running
from reconciler.cli.runner import guarded, harmless_json
from reconciler.redaction import strike
from reconciler.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.model import Action

FORMATS: Final = ("text", "json")
OPTION: Final = "--log-format"
VARIABLE: Final = "RECONCILER_LOG_FORMAT"
NOTICES: Final = "reconciler.notices"
"""The logger of what is said to whoever watches: notices, progress, findings, errors."""

LONGEST_MESSAGE: Final = 64 * 1024
"""Characters of a message that are kept: what reads logs a line at a time has limits of its own."""

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_OURS: Final = "reconciler"

log = logging.getLogger(__name__)
notices = logging.getLogger(NOTICES)


@contextmanager
def logging_to_stderr(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Take every log record and every warning while the block runs; afterwards everything is as it was.

    Args:
        arguments: The command line. The form is needed before it is parsed: what cannot be parsed is told as well.
        environ: Where the form may be set instead.
    """
    root, ours, tiktok = logging.getLogger(), logging.getLogger(_OURS), logging.getLogger("reconciler.tiktok")
    levels = [(each, each.level) for each in (root, ours, tiktok, notices, log)]
    stream = sys.stderr
    handler = _Stderr(guarded(stream))
    handler.setFormatter(_Plain())
    root.addHandler(handler)
    logging.captureWarnings(capture=True)
    try:
        if _asks_for_json(arguments, environ):
            as_json()
        yield
    finally:
        sys.stderr.flush()
        sys.stderr = stream
        logging.captureWarnings(capture=False)
        root.removeHandler(handler)
        for logger, level in levels:
            logger.setLevel(level)


def is_json() -> bool:
    """Whether stderr holds records in JSON and nothing else."""
    return isinstance(sys.stderr, Lines)


def as_json() -> None:
    """Let stderr hold records in JSON, one a line, from now on."""
    if is_json():
        return
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and isinstance(handler.formatter, Redacting):
            handler.setFormatter(Json())
    notices.setLevel(logging.INFO)
    sys.stderr = cast("TextIO", Lines())


def say_more(verbose: int) -> None:
    """Log more: with 1 what this run is and each call of TikTok, with 2 everything."""
    if not verbose:
        return
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, _Plain):
            handler.setFormatter(Text())
    logging.getLogger("reconciler.tiktok").setLevel(logging.DEBUG)
    log.setLevel(logging.INFO)
    if verbose > 1:
        logging.getLogger(_OURS).setLevel(logging.DEBUG)
    run = running.current()
    log.info("run %s: reconciler %s, %s", run.id, __version__, run.command)


class _Stderr(logging.StreamHandler[TextIO]):
    """Stderr, which may be closed or full. Nothing is worse for it, so nothing is said: there is nowhere to say it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's own name
        """Leave the record out; the standard library would print it as it is, with a traceback."""


class Redacting(logging.Formatter):
    """Strikes secrets out of the finished line, wherever in the record they stood."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        whole = copy(record)
        whole.msg, whole.args = _message(record), None
        return _struck(super().format(whole), record)


class Text(Redacting):
    """For people who asked to be told more: a line with when, how bad and whence."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")


class _Plain(Redacting):
    """For people who did not: the words alone, and never a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return _struck(_message(record), record)


class Json(logging.Formatter):
    """For what collects logs: one object a line, with what is known about a record in fields of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        run = running.current()
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _struck(_message(record), record),
            "run": run.id,
            "command": run.command or None,
            **_about(),
            **(_extra(record) if _is_ours(record) else {}),
        }
        if record.exc_info:
            fields["exception"] = _struck(self.formatException(record.exc_info), record)
        known = {name: value for name, value in fields.items() if value is not None}
        return harmless_json(orjson.dumps(known, default=str).decode())


class Lines(io.TextIOBase):
    """A stderr that makes a record of each line written to it. No terminal, so nothing draws on it."""

    def __init__(self) -> None:
        self._rest = ""

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read-only in practice
        """The encoding text would have if it were written as it is."""
        return "utf-8"

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Take `text`, and log the lines that it ends."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._log(line)
        return len(text)

    def flush(self) -> None:
        """Log what is not ended yet: a question that waits for its answer, or the last words."""
        if not self.closed:
            rest, self._rest = self._rest, ""
            self._log(rest)

    @staticmethod
    def _log(line: str) -> None:
        if line.strip():
            notices.info("%s", line.strip())


def _asks_for_json(arguments: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether the command line, or else the environment, asks for JSON; read as click would."""
    asked = environ.get(VARIABLE, "")
    for option, value in zip(arguments, [*arguments[1:], ""], strict=False):
        name, equals, joined = option.partition("=")
        if option == "--":
            break
        if name == OPTION:
            asked = joined if equals else value
    return asked.strip().lower() == "json"


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name == _OURS or record.name.startswith(f"{_OURS}.")


def _message(record: logging.LogRecord) -> str:
    """Return the message; a record whose arguments do not fit is shown as it was written."""
    try:
        return record.getMessage()
    except Exception:  # whatever a stranger's arguments raise
        return str(record.msg)


def _struck(text: str, record: logging.LogRecord) -> str:
    struck = strike(text, of_people=not _is_ours(record))
    over = len(struck) - LONGEST_MESSAGE
    return struck if over <= 0 else f"{struck[:LONGEST_MESSAGE]}… ({over:,} characters more)"


def _about() -> dict[str, object]:
    addresses = running.addresses()
    if not addresses:
        return {}
    return {"address": addresses[0]} if len(addresses) == 1 else {"addresses": list(addresses)}


def _extra(record: logging.LogRecord) -> dict[str, object]:
    """Return what a record knows beside its message: what was given with it, and what an error it tells of knows."""
    found: dict[str, object] = {}
    for argument in record.args if isinstance(record.args, tuple) else ():
        found |= known_of(argument)
    found |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
    return {
        name: value if value is None or isinstance(value, (int, float)) else strike(str(value))
        for name, value in found.items()
    }


def finding(found: Diagnostic) -> None:
    """Log a finding: its severity is the level, its place and what to do about it are fields."""
    place = found.location
    about = {} if place is None else {"file": place.file, "line": place.line, "column": place.column}
    level = logging.ERROR if found.is_error else logging.WARNING
    notices.log(level, "%s", visible(found.summary), extra={**about, "hint": found.detail or None})


def progress(action: Action, message: str) -> None:
    """Log what happens to an action, with its address, its account and its kind."""
    about = {"address": action.address, "advertiser_id": action.advertiser_id, "action": str(action.kind)}
    notices.info("%s", message, extra=about)


def known_of(problem: object) -> dict[str, object]:
    """Return the fields of an error of TikTok's: path, code, request id, account; of anything else none."""
    from reconciler.tiktok.errors import TikTokError

    if not isinstance(problem, TikTokError):
        return {}
    known = {
        "path": problem.path or None,
        "code": problem.code,
        "request_id": problem.request_id,
        "advertiser_id": problem.advertiser_id,
    }
    return {name: value for name, value in known.items() if value is not None}
