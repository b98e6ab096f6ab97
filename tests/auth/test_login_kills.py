"""Wherever a login is killed, there is a login that works, and no token that nobody knows of."""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.auth import chest
from reconciler.auth.model import Keeping
from tests.auth.conftest import HERE, logins_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.auth.logins import Logins
    from tests.auth.conftest import MakeLogin

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is killed, and it takes a fork to make one"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded"),  # the child does nothing but files
]

KILLED = 9
MOST_STEPS = 40


def killed_at(step: int, work: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Do some work in a process of its own that dies right before this step on the disk; return whether it did."""
    child = os.fork()
    if child == 0:
        remaining = [step]

        def dying(real: Callable[..., object]) -> Callable[..., object]:
            def then(*arguments: object, **options: object) -> object:
                if not remaining[0]:
                    os._exit(KILLED)
                remaining[0] -= 1
                return real(*arguments, **options)

            return then

        steps = ((os, "open"), (os, "fsync"), (Path, "replace"), (Path, "unlink"), (tempfile, "mkstemp"))
        for owner, name in steps:
            monkeypatch.setattr(owner, name, dying(getattr(owner, name)))
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == KILLED


def on_disk(home: Path) -> set[str]:
    """Return every token that lies anywhere in the folder."""
    contents = [each.read_text() for each in home.rglob("*") if each.is_file()]
    return {token for token in ("the-old-one", "the-new-one") if any(token in each for each in contents)}


def known(logins: Logins) -> set[str]:
    """Return every token that a login leads to, or that is known to be left over."""
    login = logins.get("default")
    found = [*([login.token] if login else []), *filter(None, map(logins.token_of, logins.leftovers()))]
    return {each.reveal() for each in found}


@pytest.mark.parametrize("has_former", [False, True], ids=["the first", "another"])
def test_a_login_that_is_killed_leaves_one_that_works_and_no_token_unknown(
    tmp_path: Path, make_login: MakeLogin, monkeypatch: pytest.MonkeyPatch, has_former: bool
) -> None:
    left_over = 0
    for step in range(MOST_STEPS):
        home = tmp_path / str(step)
        logins = logins_at(home, HERE)
        if has_former:
            logins.keep(make_login(token="the-old-one"))
        with monkeypatch.context() as patched:
            killed = killed_at(step, partial(logins_at(home, HERE).keep, make_login(token="the-new-one")), patched)
        assert on_disk(home) == known(logins), step
        login = logins.get("default")
        if has_former:
            assert login is not None, step
        left_over += bool(logins.leftovers())

        for each in logins.leftovers():
            logins.clear(each)
        logins.keep(make_login(token="the-next-one"))
        assert on_disk(home) == set(), step
        assert [each.name for each in (home / "tokens").iterdir()] == [
            each.name for each in (home / "tokens").glob("default@*")
        ]
        assert not list(home.glob(".*")), step
        if not killed:
            break
    else:
        pytest.fail("it was never let live")
    assert step > 5
    assert left_over > 0


def test_a_logout_that_is_killed_can_be_done_again(
    tmp_path: Path, make_login: MakeLogin, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in range(MOST_STEPS):
        home = tmp_path / str(step)
        logins = logins_at(home, HERE)
        logins.keep(make_login(token="the-old-one"))
        with monkeypatch.context() as patched:
            killed = killed_at(step, partial(logins_at(home, HERE).forget, "default"), patched)
        assert on_disk(home) == known(logins), step
        logins.forget("default")
        assert (logins.profiles(), list((home / "tokens").iterdir())) == ((), []), step
        if not killed:
            return
    pytest.fail("it was never let live")


def test_a_keyring_that_fails_at_the_last_moment_leaves_the_login_that_was_there(
    home: Path, logins: Logins, make_login: MakeLogin, monkeypatch: pytest.MonkeyPatch
) -> None:
    logins.keep(make_login(token="the-old-one"))
    monkeypatch.setattr(chest.FileChest, "write", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        logins.keep(make_login(token="the-new-one"))
    assert logins.get("default") == make_login(token="the-old-one")
    assert logins.leftovers() == ()


def test_a_token_that_stands_where_it_should_is_not_displaced(
    home: Path, logins: Logins, make_login: MakeLogin
) -> None:
    assert not logins.is_displaced("default")
    logins.keep(make_login(kept_in=Keeping.FILE))
    assert not logins.is_displaced("default")
    [path] = (home / "tokens").iterdir()
    path.write_text("a-token-of-somebody-else\n")
    assert logins.is_displaced("default")
    path.unlink()
    assert not logins.is_displaced("default")
