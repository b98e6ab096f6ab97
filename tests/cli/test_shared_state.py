"""One state for several folders and machines: in a bucket, or in a directory that all of them see."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import pytest

from reconciler.apply import deliver as delivering
from reconciler.apply import run
from reconciler.state.repository import open_state
from tests.cli.forked import commands
from tests.services import s3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.forked import Commands, Ended
    from tests.cli.project import Project

ROUNDS: Final = 100


@pytest.fixture(scope="module")
def s3_environment() -> Iterator[dict[str, str]]:
    with s3.running() as running:
        running.bucket("team-state")
        yield dict(running.environment)


@pytest.fixture(params=["directory", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the state is."""
    if request.param == "directory":
        return str(tmp_path / "shared")
    for name, value in request.getfixturevalue("s3_environment").items():
        monkeypatch.setenv(name, value)
    return f"s3://team-state/{uuid4()}"


@pytest.fixture
def shared(served: Project, url: str) -> Project:
    """A project whose state is there."""
    declare(served, "Buyers", url)
    return served


def declare(project: Project, name: str, url: str) -> None:
    project.declare({"buyers": {"name": name}}, state={"url": url})


def elsewhere(project: Project, folder: Path) -> Project:
    """Return the same project as another checkout of it."""
    folder.mkdir()
    for each in ("audiences.yaml", "people.parquet"):
        shutil.copy(project.folder / each, folder)
    return replace(project, folder=folder)


def test_what_was_planned_in_one_place_is_applied_in_another(shared: Project, url: str, tmp_path: Path) -> None:
    assert shared("plan", "--out", "plan.json").code == 0
    other = elsewhere(shared, tmp_path / "other")
    shutil.move(shared.folder / "plan.json", other.folder)
    (shared.folder / "people.parquet").unlink()
    applied = other.spawn("apply", "plan.json")
    assert applied.code == 0, applied.text
    assert shared.tiktok.members(shared.audience_id("Buyers")) == shared.hashed()
    assert other.spawn("plan", "--detailed-exitcode").code == 0
    assert not (shared.folder / ".reconciler" / "state").exists()
    assert open_state(url).read().state.resources.keys() == {"audience.buyers"}


def test_a_plan_takes_no_lock_and_does_not_wait_for_one(shared: Project, url: str) -> None:
    with open_state(url).lock("apply", who="somebody else"):
        for command in ("plan", "drift", "status"):
            assert shared.structure()(command).code in {0, 2}
        refused = shared("apply", "--auto-approve")
    assert refused.code == 1
    assert "the state is locked by somebody else on" in refused.text
    assert "state unlock" in refused.text


def test_an_apply_waits_for_the_lock_as_long_as_it_is_told(shared: Project, url: str, tmp_path: Path) -> None:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with open_state(url).lock("apply of another plan", who="ann"):
            held.set()
            release.wait(30)

    with ThreadPoolExecutor(1) as one:
        holding = one.submit(hold)
        assert held.wait(10)
        too_short = shared("apply", "--auto-approve", "--lock-timeout", "0.5s")
        assert too_short.code == 1
        assert "Waiting for the state: ann on" in too_short.text
        assert "locked by ann" in too_short.text
        with commands(tmp_path / "waiting") as waiting:
            waiting.start(["apply", "--auto-approve", "--skip-members", "--lock-timeout", "1m"], shared.folder)
            while "Waiting for the state" not in waiting.said():
                assert shared.names() == []
            release.set()
            ran = waiting.wait()
        holding.result()
    assert ran.code == 0, ran.err
    assert ran.err.count("Waiting for the state: ann on") == 1
    assert shared.names() == ["Buyers"]


@pytest.mark.parametrize("written", ["soon", "-1s", "1d", ""])
def test_what_is_no_length_of_time_is_said_to_be_none(project: Project, written: str) -> None:
    refused = project("apply", "--lock-timeout", written)
    assert refused.code != 0
    assert "write 90s, 5m or 1h" in refused.text


def test_a_lock_lost_in_the_middle_ends_the_apply_before_its_next_write(
    shared: Project, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody unlocks the state and takes it while we are at work: what they find, they find as we left it."""
    declare(shared, "Buyers", url)
    shared.apply()
    shared.load(slice(0, 1100))
    declare(shared, "Renamed", url)
    deliver = delivering.deliver
    seen: list[int] = []
    with ExitStack() as theirs:

        async def after_they_took_it(*args: Any) -> None:
            store = open_state(url)
            ours = store.read_lock()
            assert ours is not None
            store.unlock(ours.id)
            theirs.enter_context(store.lock("apply", who="the newcomer"))
            seen.append(store.read().state.serial)
            await deliver(*args)

        monkeypatch.setattr(run, "deliver", after_they_took_it)
        ran = shared("apply", "--auto-approve")
        assert ran.code == 1
        assert "the newcomer on" in ran.text
        now = open_state(url)
        assert now.read().state.serial == seen[0]
        lock = now.read_lock()
        assert lock is not None
        assert lock.who == "the newcomer"


RACING: Final = """
import time
from pathlib import Path
from reconciler.apply import run
first = run.apply
async def when_told(*args, **kwargs):
    Path(os.environ["AT_WORK"]).touch()
    while not Path(os.environ["GO_ON"]).exists():
        time.sleep(0.002)
    return await first(*args, **kwargs)
run.apply = when_told
"""
"""Whoever has the lock shows it, and works once the other has been told."""


@pytest.mark.slow
def test_of_two_applies_exactly_one_works_each_time_and_the_other_says_who_does(
    shared: Project, url: str, tmp_path: Path
) -> None:
    project = shared.structure()
    project.apply()
    names = {"ann", "ben"}
    with ExitStack() as processes, ThreadPoolExecutor(2) as both:
        racers = {each: processes.enter_context(commands(tmp_path / each)) for each in sorted(names)}
        for number in range(1, ROUNDS + 1):
            declare(project, f"Round {number}", url)
            at_work, go_on = tmp_path / f"at_work_{number}", tmp_path / f"go_on_{number}"
            environ = {"AT_WORK": str(at_work), "GO_ON": str(go_on)}
            apply = ["apply", "--auto-approve", "--skip-members"]
            for name, racer in racers.items():
                racer.start(apply, project.folder, {**environ, "LOGNAME": name}, RACING)
            ended = raced(racers, go_on, both)
            winners = [name for name, each in ended.items() if each.code == 0]
            assert len(winners) == 1, f"round {number}: {ended}"
            (loser,) = names - set(winners)
            assert f"the state is locked by {winners[0]} on" in ended[loser].err, f"round {number}: {ended}"
            assert at_work.exists()
            assert project.names() == [f"Round {number}"]
    assert open_state(url).read_lock() is None


def raced(racers: dict[str, Commands], go_on: Path, both: ThreadPoolExecutor) -> dict[str, Ended]:
    """Wait until one has ended, let the other go on, and return how both did."""
    waiting = {both.submit(racer.wait): name for name, racer in racers.items()}
    ended: dict[str, Ended] = {}
    while not ended:
        ended = {name: task.result() for task, name in waiting.items() if task.done()}
    go_on.touch()
    return ended | {name: task.result() for task, name in waiting.items()}


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("s3://nobody-made-this/state", "S3 has no bucket nobody-made-this"),
        ("s3://team-state/state?endpoint=http://127.0.0.1:9", "no answer from http://127.0.0.1:9"),
        ("s3://team-state/state?profile=nobody", "there are no credentials for the state store s3://team-state/state"),
        ("s3://x/state", "the s3:// URL does not name a bucket"),
    ],
)
def test_a_store_that_cannot_be_used_is_told_in_a_sentence_with_a_way_out(
    served: Project, state: str, said: str, s3_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_environment.items():
        monkeypatch.setenv(name, value)
    declare(served, "Buyers", state)
    ran = served("plan")
    assert ran.code == 1
    assert said in ran.text
    assert len(ran.err.strip().splitlines()) <= 4
