"""Each token stands under a key of its own: no login takes the place of another's, and the form before that is read."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import keyring
import orjson
import pytest

from reconciler.auth.chest import SERVICE, FileChest, digest_of
from reconciler.auth.errors import NameTakenError
from reconciler.auth.model import Keeping, Leftover, Profile
from tests.auth.conftest import HERE, THERE, key_of, logins_at, token_file
from tests.auth.keyrings import RefusingKeyring

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.auth.logins import Logins
    from reconciler.auth.model import Login
    from reconciler.secret import Secret
    from tests.auth.conftest import MakeLogin
    from tests.auth.keyrings import MemoryKeyring


def leftovers(home: Path) -> dict[str, object]:
    found: dict[str, object] = orjson.loads((home / "logins.json").read_bytes())["leftovers"]
    return found


def as_before(home: Path, login: Login, ring: MemoryKeyring) -> None:
    """Keep a login as the last version did: its token under its name, and no word of a key."""
    profile, token = login.profile, login.token
    home.mkdir()
    document = {
        "version": 1,
        "logins": {
            profile.name: {
                "base_url": profile.base_url,
                "app_id": profile.app_id,
                "user": {"user_id": "11", "name": "Ann", "email": "a***@example.com"},
                "scopes": sorted(profile.scopes or ()),
                "advertiser_ids": list(profile.advertiser_ids),
                "logged_in_at": profile.logged_in_at.isoformat(),
                "kept_in": str(profile.kept_in),
                "token_sha256": digest_of(token),
            }
        },
    }
    (home / "logins.json").write_bytes(orjson.dumps(document))
    if profile.kept_in is Keeping.KEYRING:
        ring.kept[SERVICE, profile.name] = token.reveal()
        return
    (home / "tokens").mkdir()
    path = home / "tokens" / profile.name
    path.touch(mode=0o600)
    path.write_text(f"{token.reveal()}\n")


def test_two_folders_share_a_keyring_without_a_login_of_one_taking_the_place_of_the_others(
    tmp_path: Path, make_login: MakeLogin, ring: MemoryKeyring
) -> None:
    first, second = (logins_at(tmp_path / each, HERE) for each in ("first", "second"))
    mine = make_login(token="a-token-of-the-first", kept_in=Keeping.KEYRING)
    theirs = make_login(token="a-token-of-the-second", kept_in=Keeping.KEYRING)
    first.keep(mine)
    second.keep(theirs)
    assert (first.get("default"), second.get("default")) == (mine, theirs)
    first.forget("default")
    assert second.get("default") == theirs


def test_the_keyring_shows_which_login_a_token_is_of(home: Path, logins: Logins, make_login: MakeLogin) -> None:
    logins.keep(make_login("agency"))
    name, _, mark = key_of(home, "agency").partition("@")
    assert (name, len(mark)) == ("agency", 16)


@pytest.mark.parametrize("kept_in", list(Keeping))
def test_a_login_of_the_last_version_is_read(
    home: Path, logins: Logins, make_login: MakeLogin, ring: MemoryKeyring, kept_in: Keeping
) -> None:
    login = make_login(kept_in=kept_in)
    as_before(home, login, ring)
    assert logins.get("default") == login
    assert logins.profiles() == (login.profile,)


@pytest.mark.parametrize("kept_in", list(Keeping))
def test_a_login_of_the_last_version_outlives_what_is_written_beside_it(
    home: Path, logins: Logins, make_login: MakeLogin, ring: MemoryKeyring, kept_in: Keeping
) -> None:
    login = make_login(kept_in=kept_in)
    as_before(home, login, ring)
    logins.keep(make_login("agency", token="theirs"))
    logins.forget("agency")
    assert logins.get("default") == login


@pytest.mark.parametrize("kept_in", list(Keeping))
@pytest.mark.parametrize("token", ["a-token-that-nobody-may-read", "another-token"])
def test_the_next_write_of_a_login_gives_it_a_key_and_leaves_nothing_of_the_old_form(
    home: Path, logins: Logins, make_login: MakeLogin, ring: MemoryKeyring, kept_in: Keeping, token: str
) -> None:
    as_before(home, make_login(kept_in=kept_in), ring)
    login = make_login(token=token, kept_in=kept_in)
    logins.keep(login)
    assert logins.get("default") == login
    key = key_of(home)
    assert key.startswith("default@")
    where = [name for _, name in ring.kept] or [each.name for each in (home / "tokens").iterdir()]
    assert where == [key]
    assert leftovers(home) == {}


def test_a_login_of_the_last_version_forgets_nobody_elses_token(
    home: Path, logins: Logins, make_login: MakeLogin, ring: MemoryKeyring
) -> None:
    """That version let the login of another folder take its place."""
    as_before(home, make_login(kept_in=Keeping.KEYRING), ring)
    ring.kept[SERVICE, "default"] = "of-another-folder"
    logins.forget("default")
    assert logins.profiles() == ()
    assert ring.kept == {(SERVICE, "default"): "of-another-folder"}


def test_a_login_that_is_written_again_keeps_its_token_where_it_is(
    home: Path, logins: Logins, make_login: MakeLogin
) -> None:
    """As when it is known whose it is."""
    logins.keep(make_login())
    key = key_of(home)
    logins.keep(make_login(scopes=frozenset({30})))
    assert key_of(home) == key
    assert logins.get("default") == make_login(scopes=frozenset({30}))


def test_a_login_that_is_written_again_mends_a_token_that_was_lost(
    home: Path, logins: Logins, make_login: MakeLogin
) -> None:
    logins.keep(make_login())
    token_file(home).unlink()
    logins.keep(make_login())
    assert logins.get("default") == make_login()


def test_what_cannot_be_cleared_away_is_known_of_until_it_is(
    home: Path, logins: Logins, make_login: MakeLogin, ring: MemoryKeyring
) -> None:
    logins.keep(make_login(token="the-old-one", kept_in=Keeping.KEYRING))
    keyring.set_keyring(RefusingKeyring())
    logins.keep(make_login(token="the-new-one"))
    [left] = logins.leftovers()
    assert (left.name, left.was_used, left.kept_in) == ("default", True, Keeping.KEYRING)
    keyring.set_keyring(ring)
    logins.clear(left)
    assert (ring.kept, logins.leftovers()) == ({}, ())
    assert logins.get("default") == make_login(token="the-new-one")


def test_what_is_left_over_is_for_the_tiktok_that_gave_it(home: Path, make_login: MakeLogin, logins: Logins) -> None:
    keyring.set_keyring(RefusingKeyring())
    here = logins_at(home, HERE)
    here.keep(make_login(token="the-old-one"))
    path = home / "logins.json"
    document = orjson.loads(path.read_bytes())
    entry = document["logins"].pop("default")
    document["leftovers"][entry.pop("key")] = {
        **{each: entry[each] for each in ("base_url", "app_id", "kept_in", "token_sha256")},
        "name": "default",
        "was_used": False,
    }
    path.write_bytes(orjson.dumps(document))
    [left] = here.leftovers()
    token = here.token_of(left)
    assert token is not None
    assert token.reveal() == "the-old-one"
    assert logins_at(home, THERE).leftovers() == ()


# Two logins at once.


def test_a_login_that_came_meanwhile_is_replaced_only_where_it_may(logins: Logins, make_login: MakeLogin) -> None:
    meanwhile = make_login(token="of-somebody-else")
    logins.keep(meanwhile)
    asked: list[Profile] = []

    def refuse(found: Profile) -> bool:
        asked.append(found)
        return False

    with pytest.raises(NameTakenError, match="default"):
        logins.keep(make_login(), refuse)
    assert asked == [meanwhile.profile]
    assert logins.get("default") == meanwhile
    logins.keep(make_login(), lambda _: True)
    assert logins.get("default") == make_login()


def test_a_login_that_is_being_kept_at_this_moment_has_left_nothing_over(
    home: Path, logins: Logins, make_login: MakeLogin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever took it for that would take its token back."""
    found: list[tuple[Leftover, ...]] = []
    beside = threading.Thread(target=lambda: found.append(logins_at(home, HERE).leftovers()))
    write = FileChest.write

    def slowly(chest: FileChest, key: str, token: Secret) -> None:
        beside.start()
        beside.join(0.1)
        write(chest, key, token)

    monkeypatch.setattr(FileChest, "write", slowly)
    logins.keep(make_login())
    beside.join(10)
    assert found == [()]


def test_nobody_is_asked_before_a_login_is_written_again(logins: Logins, make_login: MakeLogin) -> None:
    logins.keep(make_login())
    logins.keep(make_login(scopes=frozenset()), lambda _: False)
    assert logins.get("default") == make_login(scopes=frozenset())


# Whether one can be kept at all.


@pytest.mark.parametrize("kept_in", list(Keeping))
def test_trying_out_whether_a_login_can_be_kept_leaves_nothing(
    home: Path, logins: Logins, ring: MemoryKeyring, kept_in: Keeping
) -> None:
    logins.probe(kept_in)
    assert [each.name for each in home.rglob("*") if each.is_file()] == ["logins.json.lock"]
    assert ring.kept == {}


def test_what_an_earlier_write_never_finished_is_swept(home: Path, logins: Logins, make_login: MakeLogin) -> None:
    home.mkdir()
    (home / ".logins.json.abcd1234").write_text("half a list")
    (home / ".profile").write_text("somebody's")
    logins.keep(make_login())
    assert sorted(each.name for each in home.iterdir() if each.name.startswith(".")) == [".profile"]
