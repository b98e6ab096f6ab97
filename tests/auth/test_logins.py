"""Logins are found under their names, at the TikTok they are for, each with the token it was given."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import keyring
import orjson
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from reconciler.auth import logins as room
from reconciler.auth.errors import (
    CannotKeepError,
    DamagedLoginsError,
    KeyringUnusableError,
    LoginError,
    ProfileNameError,
)
from reconciler.auth.listing import LARGEST, require_name
from reconciler.auth.logins import open_logins
from reconciler.auth.model import Keeping, Login
from reconciler.secret import Secret
from tests.auth.conftest import EU, HERE, THERE, US, logins_at, token_file
from tests.auth.keyrings import MemoryKeyring, RefusingKeyring

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.auth.logins import Logins
    from tests.auth.conftest import MakeLogin

TOKEN = "a-token-that-nobody-may-read"


LOG_IN = """
import sys
from datetime import UTC, datetime
from reconciler.auth.logins import open_logins
from reconciler.auth.model import Keeping, Login, Profile
from reconciler.secret import Secret
from reconciler.tiktok.model import User

home, worker = sys.argv[1:]
logins = open_logins("https://tiktok.example/open_api/v1.3", {"RECONCILER_HOME": home})
sys.stdin.readline()
for number in range(10):
    name = f"of-{worker}-{number}"
    when = datetime(2026, 1, 1, tzinfo=UTC)
    profile = Profile(name, "https://tiktok.example/open_api/v1.3", "1", User("1"), frozenset(), (), when, Keeping.FILE)
    logins.keep(Login(profile, Secret(f"token {name}")))
"""


@pytest.mark.parametrize("kept_in", list(Keeping))
def test_a_login_comes_back_as_it_was_kept(
    logins: Logins, home: Path, make_login: MakeLogin, ring: MemoryKeyring, kept_in: Keeping
) -> None:
    login = make_login(kept_in=kept_in)
    logins.keep(login)
    assert logins.get("default") == login
    assert logins_at(home, HERE).get("default") == login, "for the next command too"


def test_where_nobody_logged_in_there_is_nothing_and_nothing_is_made(logins: Logins, home: Path) -> None:
    assert logins.profiles() == ()
    assert logins.get("default") is None
    assert logins.profile("default") is None
    assert logins.elsewhere("default") is None
    assert logins.acting_for(US) is None
    assert logins.scopes_of(Secret(TOKEN)) is None
    assert not home.exists()


def test_profiles_come_by_name(logins: Logins, make_login: MakeLogin) -> None:
    for name in ("zeta", "default", "agency"):
        logins.keep(make_login(name))
    assert [each.name for each in logins.profiles()] == ["agency", "default", "zeta"]


def test_another_login_of_the_same_name_takes_its_place(logins: Logins, make_login: MakeLogin) -> None:
    logins.keep(make_login(token="the-old-one"))
    logins.keep(make_login(token="the-new-one", accounts=(EU,)))
    login = logins.get("default")
    assert login is not None
    assert (login.token.reveal(), login.profile.advertiser_ids) == ("the-new-one", (EU,))


def test_a_forgotten_login_is_gone_with_its_token(logins: Logins, make_login: MakeLogin, ring: MemoryKeyring) -> None:
    logins.keep(make_login(kept_in=Keeping.KEYRING))
    logins.keep(make_login("agency"))
    logins.forget("default")
    assert logins.get("default") is None
    assert ring.kept == {}
    assert logins.get("agency") == make_login("agency")


def test_forgetting_what_is_not_there_does_no_harm(logins: Logins, make_login: MakeLogin) -> None:
    logins.keep(make_login())
    logins.forget("agency")
    assert logins.get("default") == make_login()


def test_a_token_that_moves_leaves_nothing_behind(
    logins: Logins, home: Path, make_login: MakeLogin, ring: MemoryKeyring
) -> None:
    logins.keep(make_login(kept_in=Keeping.KEYRING))
    logins.keep(make_login(kept_in=Keeping.FILE))
    assert ring.kept == {}
    logins.keep(make_login(kept_in=Keeping.KEYRING))
    assert list((home / "tokens").iterdir()) == []


def test_a_login_is_none_for_another_tiktok(logins: Logins, home: Path, make_login: MakeLogin) -> None:
    """Its token must not go there."""
    logins.keep(make_login())
    there = logins_at(home, THERE)
    assert there.profiles() == ()
    assert there.get("default") is None
    assert there.profile("default") is None
    assert there.acting_for(US) is None
    assert there.scopes_of(Secret(TOKEN)) is None
    assert there.elsewhere("default") == HERE
    assert logins.elsewhere("default") is None


def test_looking_at_logins_asks_no_keyring(logins: Logins, make_login: MakeLogin, ring: MemoryKeyring) -> None:
    """It may ask a person to unlock it."""
    login = make_login(kept_in=Keeping.KEYRING)
    logins.keep(login)
    assert logins.profiles() == (login.profile,)
    assert logins.profile("default") == login.profile
    assert logins.acting_for(US) == login.profile
    assert logins.scopes_of(login.token) == login.profile.scopes
    assert ring.asked == 0


def test_the_default_login_acts_for_an_account_before_any_other(logins: Logins, make_login: MakeLogin) -> None:
    for name in ("agency", "default", "zeta"):
        logins.keep(make_login(name, accounts=(US,)))
    found = logins.acting_for(US)
    assert found is not None
    assert found.name == "default"


def test_the_only_login_that_may_acts_for_an_account(logins: Logins, make_login: MakeLogin) -> None:
    logins.keep(make_login("default", accounts=(EU,)))
    logins.keep(make_login("agency", accounts=(US, EU)))
    found = logins.acting_for(US)
    assert found is not None
    assert found.name == "agency"


def test_of_several_logins_that_may_none_is_guessed(logins: Logins, make_login: MakeLogin) -> None:
    logins.keep(make_login("agency"))
    logins.keep(make_login("zeta"))
    assert logins.acting_for(US) is None


def test_what_a_token_may_do_is_known_wherever_it_was_found(logins: Logins, make_login: MakeLogin) -> None:
    logins.keep(make_login(token="one", scopes=frozenset({30})))
    logins.keep(make_login("agency", token="two", scopes=frozenset({30, 31, 32})))
    assert logins.scopes_of(Secret("two")) == frozenset({30, 31, 32})
    assert logins.scopes_of(Secret("three")) is None


def test_no_token_is_in_the_list_of_logins(logins: Logins, home: Path, make_login: MakeLogin) -> None:
    logins.keep(make_login())
    assert TOKEN.encode() not in (home / "logins.json").read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_whatever_is_kept_is_its_owners_alone(logins: Logins, home: Path, make_login: MakeLogin) -> None:
    former = os.umask(0)
    try:
        logins.keep(make_login())
    finally:
        os.umask(former)
    for each in (home, *home.rglob("*")):
        assert stat.S_IMODE(each.stat().st_mode) == (0o700 if each.is_dir() else 0o600), each


def test_a_token_that_somebody_took_out_of_the_keyring_is_no_login_and_that_is_said(
    logins: Logins, make_login: MakeLogin, ring: MemoryKeyring, caplog: pytest.LogCaptureFixture
) -> None:
    logins.keep(make_login(kept_in=Keeping.KEYRING))
    ring.kept.clear()
    assert logins.get("default") is None
    assert "the token of the login default in the keyring is gone" in caplog.text


def test_a_keyring_that_refuses_keeps_nothing_and_forgets_nothing(logins: Logins, make_login: MakeLogin) -> None:
    keyring.set_keyring(MemoryKeyring())
    logins.keep(make_login(kept_in=Keeping.KEYRING))
    keyring.set_keyring(RefusingKeyring())

    attempts: list[Callable[[], object]] = [
        lambda: logins.keep(make_login("agency", kept_in=Keeping.KEYRING)),
        lambda: logins.get("default"),
        lambda: logins.forget("default"),
    ]
    for attempt in attempts:
        with pytest.raises(KeyringUnusableError):
            attempt()
    assert [each.name for each in logins.profiles()] == ["default"]


def test_logins_at_the_same_time_lose_none_of_each_other(logins: Logins, home: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", LOG_IN, str(home), str(worker)], stdin=subprocess.PIPE, text=True)
        for worker in range(3)
    ]
    for each in processes:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in processes:
        each.communicate(timeout=60)
        assert each.returncode == 0

    names = [each.name for each in logins.profiles()]
    assert names == sorted(f"of-{worker}-{number}" for worker in range(3) for number in range(10))
    for name in names:
        login = logins.get(name)
        assert login is not None
        assert login.token.reveal() == f"token {name}"


def test_a_login_that_holds_the_file_too_long_is_not_waited_for_forever(
    logins: Logins, home: Path, make_login: MakeLogin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_LOCK_SECONDS", 0.01)
    home.mkdir()
    with FileLock(home / "logins.json.lock"), pytest.raises(CannotKeepError, match="another login is being written"):
        logins.keep(make_login())


def test_a_place_that_cannot_be_written_to_is_named(logins: Logins, home: Path, make_login: MakeLogin) -> None:
    (home / "logins.json.lock").mkdir(parents=True)
    with pytest.raises(CannotKeepError, match=r"logins\.json") as refused:
        logins.keep(make_login())
    assert "RECONCILER_HOME" in (refused.value.hint or "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "damaged"),
        (b" " * (LARGEST + 1), "it has more than 16 MB"),
        (b"\xff\xfe", "damaged"),
        (b"[]", "damaged"),
        (b"null", "damaged"),
        (b'{"logins": {}}', "damaged"),
        (b'{"version": 0, "logins": {}}', "version 0"),
        (b'{"version": "1", "logins": {}}', "version '1'"),
        (b'{"version": true, "logins": {}}', "version True"),
        (b'{"version": 1}', "damaged"),
        (b'{"version": 2, "logins": {}}', "damaged"),
        (b'{"version": 2, "logins": {}, "leftovers": {"default@0123456789abcdef": {}}}', "damaged"),
        (b'{"version": 1, "logins": []}', "damaged"),
        (b'{"version": 1, "logins": {"default": null}}', "damaged"),
        (b'{"version": 1, "logins": {"default": {}}}', "damaged"),
    ],
)
def test_a_file_that_is_no_list_of_logins_is_named_and_left_alone(
    logins: Logins, home: Path, make_login: MakeLogin, content: bytes, said: str
) -> None:
    home.mkdir()
    path = home / "logins.json"
    path.write_bytes(content)

    for attempt in (logins.profiles, lambda: logins.get("default"), lambda: logins.keep(make_login())):
        with pytest.raises(DamagedLoginsError, match=said) as refused:
            attempt()
        assert str(path) in refused.value.message
        assert "Move it away" in (refused.value.hint or "")
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base_url", 1),
        ("app_id", None),
        ("user", "Ann"),
        ("user", {"user_id": "1", "name": "Ann"}),
        ("scopes", "30"),
        ("scopes", ["30"]),
        ("advertiser_ids", US),
        ("advertiser_ids", [7]),
        ("logged_in_at", "yesterday"),
        ("logged_in_at", "2026-01-01T00:00:00"),
        ("logged_in_at", 0),
        ("kept_in", "drawer"),
        ("token_sha256", None),
        ("key", None),
        ("key", "../default"),
        ("key", "agency@0123456789abcdef"),
        ("key", "default@0123456789abcde/"),
        ("key", "default@../../../../etc/"),
    ],
)
def test_a_login_that_was_tampered_with_is_not_half_believed(
    logins: Logins, home: Path, make_login: MakeLogin, field: str, value: object
) -> None:
    logins.keep(make_login())
    path = home / "logins.json"
    document = orjson.loads(path.read_bytes())
    document["logins"]["default"][field] = value
    path.write_bytes(orjson.dumps(document))
    with pytest.raises(DamagedLoginsError):
        logins.profiles()


def test_a_name_that_leads_out_of_the_folder_is_not_followed(logins: Logins, home: Path, make_login: MakeLogin) -> None:
    logins.keep(make_login())
    path = home / "logins.json"
    path.write_bytes(path.read_bytes().replace(b'"default"', b'"../default"'))
    with pytest.raises(DamagedLoginsError):
        logins.get("../default")


@pytest.mark.parametrize("name", ["default", "a", "0", "agency.eu-west_1", "x" * 64])
def test_a_profile_may_be_called_what_a_file_may(name: str) -> None:
    require_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../up", "a/b", "a\\b", "-x", "_x", "a b", "ä", "a\n", "x" * 65, "a:b"]
)
def test_a_profile_may_not_be_called_what_a_file_may_not(logins: Logins, make_login: MakeLogin, name: str) -> None:
    with pytest.raises(ProfileNameError) as refused:
        logins.keep(make_login(name))
    assert "64 letters" in (refused.value.hint or "")


@given(st.text())
def test_any_name_that_passes_is_a_name_within_its_folder(name: str) -> None:
    try:
        require_name(name)
    except ProfileNameError:
        return
    assert Path("tokens", name).name == name
    assert Path(os.path.normpath(Path("tokens", name))).parent == Path("tokens")


@given(st.binary(max_size=200) | st.recursive(st.none() | st.integers(0, 9) | st.text(), st.lists).map(orjson.dumps))
def test_any_content_of_the_file_ends_in_a_sentence_at_worst(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    home = tmp_path_factory.getbasetemp() / "any-content"
    home.mkdir(exist_ok=True)
    (home / "logins.json").write_bytes(content)
    with pytest.raises(LoginError):
        logins_at(home, HERE).profiles()


def test_what_nobody_tells_is_kept_as_untold(logins: Logins, make_login: MakeLogin) -> None:
    """As right after a token was given, before it is known whose it is."""
    login = make_login(accounts=(), scopes=frozenset())
    anonymous = replace(login.profile, user=replace(login.profile.user, user_id="", name="", email=""))
    logins.keep(Login(anonymous, login.token))
    assert logins.profiles() == (anonymous,)


def test_logins_are_where_the_environment_says(tmp_path: Path, make_login: MakeLogin) -> None:
    logins = open_logins(HERE, {"RECONCILER_HOME": f" {tmp_path}/mine "})
    logins.keep(make_login())
    assert logins.path == tmp_path / "mine" / "logins.json"
    assert logins.path.exists()
    assert token_file(tmp_path / "mine").exists()


def test_a_folder_that_is_asked_for_goes_before_the_environments(tmp_path: Path) -> None:
    logins = open_logins(HERE, {"RECONCILER_HOME": str(tmp_path / "theirs")}, tmp_path / "mine")
    assert logins.path == tmp_path / "mine" / "logins.json"


def test_logins_are_a_persons_own_where_nothing_else_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert open_logins(HERE, {}).path.is_relative_to(tmp_path)
    assert open_logins(HERE, {"RECONCILER_HOME": "~/mine"}).path == tmp_path / "mine" / "logins.json"


def test_logins_stay_where_they_are_when_the_folder_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_login: MakeLogin
) -> None:
    monkeypatch.chdir(tmp_path)
    logins = open_logins(HERE, {"RECONCILER_HOME": "mine"})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    logins.keep(make_login())
    assert token_file(tmp_path / "mine").exists()
