"""Tokens stay with their owner: in a keyring that keeps secrets, or in files that nobody else may read."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import keyring
import pytest
from keyring.backends import chainer, fail, null
from keyring.errors import InitError, KeyringLocked, NoKeyringError, PasswordDeleteError

from reconciler.auth.chest import FileChest, KeyringChest, digest_of, usable_keyring
from reconciler.auth.errors import (
    CannotKeepError,
    ExposedTokenError,
    ForeignTokenError,
    KeyringUnusableError,
    UnreadableTokenError,
)
from reconciler.auth.model import Keeping
from reconciler.secret import Secret
from tests.auth.keyrings import EchoingKeyring, MemoryKeyring, PlaintextKeyring, RefusingKeyring

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keyring.backend import KeyringBackend

    from reconciler.auth.chest import Chest

TOKEN = Secret("a-token-that-nobody-may-read")
posix_only = pytest.mark.skipif(os.name != "posix", reason="modes and owners are POSIX's")
root_only = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="takes root")


@pytest.fixture(params=list(Keeping))
def chest(request: pytest.FixtureRequest, tmp_path: Path, ring: MemoryKeyring) -> Chest:
    """Each kind of chest, empty."""
    return KeyringChest() if request.param is Keeping.KEYRING else FileChest(tmp_path / "home" / "tokens")


@pytest.fixture
def files(tmp_path: Path) -> FileChest:
    return FileChest(tmp_path / "home" / "tokens")


def test_a_token_comes_out_as_it_went_in(chest: Chest) -> None:
    chest.write("default", TOKEN)
    assert chest.read("default") == TOKEN


def test_there_is_none_where_none_was_kept(chest: Chest) -> None:
    assert chest.read("default") is None
    chest.write("agency", TOKEN)
    assert chest.read("default") is None


def test_a_new_token_takes_the_place_of_whatever_stood_there(chest: Chest) -> None:
    chest.write("default", Secret("the-old-one"))
    chest.write("default", TOKEN)
    assert chest.read("default") == TOKEN


def test_what_is_removed_is_gone_and_the_others_stay(chest: Chest) -> None:
    chest.write("default", TOKEN)
    chest.write("agency", Secret("theirs"))
    chest.remove("default", digest_of(TOKEN))
    assert chest.read("default") is None
    assert chest.read("agency") == Secret("theirs")


def test_removing_what_is_not_there_does_no_harm(chest: Chest) -> None:
    chest.remove("default", digest_of(TOKEN))
    assert chest.read("default") is None


def test_a_token_that_is_another_one_stays_in_a_keyring(ring: MemoryKeyring) -> None:
    """The keyring is one for everything on the machine: what stands there may be another folder's."""
    KeyringChest().write("default", Secret("of-another-folder"))
    KeyringChest().remove("default", digest_of(TOKEN))
    assert KeyringChest().read("default") == Secret("of-another-folder")


def test_trying_a_chest_out_leaves_nothing_in_it(chest: Chest, ring: MemoryKeyring, tmp_path: Path) -> None:
    chest.write("default", TOKEN)
    chest.probe()
    assert chest.read("default") == TOKEN
    assert len([*ring.kept, *(each for each in tmp_path.rglob("*") if each.is_file())]) == 1


@pytest.mark.parametrize("broken", ["refuses", "forgets"])
def test_trying_out_a_keyring_that_keeps_nothing_says_so(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = RefusingKeyring() if broken == "refuses" else MemoryKeyring()
    monkeypatch.setattr(MemoryKeyring, "get_password", lambda *_: None)
    keyring.set_keyring(ring)
    with pytest.raises(KeyringUnusableError, match="cannot keep a token") as refused:
        KeyringChest().probe()
    assert "--store file" in (refused.value.hint or "")


def test_trying_out_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file, where a folder should be")
    with pytest.raises(CannotKeepError, match="home"):
        FileChest(tmp_path / "home" / "tokens").probe()


def test_what_an_earlier_version_never_finished_is_swept_and_told(
    files: FileChest, caplog: pytest.LogCaptureFixture
) -> None:
    files.write("default", TOKEN)
    folder = files.path("default").parent
    for name, content in {".abc_1234": "of-a-login-that-was-killed", ".zzzzzzzz": "", ".mine": "", "tmp": ""}.items():
        (folder / name).write_text(content)
    files.sweep()
    assert sorted(each.name for each in folder.iterdir()) == [".mine", "default", "tmp"]
    [said] = caplog.messages
    assert ".abc_1234" in said
    assert "it is removed here, and was not taken back" in said
    assert "of-a-login" not in said


def test_any_token_has_a_digest() -> None:
    """One that the environment holds may be no text at all."""
    assert digest_of(Secret("\udcff")) != digest_of(Secret("\udcfe"))


def test_a_keyring_holds_tokens_under_the_name_of_this_program(ring: MemoryKeyring) -> None:
    KeyringChest().write("agency", TOKEN)
    assert ring.kept == {("reconciler", "agency"): TOKEN.reveal()}


@pytest.mark.parametrize(
    "error",
    [
        KeyringLocked("Failed to unlock the collection!"),
        InitError("Failed to open the session"),
        NoKeyringError("No recommended backend was available"),
        PasswordDeleteError("not now"),
        OSError("the bus is gone"),
        RuntimeError(),
    ],
)
def test_a_keyring_that_refuses_says_why_and_that_a_file_will_do(error: Exception) -> None:
    keyring.set_keyring(RefusingKeyring(error))
    chest = KeyringChest()
    attempts: list[Callable[[], object]] = [
        lambda: chest.read("a"),
        lambda: chest.write("a", TOKEN),
        lambda: chest.remove("a", digest_of(TOKEN)),
    ]
    for attempt in attempts:
        with pytest.raises(KeyringUnusableError) as refused:
            attempt()
        assert (str(error) or type(error).__name__) in refused.value.message
        assert "--store file" in (refused.value.hint or "")


def test_a_keyring_that_repeats_the_token_in_its_complaint_is_not_quoted_with_it() -> None:
    keyring.set_keyring(EchoingKeyring())
    with pytest.raises(KeyringUnusableError) as refused:
        KeyringChest().write("default", TOKEN)
    assert "cannot store '***'" in refused.value.message
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    ("backend", "usable"),
    [
        (MemoryKeyring, True),
        (RefusingKeyring, True),
        (PlaintextKeyring, False),
        (fail.Keyring, False),
        (null.Keyring, False),
    ],
    ids=["real", "locked", "plain text", "none", "switched off"],
)
def test_only_a_keyring_that_keeps_secrets_is_usable(backend: Callable[[], KeyringBackend], usable: bool) -> None:
    keyring.set_keyring(backend())
    assert usable_keyring() is usable


def test_a_keyring_that_cannot_even_tell_its_rank_is_not_usable(
    ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryKeyring, "priority", property(lambda _: 1 / 0))
    assert not usable_keyring()


@pytest.mark.parametrize(("first", "usable"), [(MemoryKeyring, True), (PlaintextKeyring, False)])
def test_of_several_keyrings_in_a_row_the_first_one_counts(
    first: Callable[[], KeyringBackend], usable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is where `keyring` writes to."""
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [first(), MemoryKeyring()])
    keyring.set_keyring(chainer.ChainerBackend())  # type: ignore[no-untyped-call]
    assert usable_keyring() is usable


def test_no_keyring_is_loaded_before_one_is_asked() -> None:
    """Loading one starts a session with the desktop, and takes longer than most commands."""
    said = "import sys, reconciler.auth.logins; print('keyring' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


@posix_only
def test_a_file_is_its_owners_alone_whatever_the_umask(files: FileChest) -> None:
    former = os.umask(0)
    try:
        files.write("default", TOKEN)
    finally:
        os.umask(former)
    path = files.path("default")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@posix_only
def test_a_file_that_was_open_to_others_is_closed_by_the_next_login(files: FileChest) -> None:
    files.write("default", Secret("the-old-one"))
    files.path("default").chmod(0o644)
    files.write("default", TOKEN)
    assert stat.S_IMODE(files.path("default").stat().st_mode) == 0o600
    assert files.read("default") == TOKEN


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666, 0o777])
def test_a_file_that_others_may_touch_is_not_used(files: FileChest, mode: int) -> None:
    files.write("default", TOKEN)
    files.path("default").chmod(mode)
    with pytest.raises(ExposedTokenError, match=f"{mode:o}") as refused:
        files.read("default")
    closing, _, rest = (refused.value.hint or "").partition("then log out")
    assert f"chmod 600 {files.path('default')}" in closing, "before, since logging out reads the token too"
    assert "log in again" in rest


@posix_only
@root_only
def test_a_file_of_somebody_else_is_not_used(files: FileChest) -> None:
    files.write("default", TOKEN)
    os.chown(files.path("default"), 65534, 65534)
    with pytest.raises(ForeignTokenError, match="somebody else") as refused:
        files.read("default")
    assert "log in again" in (refused.value.hint or "")


def test_a_link_that_was_laid_in_wait_is_replaced_and_not_written_through(files: FileChest, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.touch()
    files.path("default").parent.mkdir(parents=True)
    files.path("default").symlink_to(theirs)
    files.write("default", TOKEN)
    assert theirs.read_bytes() == b""
    assert files.read("default") == TOKEN


def test_a_write_that_fails_leaves_nothing(files: FileChest, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotKeepError, match="No space left on device"):
        files.write("default", TOKEN)
    assert list(files.path("default").parent.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named_with_the_variable_that_names_another(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file, where a folder should be")
    chest = FileChest(tmp_path / "home" / "tokens")
    with pytest.raises(CannotKeepError, match="home") as refused:
        chest.write("default", TOKEN)
    assert "RECONCILER_HOME" in (refused.value.hint or "")


def test_what_cannot_be_read_as_a_token_is_named(files: FileChest) -> None:
    files.path("folder").mkdir(parents=True, mode=0o700)
    files.write("bytes", TOKEN)
    files.path("bytes").write_bytes(b"\xff\xfe")
    for profile in ("folder", "bytes"):
        with pytest.raises(UnreadableTokenError, match=profile) as refused:
            files.read(profile)
        assert "log in again" in (refused.value.hint or "")


def test_what_cannot_be_removed_is_said(files: FileChest) -> None:
    files.path("default").mkdir(parents=True)
    with pytest.raises(CannotKeepError, match="default"):
        files.remove("default", digest_of(TOKEN))


def test_an_empty_file_holds_no_token(files: FileChest) -> None:
    files.write("default", Secret(""))
    assert files.read("default") is None
