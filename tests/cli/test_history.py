"""`reconciler history`: who applied what when, and what came of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.cli import apply as applying
from reconciler.cli.planning import stage
from reconciler.state.errors import StoreError
from reconciler.state.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.state.journal_model import RunRecord
    from tests.cli.project import Project


def runs(project: Project, *arguments: str) -> Any:
    """Return the runs that are told, newest first."""
    ran = project("history", "--format", "json", *arguments)
    assert ran.code == 0
    return ran.document["runs"]


def folder(project: Project) -> Path:
    return project.folder / ".reconciler" / "sandbox-state" / "runs"


def test_an_apply_is_told_with_everything_it_did(project: Project) -> None:
    project.apply()
    (run,) = runs(project)
    assert (run["command"], run["status"], run["exit_code"]) == ("apply", "done", 0)
    assert run["arguments"] == ["--sandbox", "--auto-approve"]
    assert run["rows"] == len(project.table)
    assert run["serial_before"] == 0 < run["serial_after"]
    assert [(each["address"], each["kind"], each["outcome"]) for each in run["actions"]] == [
        ("audience.buyers", "create", "done")
    ]
    assert run["actions"][0]["added"] == 2 * len(project.table)


def test_for_people_a_run_is_two_lines_and_one_run_is_told_whole(project: Project) -> None:
    project.apply()
    listed = project("history").out.splitlines()
    assert len(listed) == 2
    run = runs(project)[0]
    assert run["run"] in listed[0]
    assert "apply: done in" in listed[0]
    assert "1 create, +2,400 identifiers" in listed[1]
    whole = project("history", run["run"][:8])
    assert "reconciler apply --sandbox --auto-approve" in whole.out
    assert "audience.buyers: create (+2,400 identifiers)" in whole.out


def test_the_id_of_the_run_is_the_one_in_the_logs(project: Project) -> None:
    ran = project.structure()("apply", "--auto-approve", "-v", "--log-format", "json")
    assert json.loads(ran.err.splitlines()[0])["run"] == runs(project)[0]["run"]


def test_while_it_is_under_way_the_lock_and_the_journal_name_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def look(opened: Any, planned: Any) -> None:
        seen.extend([opened.store.read_lock(), runs(project)[0]])
        stage(opened, planned)

    monkeypatch.setattr(applying, "stage", look)
    project.apply()
    lock, run = seen
    assert run["status"] == "under way"
    assert lock.why == f"apply, run {run['run']}"


def test_by_hand_is_told_too(project: Project) -> None:
    project.structure().apply()
    assert project("state mv", "audience.buyers", "audience.others").code == 0
    assert project("state rm", "audience.others").code == 0
    audience_id = project.audience_id("Buyers")
    assert project("import", "audience.buyers", audience_id).code == 0
    assert project("apply", "--refresh-only").code == 0
    told = [(each["command"], [step["kind"] for step in each["actions"]]) for each in runs(project)]
    assert told == [
        ("apply", []), ("import", ["import"]), ("state rm", ["forget"]), ("state mv", ["move"]), ("apply", ["create"]),
    ]  # fmt: skip


def test_what_was_killed_ended_without_a_word(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = Journal.keep

    def only_the_beginning(journal: Journal, record: RunRecord) -> None:
        if record.ended is None:
            keep(journal, record)

    monkeypatch.setattr(Journal, "keep", only_the_beginning)
    project.structure().apply()
    assert runs(project)[0]["status"] == "ended without a word"
    assert "ended without a word" in project("history").out


def test_nothing_is_done_that_could_not_be_written_down(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(Journal, "keep", fail)
    ran = project("apply", "--auto-approve")
    assert (ran.code, "the disk is full" in ran.err) == (1, True)
    assert project.names() == []


def test_an_end_that_cannot_be_written_down_is_a_warning(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = Journal.keep

    def fail_at_the_end(journal: Journal, record: RunRecord) -> None:
        if record.ended is not None:
            raise StoreError("the disk is full")
        keep(journal, record)

    monkeypatch.setattr(Journal, "keep", fail_at_the_end)
    ran = project("apply", "--auto-approve")
    assert (ran.code, "Warning: how this run ended is not in the journal: the disk is full." in ran.text) == (0, True)


def test_an_error_in_the_middle_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(applying, "stage", fail)
    assert project("apply", "--auto-approve").code == 1
    (run,) = runs(project)
    assert (run["status"], run["exit_code"], run["error"]) == ("failed", 1, "the disk is full")
    assert "the disk is full" in project("history").out


def test_who_only_looked_is_not_told(project: Project) -> None:
    assert project("plan").code == 0
    assert project.run("apply", "--sandbox", "--skip-members", stdin="no\n").code == 1
    assert runs(project) == []
    assert "Nothing has been applied yet." in project("history").err
    assert not folder(project).exists()


def test_the_newest_the_recent_and_those_of_an_address_can_be_asked_for(project: Project) -> None:
    project.structure().apply()
    project("state mv", "audience.buyers", "audience.others")
    project("state mv", "audience.others", "audience.last")
    assert len(runs(project)) == 3
    assert len(runs(project, "--limit", "2")) == 2
    assert [each["command"] for each in runs(project, "--address", "audience.buyers")] == ["state mv", "apply"]
    assert len(runs(project, "--since", "7d")) == 3
    assert runs(project, "--since", "2199-01-01") == []


@pytest.mark.parametrize("since", ["yesterday", "7", "d", "2026-13-01"])
def test_a_time_that_is_none_is_refused_with_how_to_write_one(project: Project, since: str) -> None:
    ran = project("history", "--since", since)
    assert (ran.code, ran.out, "write 12h, 7d, 2w" in ran.text) == (1, "", True)


def test_a_run_that_is_not_there_is_an_error(project: Project) -> None:
    ran = project("history", "abcdef")
    assert (ran.code, "there is no run abcdef" in ran.err) == (1, True)


def test_a_damaged_record_is_a_warning_and_the_others_are_told(project: Project) -> None:
    project.structure().apply()
    project("state mv", "audience.buyers", "audience.others")
    min(folder(project).iterdir()).write_bytes(b"{}")
    ran = project("history", "--format", "json")
    assert (ran.code, len(ran.document["runs"]), "cannot be read" in ran.err) == (0, 1, True)


def test_a_lock_that_is_removed_by_hand_is_told(project: Project) -> None:
    project.structure().apply()
    lock = {
        "id": "11111111-1111-4111-8111-111111111111",
        "who": "ana",
        "where": "desk",
        "since": "2026-03-01T09:30:00Z",
    }
    (folder(project).parent / "lock.json").write_text(json.dumps({**lock, "why": "apply"}))
    assert project("state unlock", lock["id"]).code == 0
    assert runs(project)[0]["command"] == "state unlock"
    assert lock["id"] in runs(project)[0]["actions"][0]["message"]


def test_one_run_is_not_looked_for_among_some(project: Project) -> None:
    ran = project("history", "3f2a9c", "--address", "audience.buyers")

    assert ran.code != 0
    assert "RUN shows one run whole" in ran.text
