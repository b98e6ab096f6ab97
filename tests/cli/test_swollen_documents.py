"""A state, a history, a lock, a record of a run or a report of 3 GB is refused, in as little memory as any command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.cli.measured import can_measure, measured

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.measured import Measured

pytestmark = [pytest.mark.slow, can_measure]

HUGE: Final = 3 << 30
LIMIT_BYTES: Final = 400 << 20
"""What a command takes that reads a small source, and half as much again."""
STATE: Final = ".reconciler/sandbox-state"

CONFIG: Final = """\
version: 1
advertisers: {acme: {advertiser_id: "7000000000000000001"}}
sources: {people: {path: people.csv, identities: {idfa: idfa}}}
audiences: {everyone: {advertiser: acme, source: people}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of one audience, which was applied once."""
    (tmp_path / "people.csv").write_text("idfa\n0bfb14a7-8b38-4a3b-9f8b-97f3e4d4a1f2\n", encoding="utf-8")
    (tmp_path / "audiences.yaml").write_text(CONFIG, encoding="utf-8")
    assert measured(tmp_path, "apply", "--sandbox", "--auto-approve").code == 0
    return tmp_path


def swell(path: Path) -> None:
    """Let a file be of zeros, which take no room on the disk."""
    with path.open("wb") as file:
        file.truncate(HUGE)


def assert_bounded(ran: Measured) -> None:
    assert "something unexpected" not in ran.err
    assert ran.peak < LIMIT_BYTES, f"peak memory was {ran.peak / (1 << 20):.0f} MB"


@pytest.mark.parametrize("command", ["plan", "drift", "apply --auto-approve", "state list", "state pull"])
def test_a_state_that_is_too_long_is_damaged_to_every_command(folder: Path, command: str) -> None:
    swell(folder / STATE / "state.json")
    ran = measured(folder, *command.split(), "--sandbox")
    assert ran.code == 1
    assert "is damaged: it is larger than 64 MB" in " ".join(ran.err.split())
    assert "state push --force" in " ".join(ran.err.split())
    assert_bounded(ran)


def test_a_file_that_is_too_long_is_not_pushed(folder: Path) -> None:
    before = (folder / STATE / "state.json").read_bytes()
    swell(folder / "big.json")
    ran = measured(folder, "state", "push", "--force", "big.json", "--sandbox")
    assert ran.code == 1
    assert "big.json is larger than 64 MB" in ran.err
    assert "reconciler state pull -o FILE" in ran.err
    assert (folder / STATE / "state.json").read_bytes() == before
    assert_bounded(ran)


def test_a_backup_is_pushed_over_a_state_that_is_too_long(folder: Path) -> None:
    assert measured(folder, "state", "pull", "-o", "backup.json", "--sandbox").code == 0
    swell(folder / STATE / "state.json")
    ran = measured(folder, "state", "push", "--force", "backup.json", "--sandbox")
    assert ran.code == 0, ran.err
    assert_bounded(ran)
    assert measured(folder, "state", "list", "--sandbox").out == "audience.everyone\n"


def test_drift_is_told_without_a_history_that_is_too_long(folder: Path) -> None:
    swell(folder / STATE / "history.json")
    ran = measured(folder, "drift", "--sandbox")
    assert ran.code == 0, ran.err
    assert "larger than 256 MB" in " ".join(ran.err.split())
    assert_bounded(ran)


def test_a_lock_that_is_too_long_keeps_an_apply_out(folder: Path) -> None:
    swell(folder / STATE / "lock.json")
    ran = measured(folder, "apply", "--auto-approve", "--sandbox")
    assert ran.code == 1
    assert "larger than 64 kB" in " ".join(ran.err.split())
    assert "remove that file by hand" in " ".join(ran.err.split())
    assert_bounded(ran)


def test_a_record_that_is_too_long_is_left_out_of_the_history_of_runs(folder: Path) -> None:
    swell(folder / STATE / "runs" / "20990101T000000000000Z-0f.json")
    ran = measured(folder, "history", "--sandbox")
    assert ran.code == 0, ran.err
    assert "apply" in ran.out
    assert "larger than 64 MB" in " ".join(ran.err.split())
    assert_bounded(ran)


@pytest.mark.parametrize("command", [["comment"], ["comment", "--log", "Log"], ["issue", "--title", "Drift"]])
def test_a_report_that_is_too_long_is_not_published(tmp_path: Path, command: list[str]) -> None:
    swell(tmp_path / "report.md")
    ran = measured(tmp_path, "publish", *command, "report.md")
    assert ran.code == 1
    assert "report.md is larger than 64 MB" in ran.err
    assert "show FILE --format markdown" in ran.err
    assert_bounded(ran)
