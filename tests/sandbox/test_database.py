"""One file, several users of it, and what stays in it."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox import TOKEN, Sandbox, SandboxError
from reconciler.sandbox.database import Database
from reconciler.sandbox.envelope import Code, Refusal
from tests.sandbox.conftest import ADVERTISER, Api, cell, md5

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

OTHER_PROCESS = """
import sys
from pathlib import Path
from reconciler.sandbox import Sandbox

with Sandbox(Path(sys.argv[1])) as sandbox:
    for number in range(int(sys.argv[3])):
        sandbox.controls.add_audience(sys.argv[2], f"{sys.argv[4]} {number}")
"""

LOOK = (
    "import sqlite3, sys; other = sqlite3.connect(sys.argv[1]); other.execute('SELECT * FROM settings'); other.close()"
)


def add_from_another_process(path: Path, count: int, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", OTHER_PROCESS, str(path), ADVERTISER, str(count), name])


def test_what_was_written_is_there_when_the_file_is_opened_again(tmp_path: Path, runner: asyncio.Runner) -> None:
    path = tmp_path / "some" / "folder" / "sandbox.db"
    with Sandbox(path) as sandbox:
        sandbox.ensure([ADVERTISER])
        api = Api(sandbox, runner)
        audience_id = api.create("Kept")
        api.stream([[cell(md5("a"), audience_id)]])
        sandbox.controls.advance(5)
        sandbox.controls.add_fault("server_error")
        before = sandbox.controls.now()

    with Sandbox(path) as sandbox:
        api = Api(sandbox, runner)
        assert sandbox.controls.now() >= before
        assert api.get("/user/info/").code == 50000
        assert api.listed(audience_id)["name"] == "Kept"
        assert sandbox.controls.members(audience_id) == {("IDFA_MD5", md5("a"))}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_only_the_owner_reads_the_file_and_the_folder_made_for_it(tmp_path: Path) -> None:
    path = tmp_path / ".reconciler" / "sandbox.db"
    with Sandbox(path) as sandbox:
        sandbox.ensure([ADVERTISER])
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in (path.parent, *path.parent.iterdir())}

    assert modes.keys() >= {".reconciler", "sandbox.db", "sandbox.db-wal"}
    assert modes.pop(".reconciler") == 0o700
    assert set(modes.values()) == {0o600}


def test_opening_the_file_once_more_ends_no_lock_of_those_who_have_it_open(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with Sandbox(path) as first, Sandbox(path):
        first.ensure([ADVERTISER])
        # Who closes the file last removes the log beside it: another process must see that it is not the last.
        subprocess.run([sys.executable, "-c", LOOK, str(path)], check=True)

        assert (tmp_path / "sandbox.db-wal").exists()


def test_what_one_process_does_another_sees_at_once(sandbox: Sandbox, api: Api, tmp_path: Path) -> None:
    with add_from_another_process(tmp_path / "sandbox.db", 1, "By another process") as process:
        assert process.wait() == 0

    assert [each["name"] for each in api.get("/dmp/custom_audience/list/", advertiser_id=ADVERTISER).listed] == [
        "By another process 0"
    ]


def test_processes_take_turns(sandbox: Sandbox, api: Api, tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with add_from_another_process(path, 100, "First") as first, add_from_another_process(path, 100, "Second") as second:
        for number in range(50):
            api.create(f"Mine {number}")
        assert (first.wait(), second.wait()) == (0, 0)

    assert len({each.audience_id for each in sandbox.controls.audiences(ADVERTISER)}) == 250


def test_threads_take_turns(sandbox: Sandbox) -> None:
    threads = [
        threading.Thread(target=lambda: [sandbox.controls.add_audience(ADVERTISER, "x") for _ in range(20)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(sandbox.controls.audiences(ADVERTISER)) == 80


def test_a_new_file_can_be_opened_by_several_at_once(tmp_path: Path) -> None:
    opened: list[str] = []

    def open_it(path: Path, together: threading.Barrier) -> None:
        together.wait()
        with Sandbox(path) as sandbox:
            sandbox.ensure([ADVERTISER])
            opened.append(sandbox.controls.add_audience(ADVERTISER, path.name))

    for number in range(10):
        together = threading.Barrier(8)
        arguments = (tmp_path / f"{number}.db", together)
        threads = [threading.Thread(target=open_it, args=arguments) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(opened) == 80


def test_what_a_refusal_interrupts_is_taken_back_and_the_rest_is_kept(tmp_path: Path) -> None:
    database = Database(tmp_path / "sandbox.db")
    with database.transaction() as transaction:
        transaction.set_setting("before", 1)
        with suppress(Refusal), transaction.savepoint():
            transaction.set_setting("inside", 2)
            raise Refusal(Code.INVALID_PARAMETER, "No.")
    with database.transaction() as transaction:
        kept = (transaction.setting("before"), transaction.setting("inside"))
    database.close()

    assert kept == (1, None)


def test_a_reset_empties_everything(sandbox: Sandbox, api: Api) -> None:
    audience_id = api.create()
    api.stream([[cell(md5("a"), audience_id)]])
    sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=[audience_id])
    sandbox.controls.add_token("another", [ADVERTISER])
    sandbox.controls.add_fault("server_error")
    sandbox.controls.set_tier("basic")
    before = sandbox.controls.now()
    sandbox.controls.advance(100)

    sandbox.reset()

    assert sandbox.controls.now() == before
    assert sandbox.controls.requests() == ()
    assert api.get("/user/info/", token="another").code == 40105
    assert {api.get("/user/info/").code for _ in range(15)} == {0}
    assert api.get("/oauth2/advertiser/get/", app_id="1", secret="s").listed == []
    sandbox.ensure([ADVERTISER])
    assert api.get("/dmp/custom_audience/list/", advertiser_id=ADVERTISER).listed == []
    assert api.get("/adgroup/get/", advertiser_id=ADVERTISER).listed == []


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Do not lose this. " * 100)

    with pytest.raises(SandboxError, match=r"notes\.txt") as caught:
        Sandbox(path)

    assert caught.value.hint
    assert path.read_text().startswith("Do not lose this.")


def test_another_program_s_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE precious (thing)")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(SandboxError, match="not a local TikTok's database"):
        Sandbox(path)

    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [2, 99])
def test_another_version_s_database_is_refused_and_left_alone(tmp_path: Path, version: int) -> None:
    path = tmp_path / "sandbox.db"
    Sandbox(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(SandboxError, match=f"another version of the local TikTok.* {version}") as caught:
        Sandbox(path)

    assert "sandbox reset" in (caught.value.hint or "")
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [2, 99])
def test_another_version_s_database_can_be_started_anew(tmp_path: Path, version: int) -> None:
    path = tmp_path / "sandbox.db"
    with Sandbox(path) as former:
        former.ensure([ADVERTISER])
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("CREATE TABLE of_that_version (thing TEXT)")
        connection.execute("DROP TABLE settings")
    connection.close()

    Sandbox(path, anew=True).close()

    with Sandbox(path) as sandbox:
        sandbox.ensure([ADVERTISER])
        assert sandbox.controls.audiences(ADVERTISER) == ()


def test_what_is_not_a_local_tiktok_s_is_never_started_anew(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (thing TEXT)")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(SandboxError, match="is not a local TikTok's database"):
        Sandbox(path, anew=True)

    assert path.read_bytes() == before


def test_starting_anew_empties_nothing_of_this_version(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with Sandbox(path) as former:
        former.ensure([ADVERTISER])
        former.controls.add_token("of-mine", [ADVERTISER])
    with Sandbox(path, anew=True) as sandbox:
        assert len(sandbox.controls.tokens()) == 2


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SandboxError, match=r"file.sandbox\.db"):
        Sandbox(tmp_path / "file" / "sandbox.db")


def test_the_token_is_there_without_any_account(tmp_path: Path, runner: asyncio.Runner) -> None:
    with Sandbox(tmp_path / "sandbox.db") as sandbox:
        assert Api(sandbox, runner).get("/user/info/", token=TOKEN).code == 0


def test_a_database_that_fails_is_answered_not_raised(sandbox: Sandbox, api: Api, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "sandbox.db") as connection:
        connection.execute("DROP TABLE audiences")
    connection.close()

    reply = api.get("/dmp/custom_audience/list/", advertiser_id=ADVERTISER)

    assert (reply.status, reply.code) == (200, 50000)
    assert "database failed" in reply.message
