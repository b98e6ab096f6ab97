"""Real processes, really struck at every point of an apply that does everything: all of them end as was declared.

A point is the moment right before or right after a write, to TikTok or to the store. What is struck there is gone on
with: from the same saved plan, from a fresh one, or once somebody has changed the files.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from random import Random
from secrets import randbelow
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.state.repository import open_state
from tests.cli.forked import commands
from tests.harness.scene import ACCOUNT, BUCKET, OTHER, prepare
from tests.services import s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.sandbox import Sandbox
    from tests.cli.forked import Commands, Ended
    from tests.harness.scene import Scene, Wanted

CLOCK: Final = Path(__file__).with_name("clock.py").read_text()
STRIKE: Final = Path(__file__).with_name("strike.py").read_text()
SAVED: Final = ("apply", "plan.json")
FRESH: Final = ("apply", "--auto-approve")
WAYS: Final = ("the same plan", "a fresh plan", "changed files")
MOST_APPLIES: Final = 6
PAIRS: Final = 16
"""Pairs of moments that an ordinary run tries, always the same ones."""
ASKED: Final = os.environ.get("HARNESS_PAIRS")
"""How many other ones `make harness` wants."""


@pytest.fixture(scope="module")
def _s3() -> Iterator[None]:
    with s3.running() as running, pytest.MonkeyPatch.context() as patch:
        running.bucket(BUCKET)
        for name, value in running.environment.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def local_scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """The scene before the plan is applied, with its state in a directory."""
    return prepare(tmp_path_factory.mktemp("harness") / "scene")


@pytest.fixture(scope="module", params=["directory", "s3"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """The same with its state in a directory, and in a bucket."""
    if request.param == "directory":
        local: Scene = request.getfixturevalue("local_scene")
        return local
    request.getfixturevalue("_s3")
    return prepare(tmp_path_factory.mktemp("harness") / "scene", prefix="kills")


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Callable[[Callable[[Commands, int], None], Sequence[int]], None]]:
    """Return what does a piece of work for each of many numbers, two at a time, each with a process that forks."""
    with commands(tmp_path / "one") as one, commands(tmp_path / "two") as two:

        def do(work: Callable[[Commands, int], None], numbers: Sequence[int]) -> None:
            def some(hand: Commands, own: Sequence[int]) -> None:
                for number in own:
                    work(hand, number)

            halves = (numbers[::2], numbers[1::2])
            with ThreadPoolExecutor(2) as both:
                list(both.map(some, (one, two), halves))

        yield do


def ran(hand: Commands, scene: Scene, environ: dict[str, str], arguments: tuple[str, ...], before: str = "") -> Ended:
    """Run a command line in the scene to its end."""
    hand.start(arguments, scene.folder, environ, f"{CLOCK}\n{before}")
    return hand.wait()


def struck(
    hand: Commands, scene: Scene, environ: dict[str, str], at: int, with_signal: str, command: tuple[str, ...]
) -> Ended:
    """Run a command line that is struck at one of its moments; 0 for none."""
    told = str(scene.folder / "moments")
    strike = {"STRIKE_AT": str(at), "STRIKE_WITH": with_signal, "STRIKE_MOMENTS": told}
    return ran(hand, scene, {**environ, **strike}, command, STRIKE)


def moments_of(hand: Commands, scene: Scene, folder: Path) -> list[str]:
    """Return every moment of the apply, from a run in which nobody is struck."""
    again = scene.copy(folder)
    with again.served() as (sandbox, environ):
        ended = struck(hand, again, environ, 0, "SIGKILL", SAVED)
        assert ended.code == 0, ended.err
        assert_done(again, sandbox, again.wanted)
    moments = (again.folder / "moments").read_text().splitlines()
    shutil.rmtree(again.folder)
    return moments


def gone_on_with(hand: Commands, scene: Scene, sandbox: Sandbox, environ: dict[str, str], way: str) -> Wanted:
    """Apply until there is nothing left to do; return what is wanted in the end."""
    if way == "changed files":
        shutil.move(scene.folder / "later.yaml", scene.folder / "audiences.yaml")
    command = SAVED if way == "the same plan" else FRESH
    for _ in range(MOST_APPLIES):
        sandbox.controls.advance(hours=48)  # so that TikTok is done with what it was given
        ended = ran(hand, scene, environ, command)
        if ended.code == 0:
            return scene.later if way == "changed files" else scene.wanted
        if "Plan again" in ended.err:  # it was struck after its last write: the plan is done
            command = FRESH
    raise AssertionError(f"{MOST_APPLIES} applies, and still: {ended.out}{ended.err}")


def assert_unharmed(scene: Scene, sandbox: Sandbox, when: str) -> None:
    """Check what has to be true at every moment: who had to stay is there, and so is what is not yet replaced."""
    there = {each.audience_id for account in (ACCOUNT, OTHER) for each in sandbox.controls.audiences(account)}
    assert scene.kept <= there, when
    elsewhere = scene.wanted[OTHER]["Elsewhere"]
    assert any(elsewhere <= held for held in people(sandbox).values()), f"{when}: who is replaced is nowhere"


def people(sandbox: Sandbox) -> dict[str, frozenset[str]]:
    """Return who is in each audience, by its id."""
    found = [each for account in (ACCOUNT, OTHER) for each in sandbox.controls.audiences(account)]
    return {
        each.audience_id: frozenset(value for _, value in sandbox.controls.members(each.audience_id)) for each in found
    }


def assert_done(scene: Scene, sandbox: Sandbox, wanted: Wanted) -> None:
    """Check that TikTok and the state are exactly what was declared, and that nothing lies about."""
    held = people(sandbox)
    for account, audiences in wanted.items():
        found = [(each.name, held[each.audience_id]) for each in sandbox.controls.audiences(account)]
        assert sorted(name for name, _ in found) == sorted(audiences), account
        for name, members in found:
            assert members == audiences[name], f"{name}: {len(members)} people, not {len(audiences[name])}"
    assert scene.kept <= held.keys()
    state = scene.state
    assert state.pending == ()
    assert not any(each.deposed for each in state.resources.values())
    declared = {each.name: each.audience_id for each in state.resources.values()}
    by_name = {each.name: each.audience_id for account in wanted for each in sandbox.controls.audiences(account)}
    assert declared == {name: audience_id for name, audience_id in by_name.items() if name in declared}
    assert declared.keys() == {name for names in wanted.values() for name in names} - {"Foreign", "Handed"}


def assert_converged(scene: Scene, sandbox: Sandbox, wanted: Wanted, when: str) -> None:
    """Check that all is done, and say when it was struck where it is not."""
    try:
        assert_done(scene, sandbox, wanted)
    except AssertionError as divergence:
        raise AssertionError(f"{when}: {divergence}") from divergence


@pytest.mark.slow
def test_killed_at_every_point_it_converges(
    scene: Scene, crew: Callable[..., None], tmp_path: Path, points: Callable[[str], None]
) -> None:
    with commands(tmp_path / "first") as first:
        moments = moments_of(first, scene, tmp_path / "whole")
    assert sum("POST" in each for each in moments) > 20
    ways = [way for way, _ in zip(cycle(WAYS), moments, strict=False)]

    def point(hand: Commands, number: int) -> None:
        when, way = f"killed {moments[number - 1]} ({number})", ways[number - 1]
        again = scene.copy(tmp_path / f"point_{number}")
        with again.served() as (sandbox, environ):
            ended = struck(hand, again, environ, number, "SIGKILL", SAVED)
            assert ended.code == -9, f"{when}: it ended with {ended.code}: {ended.err}"
            assert_unharmed(again, sandbox, when)
            wanted = gone_on_with(hand, again, sandbox, environ, way)
            assert_converged(again, sandbox, wanted, f"{when}, gone on with {way}")
        shutil.rmtree(again.folder)

    # Between a write and the next one it makes no difference when a process dies: in the slower store once is enough.
    numbers = [number for number, each in enumerate(moments, 1) if not scene.prefix or each.startswith("after")]
    crew(point, numbers)
    where = "a bucket" if scene.prefix else "a directory"
    points(f"SIGKILL at each of {len(numbers)} moments, the state in {where}: 0 divergences")


@pytest.mark.slow
def test_killed_again_while_it_goes_on_it_converges(
    local_scene: Scene, crew: Callable[..., None], tmp_path: Path, points: Callable[[str], None]
) -> None:
    scene = local_scene
    with commands(tmp_path / "first") as first:
        moments = moments_of(first, scene, tmp_path / "whole")
    seed = randbelow(1 << 32) if ASKED else 0
    chance = Random(seed)  # chooses points, keeps no secret
    struck_twice: list[bool] = []

    def pair(hand: Commands, index: int) -> None:
        once, again_at, way = pairs[index]
        when = f"killed {moments[once - 1]} ({once}), then at {again_at} of {way} (seed {seed})"
        again = scene.copy(tmp_path / f"pair_{index}")
        with again.served() as (sandbox, environ):
            assert struck(hand, again, environ, once, "SIGKILL", SAVED).code == -9, when
            sandbox.controls.advance(hours=48)
            if way == "changed files":
                shutil.copy(again.folder / "later.yaml", again.folder / "audiences.yaml")
            command = SAVED if way == "the same plan" else FRESH
            struck_twice.append(struck(hand, again, environ, again_at, "SIGKILL", command).code == -9)
            assert_unharmed(again, sandbox, when)
            wanted = gone_on_with(hand, again, sandbox, environ, way)
            assert_converged(again, sandbox, wanted, when)
        shutil.rmtree(again.folder)

    firsts = [chance.randint(1, len(moments)) for _ in range(int(ASKED or PAIRS))]
    pairs = [(at, chance.randint(1, max(2, len(moments) - at)), chance.choice(WAYS)) for at in firsts]
    crew(pair, list(range(len(pairs))))
    assert sum(struck_twice) > len(pairs) / 2, "most runs that went on ended before they were struck"
    points(f"SIGKILL at {len(pairs)} pairs of moments, {sum(struck_twice)} struck twice: 0 divergences")


@pytest.mark.slow
@pytest.mark.parametrize("with_signal", ["SIGTERM", "SIGINT"])
def test_stopped_at_every_request_it_ends_cleanly_and_can_be_gone_on_with(
    local_scene: Scene, crew: Callable[..., None], tmp_path: Path, points: Callable[[str], None], with_signal: str
) -> None:
    scene = local_scene
    with commands(tmp_path / "first") as first:
        moments = moments_of(first, scene, tmp_path / "whole")
    requests = [number for number, each in enumerate(moments, 1) if each.startswith("after POST")]

    def point(hand: Commands, index: int) -> None:
        number = requests[index]
        when = f"{with_signal} {moments[number - 1]} ({number})"
        again = scene.copy(tmp_path / f"point_{number}")
        with again.served() as (sandbox, environ):
            ended = struck(hand, again, environ, number, with_signal, SAVED)
            assert ended.code in {0, 1, 130}, f"{when}: it ended with {ended.code}: {ended.err}"
            assert "Traceback" not in ended.err, when
            assert "something unexpected" not in ended.err, when
            assert open_state(again.state_url).read_lock() is None, f"{when}: it left its lock"
            assert_unharmed(again, sandbox, when)
            wanted = gone_on_with(hand, again, sandbox, environ, WAYS[index % 2])
            assert_converged(again, sandbox, wanted, when)
        shutil.rmtree(again.folder)

    crew(point, list(range(len(requests))))
    points(f"{with_signal} at each of {len(requests)} requests: 0 divergences")
