"""Nothing that happens behind a login's back passes for it, and nothing that happens beside it is lost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import orjson
import pytest

from reconciler.auth import logins as room
from reconciler.auth.errors import CannotKeepError, DamagedLoginsError
from reconciler.auth.model import Keeping
from tests.auth.conftest import HERE, key_of, logins_at, token_file

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.auth.logins import Logins
    from tests.auth.conftest import MakeLogin
    from tests.auth.keyrings import MemoryKeyring


def test_a_token_file_that_somebody_replaced_is_no_login(logins: Logins, home: Path, make_login: MakeLogin) -> None:
    logins.keep(make_login())
    token_file(home).write_text("a-token-of-somebody-else\n")
    assert logins.get("default") is None


def test_a_token_that_somebody_replaced_in_the_keyring_is_no_login(
    logins: Logins, home: Path, make_login: MakeLogin, ring: MemoryKeyring
) -> None:
    logins.keep(make_login(kept_in=Keeping.KEYRING))
    ring.kept["reconciler", key_of(home)] = "a-token-of-somebody-else"
    assert logins.get("default") is None


def test_a_token_of_another_profile_is_no_login(logins: Logins, home: Path, make_login: MakeLogin) -> None:
    logins.keep(make_login())
    logins.keep(make_login("agency", token="the-agencys"))
    token_file(home, "agency").replace(token_file(home))
    assert logins.get("default") is None


@pytest.mark.parametrize("kept_in", list(Keeping))
def test_a_list_that_cannot_be_written_leaves_the_login_that_was_there(
    logins: Logins,
    home: Path,
    make_login: MakeLogin,
    ring: MemoryKeyring,
    monkeypatch: pytest.MonkeyPatch,
    kept_in: Keeping,
) -> None:
    login = make_login(token="the-old-one", kept_in=kept_in)
    logins.keep(login)
    before = logins.path.read_bytes()

    def full(path: Path, content: bytes) -> None:
        raise CannotKeepError(path, "No space left on device")

    monkeypatch.setattr(room, "write_private", full)
    with pytest.raises(CannotKeepError, match="No space left"):
        logins.keep(make_login(token="the-new-one", kept_in=kept_in))

    assert logins.path.read_bytes() == before
    assert logins_at(home, HERE).get("default") == login


def test_threads_that_log_in_at_the_same_time_lose_none_of_each_other(
    logins: Logins, home: Path, make_login: MakeLogin
) -> None:
    together = threading.Barrier(2)
    names = {number: [f"of-{number}-{each}" for each in range(8)] for number in range(2)}

    def log_in(number: int) -> None:
        mine = logins_at(home, HERE)
        together.wait(10)
        for name in names[number]:
            mine.keep(make_login(name, token=f"token-of-{name}"))

    threads = [threading.Thread(target=log_in, args=(number,)) for number in names]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)

    assert {each.name for each in logins.profiles()} == {*names[0], *names[1]}
    for name in (*names[0], *names[1]):
        assert logins.get(name) == make_login(name, token=f"token-of-{name}")


def test_one_who_logs_in_and_one_who_logs_out_do_not_undo_each_other(
    logins: Logins, home: Path, make_login: MakeLogin
) -> None:
    for number in range(8):
        logins.keep(make_login(f"old-{number}"))
    together = threading.Barrier(2)

    def log_out() -> None:
        mine = logins_at(home, HERE)
        together.wait(10)
        for number in range(8):
            mine.forget(f"old-{number}")

    leaving = threading.Thread(target=log_out)
    leaving.start()
    together.wait(10)
    for number in range(8):
        logins.keep(make_login(f"new-{number}"))
    leaving.join(60)

    assert [each.name for each in logins.profiles()] == [f"new-{number}" for number in range(8)]
    kept = [token_file(home, f"new-{number}") for number in range(8)]
    assert sorted((home / "tokens").iterdir()) == sorted(kept)


@pytest.mark.parametrize(
    "foreign",
    [
        {"version": 1, "profiles": {}},
        {"version": 2, "logins": {}},
        {"version": 99, "logins": {"default": {"token": "of-a-later-version"}}, "more": True},
        {"name": "another-program", "version": "4.1.0"},
        "just text",
    ],
)
def test_a_file_of_another_program_or_a_later_version_survives_logging_in_and_out(
    logins: Logins, home: Path, make_login: MakeLogin, foreign: object
) -> None:
    home.mkdir()
    logins.path.write_bytes(orjson.dumps(foreign))
    with pytest.raises(DamagedLoginsError):
        logins.keep(make_login())
    with pytest.raises(DamagedLoginsError):
        logins.forget("default")
    assert orjson.loads(logins.path.read_bytes()) == foreign
    assert not (home / "tokens").exists(), "no token is written that nothing leads to"


def test_logins_of_a_later_version_are_not_read_even_where_they_look_alike(
    logins: Logins, make_login: MakeLogin
) -> None:
    """What looks the same may mean something else there."""
    logins.keep(make_login())
    later = {**orjson.loads(logins.path.read_bytes()), "version": 3}
    logins.path.write_bytes(orjson.dumps(later))
    with pytest.raises(DamagedLoginsError, match="version 3"):
        logins.get("default")
