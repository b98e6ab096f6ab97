"""The journal: every run that wrote, newest first, none of them lost to the damage of another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.state import journal as journals
from reconciler.state.journal import Journal, UnusableRecordError, dump, parse
from reconciler.state.journal_model import RunRecord, RunStatus, Step
from reconciler.state.local import LocalStore

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

texts = st.text(st.characters(codec="utf-8"), max_size=20)
counts = st.integers(0, 2**53)
times = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
records = st.builds(
    RunRecord,
    run=st.text("0123456789abcdef", min_size=1, max_size=32),
    command=texts,
    arguments=st.lists(texts, max_size=3).map(tuple),
    who=texts,
    where=texts,
    tool_version=texts,
    started=times,
    status=st.sampled_from(RunStatus),
    lock_id=st.none() | texts,
    ended=st.none() | times,
    plan_id=st.none() | texts,
    serial_before=st.none() | counts,
    serial_after=st.none() | counts,
    steps=st.lists(st.builds(Step, texts, texts, texts, texts, counts, counts), max_size=3).map(tuple),
    rows=counts,
    requests=counts,
    seconds=st.floats(0, 1e6),
    exit_code=st.none() | st.integers(0, 255),
    error=texts,
)


def record(number: int = 0, **more: object) -> RunRecord:
    """Return the record of a run that began so many minutes after the first."""
    started = START + timedelta(minutes=number)
    made = RunRecord(f"{number:012x}", "apply", (), "ana", "desk (process 1)", "0.1.0", started)
    return RunRecord(**{**{name: getattr(made, name) for name in RunRecord.__slots__}, **more})


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(LocalStore(tmp_path / "state"))


@settings(max_examples=100, deadline=None, database=None)
@given(records)
def test_what_is_read_is_what_was_written(kept: RunRecord) -> None:
    assert parse(dump(kept), "runs/x.json") == kept


def test_runs_come_newest_first(journal: Journal) -> None:
    for number in (2, 0, 1):
        journal.keep(record(number))
    assert [each.run[-1] for each in journal.newest_first()] == ["2", "1", "0"]


def test_a_run_replaces_what_it_said_itself_and_nothing_else(journal: Journal) -> None:
    journal.keep(record(0))
    journal.keep(record(1))
    journal.keep(record(1, status=RunStatus.DONE, exit_code=0))
    assert [each.status for each in journal.newest_first()] == [RunStatus.DONE, RunStatus.UNDER_WAY]


def test_no_run_before_a_moment_is_read(journal: Journal) -> None:
    for number in range(4):
        journal.keep(record(number))
    found = list(journal.newest_first(since=START + timedelta(minutes=2)))
    assert [each.run[-1] for each in found] == ["3", "2"]


def test_a_run_is_found_by_how_its_id_begins(journal: Journal) -> None:
    journal.keep(record(0, run="abc123"))
    journal.keep(record(1, run="abd123"))
    assert [each.run for each in journal.newest_first(run="abc")] == ["abc123"]


def test_a_run_that_is_under_way_holds_its_lock_and_a_killed_one_does_not() -> None:
    under_way = record(lock_id="mine")
    assert not under_way.is_silent("mine")
    assert under_way.is_silent("another's")
    assert under_way.is_silent(None)
    assert not record(lock_id="mine", status=RunStatus.DONE).is_silent(None)


def test_damage_to_any_byte_of_a_record_is_noticed() -> None:
    whole = dump(record(steps=(Step("audience.a", "create", "done"),)))
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x04
        with pytest.raises(UnusableRecordError):
            parse(bytes(damaged), "runs/x.json")
    for length in range(len(whole)):
        with pytest.raises(UnusableRecordError):
            parse(whole[:length], "runs/x.json")


def test_a_damaged_record_is_told_of_and_the_others_are_shown(journal: Journal, tmp_path: Path) -> None:
    journal.keep(record(0))
    journal.keep(record(1))
    (first, _) = sorted((tmp_path / "state" / "runs").iterdir())
    first.write_bytes(b"nonsense")
    told: list[UnusableRecordError] = []
    assert [each.run[-1] for each in journal.newest_first(warn=told.append)] == ["1"]
    assert first.name in told[0].message


def test_what_else_lies_in_the_folder_is_left_alone(journal: Journal, tmp_path: Path) -> None:
    journal.keep(record(0))
    (tmp_path / "state" / "runs" / "notes.txt").write_text("mine")
    assert len(list(journal.newest_first())) == 1


def test_a_time_that_is_none_is_damage_to_nobody_else(journal: Journal, tmp_path: Path) -> None:
    journal.keep(record(0))
    (tmp_path / "state" / "runs" / "20269999T999999999999Z-abc.json").write_text("{}")
    told: list[UnusableRecordError] = []
    assert len(list(journal.newest_first(since=START, warn=told.append))) == 1
    assert told


def test_the_newest_are_kept_and_the_rest_is_swept(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "MOST_RUNS", 2)
    for number in range(4):
        journal.keep(record(number))
    assert journal.sweep() == 2
    assert [each.run[-1] for each in journal.newest_first()] == ["3", "2"]
    assert journal.sweep() == 0
