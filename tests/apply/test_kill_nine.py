"""Real processes, really killed, in the middle of delivering 200,000 people over HTTP."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.identity.sets.setfile import GROUP_ROWS
from reconciler.sandbox import TOKEN, Sandbox
from reconciler.state.model import PendingDelivery
from reconciler.state.repository import open_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reconciler.state.model import State

MORE = """
  even:
    advertiser: acme
    source: customers
    where: mpid % 2 = 0
  early:
    advertiser: acme
    source: customers
    where: mpid < 50000
"""
"""Audiences whose people are all among everybody's."""

ADVERTISER = "7000000000000000001"
PEOPLE = 200_000
UNDER_WAY = 8 * 1000
"""Rows of the dead that may still be on their way to TikTok when the next apply is counted."""

FILES = f"""
version: 1
rate_limit: ultimate
state: {{url: state}}
advertisers:
  acme: {{advertiser_id: "{ADVERTISER}"}}
sources:
  customers:
    path: customers.parquet
    identities: {{mpid: mpid, idfa: idfa}}
audiences:
  everybody:
    advertiser: acme
    name: Everybody
    source: customers
    lifecycle: {{max_removal_percent: 100}}
"""


@dataclass
class Workplace:
    """A folder with files, and TikTok on the other side of a socket."""

    folder: Path
    sandbox: Sandbox
    environment: dict[str, str]

    def source(self, people: range) -> None:
        """Let the source hold these people, under their plain identifiers."""
        columns = {"mpid": pa.array(people, pa.int64()), "idfa": [idfa(each) for each in people]}
        pq.write_table(pa.table(columns), self.folder / "customers.parquet")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        """Run a command to its good end, and return what it told."""
        with self.start(*arguments) as process:
            results, notices = process.communicate()
        assert process.returncode == 0, notices
        return results + notices

    def kill(self, command: Sequence[str], after: int) -> None:
        """Kill a command, with a signal it cannot see coming, once TikTok has taken so many rows from it."""
        self.sandbox.controls.clear_requests()
        with self.start(*command) as process:
            while self.rows_taken() < after:
                try:
                    process.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
                pytest.fail(f"it ended by itself: {process.communicate()}")
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL

    def rows_taken(self) -> int:
        """Return how many rows TikTok has taken since the log was last cleared."""
        return sum(each.rows for each in self.sandbox.controls.requests())

    @property
    def state(self) -> State:
        """The state as it stands."""
        return open_state(str(self.folder / "state")).read().state

    def place_reached(self) -> int:
        """Return how many rows the state says have certainly arrived."""
        (pending,) = self.state.pending
        assert isinstance(pending, PendingDelivery)
        assert pending.place is not None
        return pending.place.partition * GROUP_ROWS + pending.place.rows

    def audience(self) -> str:
        """Return the one audience there is."""
        (only,) = self.sandbox.controls.audiences(ADVERTISER)
        return only.audience_id

    def assert_holds(self, people: range) -> None:
        """Check that exactly these people are on TikTok, in one audience, and that nothing is left to do."""
        held = {identifier for _, identifier in self.sandbox.controls.members(self.audience())}
        assert held == {hashlib.md5(idfa(each).encode()).hexdigest() for each in people}
        assert self.state.pending == ()
        self.run("plan", "--detailed-exitcode")


def idfa(person: int) -> str:
    return f"{person:08x}-0000-4000-8000-{person:012x}"


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    (tmp_path / "audiences.yaml").write_text(FILES)
    with Sandbox(tmp_path / "tiktok.db") as sandbox, sandbox.serving() as url:
        sandbox.ensure([ADVERTISER])
        environment = {**os.environ, "TIKTOK_BASE_URL": url, "TIKTOK_ACCESS_TOKEN": TOKEN}
        workplace = Workplace(tmp_path, sandbox, environment)
        workplace.source(range(PEOPLE))
        yield workplace


@pytest.mark.slow
def test_killed_twice_the_same_plan_goes_on_where_it_was_and_ends_with_everybody(workplace: Workplace) -> None:
    workplace.run("plan", "--out", "plan.json")
    reached = 0
    for after in (random.randint(110_000, 150_000), random.randint(5_000, 20_000)):
        workplace.kill(("apply", "plan.json"), after=after)
        assert 0 < workplace.sandbox.controls.member_count(workplace.audience()) < PEOPLE
        assert workplace.place_reached() >= reached
        reached = workplace.place_reached()
    assert reached > 0, "a place was written down on the way"
    workplace.sandbox.controls.clear_requests()

    assert "taken over" in workplace.run("apply", "plan.json")
    assert 0 <= workplace.rows_taken() - (PEOPLE - reached) <= UNDER_WAY, "what had been written down was sent again"
    workplace.assert_holds(range(PEOPLE))


@pytest.mark.slow
def test_killed_while_the_source_changes_a_fresh_plan_ends_with_the_people_of_now(workplace: Workplace) -> None:
    fresh = ("apply", "--auto-approve")
    first, second = random.randint(20_000, 150_000), random.randint(5_000, 40_000)
    workplace.kill(fresh, after=first)
    workplace.source(range(30_000, PEOPLE + 20_000))
    workplace.kill(fresh, after=second)
    workplace.source(range(10_000, PEOPLE + 10_000))

    workplace.run(*fresh)
    workplace.assert_holds(range(10_000, PEOPLE + 10_000))


@pytest.mark.slow
def test_killed_while_several_are_filled_together_the_same_plan_goes_on_where_they_were(workplace: Workplace) -> None:
    files = workplace.folder / "audiences.yaml"
    files.write_text(files.read_text() + MORE)
    workplace.run("plan", "--out", "plan.json")
    workplace.kill(("apply", "plan.json"), after=random.randint(20_000, 150_000))
    (reached,) = {each.place for each in workplace.state.pending if isinstance(each, PendingDelivery)}
    assert reached is not None
    workplace.sandbox.controls.clear_requests()
    told = workplace.run("apply", "plan.json")

    rest = PEOPLE - reached.partition * GROUP_ROWS - reached.rows
    assert 0 <= workplace.rows_taken() - rest <= UNDER_WAY, "who is in several travelled several times"
    assert "mapping rows" in told
    everybody = range(PEOPLE)
    for key, people in {"everybody": everybody, "even": everybody[::2], "early": everybody[:50_000]}.items():
        audience_id = workplace.state.resources[f"audience.{key}"].audience_id
        held = {identifier for _, identifier in workplace.sandbox.controls.members(audience_id)}
        assert held == {hashlib.md5(idfa(each).encode()).hexdigest() for each in people}, key
    assert workplace.state.pending == ()
