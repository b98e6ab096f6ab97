"""Wires the rooms together for a command: the config, the state, the engine, and a TikTok to talk to."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections import ChainMap
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from reconciler import telemetry
from reconciler.auth.logins import open_logins
from reconciler.cli import screen, stopping
from reconciler.config import load
from reconciler.errors import InvalidConfigError, ReconcilerError
from reconciler.refresh.credentials import Credentials
from reconciler.report.visible import visible
from reconciler.secret import Secret
from reconciler.state.repository import open_state
from reconciler.tiktok.client import PRODUCTION_URL, TikTok
from reconciler.tiktok.errors import UnreachableError, UnreadableAnswerError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
    from contextlib import AbstractContextManager

    import httpx

    from reconciler.auth.logins import Logins
    from reconciler.config import Config
    from reconciler.diagnostics import Diagnostic
    from reconciler.identity import Engine
    from reconciler.sandbox import Sandbox
    from reconciler.state.lock import Held
    from reconciler.state.model import Lock
    from reconciler.state.repository import StateStore
    from reconciler.tiktok.outage import Waiting

T = TypeVar("T")

BASE_URL_VARIABLE: Final = "TIKTOK_BASE_URL"
DEFAULT_CONFIG: Final = Path("audiences.yaml")
SANDBOX_URL: Final = "http://local.tiktok/open_api/v1.3"
"""The local TikTok's address in process, where no host is looked up."""
WORK_FOLDER: Final = ".reconciler"


class LocalTikTokError(ReconcilerError):
    """The local TikTok cannot do what it was asked to. It stands apart, so its own errors become this one here."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command works: which files, whether on the local TikTok, and how many seconds it waits for the lock."""

    config: Path
    sandbox: bool = False
    lock_timeout: float = 0.0

    @property
    def is_default(self) -> bool:
        """Whether nobody said which files are meant."""
        return self.config == DEFAULT_CONFIG

    @property
    def options(self) -> tuple[str, ...]:
        """The options that lead another command here."""
        files = () if self.config == DEFAULT_CONFIG else ("-c", str(self.config))
        return (*files, *(("--sandbox",) if self.sandbox else ()))

    @property
    def folder(self) -> Path:
        """The folder of the files."""
        return self.config if self.config.is_dir() else self.config.parent

    @property
    def sandbox_path(self) -> Path:
        """The local TikTok's database."""
        return self.folder / WORK_FOLDER / "sandbox.db"

    @property
    def sandbox_logins(self) -> Path:
        """Where logins at the local TikTok are kept."""
        return self.folder / WORK_FOLDER / "sandbox-logins"

    @property
    def sandbox_state(self) -> Path:
        """Where `--sandbox` keeps its state, apart from the real one: an id of one means nothing to the other."""
        return self.folder / WORK_FOLDER / "sandbox-state"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A config that holds, with everything it takes to plan and apply it.

    Attributes:
        config: What is declared.
        findings: Warnings found while reading it.
        store: Where the state is kept. The local TikTok has a state of its own: ids of one mean nothing to the other.
        environ: What the files take values from.
        credentials: The tokens there are.
        base_url: Where TikTok is.
        transport: What carries requests; None for the network.
        lock_timeout: How many seconds to wait while another run holds the state.
    """

    config: Config
    findings: tuple[Diagnostic, ...]
    store: StateStore
    environ: Mapping[str, str]
    credentials: Credentials
    base_url: str
    transport: httpx.AsyncBaseTransport | None
    lock_timeout: float = 0.0

    def tiktok(self, *, before_write: Callable[[], Awaitable[None]] | None = None) -> TikTok:
        """Return a client, an async context manager; `before_write` as for `TikTok`."""
        tier = None if self.transport is not None else str(self.config.rate_tier)
        patience = self.config.patience_seconds
        return TikTok(
            self.base_url,
            tier=tier,
            transport=self.transport,
            patience_seconds=patience,
            tell=_say_waiting,
            before_write=before_write,
        )

    def lock(self, why: str) -> AbstractContextManager[Held]:
        """Hold the state's lock; while another run holds it, wait as long as was asked, and say for whom."""
        return self.store.lock(why, patience=self.lock_timeout, waits_for=_say_who)

    def locate(self, scratch: Path) -> partial[Path]:
        """Return the function from a set's digest to a local file of it."""
        return partial(self.store.set_path, scratch=scratch)


@contextmanager
def workspace(place: Place) -> Iterator[Workspace]:
    """Open a workspace.

    Raises:
        InvalidConfigError: The files hold errors; all of them are in it.
    """
    if place.sandbox:
        with _on_local_tiktok(place) as opened:
            yield opened
        return
    config, findings = read_config(place, os.environ)
    url = base_url(os.environ)
    credentials = Credentials(config, os.environ, open_logins(url, os.environ))
    state = open_state(config.state_url)
    yield Workspace(config, findings, state, os.environ, credentials, url, None, place.lock_timeout)


def base_url(environ: Mapping[str, str]) -> str:
    """Return where TikTok is, without a slash at the end."""
    return (environ.get(BASE_URL_VARIABLE, "").strip() or PRODUCTION_URL).rstrip("/")


def read_config(place: Place, environ: Mapping[str, str]) -> tuple[Config, tuple[Diagnostic, ...]]:
    """Return the config and its warnings; raise InvalidConfigError with every finding where it does not hold."""
    with telemetry.span("read config"):
        loaded = load(place.config, environ)
    if any(finding.is_error for finding in loaded.diagnostics):
        raise InvalidConfigError(loaded.diagnostics)
    return loaded.config, loaded.diagnostics


@contextmanager
def engine_in(folder: Path, workspace: Workspace) -> Iterator[Engine]:
    """Open the engine with a scratch folder inside `folder`."""
    from reconciler.identity import Engine

    with Engine(folder / "engine", url=workspace.config.engine) as engine:
        yield engine


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder readable by its owner alone that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="reconciler-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def drive(work: Coroutine[object, object, T]) -> T:
    """Run the asynchronous inside of a command; SIGTERM and a closed terminal stop it as cleanly as Ctrl-C does."""

    async def stoppable() -> T:
        task = asyncio.current_task()
        if task is not None:
            for number in stopping.numbers():
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await work

    try:
        with stopping.kept(), asyncio.Runner(loop_factory=_event_loop()) as runner:
            return runner.run(stoppable())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _event_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the event loop: uvloop's, which sends a third faster, where the system has it."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


@contextmanager
def local_tiktok(place: Place, *, anew: bool = False) -> Iterator[Sandbox]:
    """Open the local TikTok of a place; it is made where there is none.

    Args:
        place: The place.
        anew: Whether one that another version made is emptied, instead of being refused.

    Raises:
        LocalTikTokError: It refused what the block asked of it, or its file cannot be used.
    """
    from reconciler.sandbox import Sandbox, SandboxError

    place.sandbox_path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with Sandbox(place.sandbox_path, anew=anew) as sandbox:
            yield sandbox
    except SandboxError as problem:
        raise LocalTikTokError(problem.message, hint=problem.hint) from problem


@contextmanager
def _on_local_tiktok(place: Place) -> Iterator[Workspace]:
    from reconciler.sandbox import TOKEN

    environ = ChainMap({"TIKTOK_ACCESS_TOKEN": TOKEN}, dict(os.environ))
    config, findings = read_config(place, environ)
    accounts = {key: replace(each, access_token=None) for key, each in config.advertisers.items()}
    state = open_state(str(place.sandbox_state.absolute()))
    with local_tiktok(place) as sandbox:
        sandbox.ensure(each.advertiser_id for each in accounts.values())
        desired, logins = replace(config, advertisers=accounts), sandbox_logins(place)
        credentials = Credentials(desired, {}, logins, fallback=Secret(TOKEN))
        transport = sandbox.transport()
        yield Workspace(
            desired, findings, state, environ, credentials, SANDBOX_URL, transport, lock_timeout=place.lock_timeout
        )


def _say_waiting(waiting: Waiting) -> None:
    now = datetime.now().astimezone()
    since, until = now - timedelta(seconds=waiting.since_seconds), now + timedelta(seconds=waiting.left_seconds)
    silent = isinstance(waiting.error, (UnreachableError, UnreadableAnswerError))
    what = "does not answer" if silent else "asks to wait, or fails,"
    screen.say(
        f"TikTok {what} since {since:%H:%M:%S}; trying again until {until:%H:%M:%S}, "
        "then this stops and can be gone on with."
    )


def _say_who(holder: Lock) -> None:
    screen.say(
        f"Waiting for the state: {visible(holder.who)} on {visible(holder.where)} holds it since "
        f"{holder.since:%Y-%m-%d %H:%M:%S} UTC ({visible(holder.why)})."
    )


def sandbox_logins(place: Place) -> Logins:
    """Return the logins at the local TikTok of a place: beside it, in files, since nothing there is worth a keyring."""
    return open_logins(SANDBOX_URL, {}, place.sandbox_logins)
