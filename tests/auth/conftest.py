"""Logins on a machine of the tests' own, and a TikTok to log in at."""

from __future__ import annotations

import asyncio
import inspect
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import keyring
import keyring.core
import orjson
import pytest
from keyring.backends import fail

from reconciler.auth.chest import FileChest, KeyringChest
from reconciler.auth.logins import Logins
from reconciler.auth.model import Keeping, Login, Profile
from reconciler.sandbox import APP_ID, Sandbox
from reconciler.secret import Secret
from reconciler.tiktok.client import TikTok
from reconciler.tiktok.model import User
from tests.auth.keyrings import MemoryKeyring
from tests.consent import Form
from tests.virtual_time import InstantLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

US, EU = "7000000000000000001", "7000000000000000002"
HERE, THERE = "https://tiktok.example/open_api/v1.3", "https://other.example/open_api/v1.3"
LOGGED_IN_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
THE_TIME = 1_767_225_600.0


class MakeLogin(Protocol):
    """Makes a login, as it would come of TikTok."""

    def __call__(
        self,
        name: str = "default",
        token: str = "a-token-that-nobody-may-read",
        *,
        base_url: str = HERE,
        kept_in: Keeping = Keeping.FILE,
        accounts: tuple[str, ...] = (US,),
        scopes: frozenset[int] = frozenset({30, 31}),
    ) -> Login: ...


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run coroutine tests on virtual time."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    with asyncio.Runner(loop_factory=InstantLoop) as runner:
        runner.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the keyring of whoever runs the tests out of them, and put back what `keyring.set_keyring` changes."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())  # type: ignore[no-untyped-call]


@pytest.fixture
def ring() -> MemoryKeyring:
    """The keyring of this machine."""
    ring = MemoryKeyring()
    keyring.set_keyring(ring)
    return ring


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where logins are kept; nobody has made it yet."""
    return tmp_path / "home"


@pytest.fixture
def logins(home: Path) -> Logins:
    """Nobody's logins, at the TikTok of the tests."""
    return logins_at(home, HERE)


def token_file(home: Path, name: str = "default") -> Path:
    """Return where the token of a login is."""
    return home / "tokens" / key_of(home, name)


def key_of(home: Path, name: str = "default") -> str:
    """Return what the token of a login is kept under."""
    return str(orjson.loads((home / "logins.json").read_bytes())["logins"][name]["key"])


def logins_at(home: Path, base_url: str) -> Logins:
    """Return the logins that are kept in `home` for a TikTok."""
    return Logins(home, base_url, {Keeping.FILE: FileChest(home / "tokens"), Keeping.KEYRING: KeyringChest()})


@pytest.fixture
def make_login() -> MakeLogin:
    """Make a login that nobody has kept yet."""

    def make(
        name: str = "default",
        token: str = "a-token-that-nobody-may-read",
        *,
        base_url: str = HERE,
        kept_in: Keeping = Keeping.FILE,
        accounts: tuple[str, ...] = (US,),
        scopes: frozenset[int] = frozenset({30, 31}),
    ) -> Login:
        user = User("11", "Ann", "a***@example.com")
        return Login(Profile(name, base_url, "7011", user, scopes, accounts, LOGGED_IN_AT, kept_in), Secret(token))

    return make


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A local TikTok with two accounts."""
    with Sandbox(tmp_path / "sandbox.db", clock=lambda: THE_TIME) as sandbox:
        sandbox.ensure([US, EU])
        yield sandbox


@pytest.fixture
def tiktok(sandbox: Sandbox) -> TikTok:
    """A client of the local TikTok."""
    return TikTok(HERE, tier=None, transport=sandbox.transport())


async def confirm(
    sandbox: Sandbox, app_id: str = APP_ID, ticked: Callable[[str, str], bool] = lambda *_: True
) -> Secret:
    """Confirm on the page of the local TikTok, with these boxes ticked, and return the code that comes of it."""
    asked = {"app_id": app_id, "state": "a-state", "redirect_uri": "http://127.0.0.1:8976/callback"}
    async with httpx.AsyncClient(transport=sandbox.transport(), base_url="http://tiktok.example") as browser:
        page = await browser.get("/portal/auth", params=asked)
        fields = [pair for pair in Form(page.text).fields if ticked(*pair)]
        answer = await browser.post(
            "/portal/auth",
            content=urlencode([*fields, ("decision", "confirm")]),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
    return Secret(dict(parse_qsl(urlsplit(answer.headers["location"]).query))["auth_code"])
