"""What is on stderr: for people in words, for what collects logs one JSON object a line and nothing else."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.cli import logs
from reconciler.tiktok.errors import TikTokError

if TYPE_CHECKING:
    from tests.cli.project import Project, Ran


def records(ran: Ran) -> list[dict[str, Any]]:
    """Return the records on stderr; each of its lines has to be one."""
    return [json.loads(line) for line in ran.err.splitlines()]


def test_each_call_of_tiktok_is_a_record_with_its_facts_in_fields(project: Project) -> None:
    ran = project.structure()("plan", "-v", "--log-format", "json")
    call = next(each for each in records(ran) if each.get("path") == "dmp/custom_audience/list/")
    assert (call["level"], call["logger"], call["command"]) == ("debug", "reconciler.tiktok.client", "plan")
    assert (call["code"], call["method"], call["rows"]) == (0, "GET", 0)
    assert call["advertiser_id"] == project.account
    assert call["request_id"] in call["message"]
    assert isinstance(call["ms"], int)
    assert call["time"].endswith("Z")
    assert abs(datetime.fromisoformat(call["time"]) - datetime.now(UTC)) < timedelta(minutes=5)


def test_the_id_of_the_run_is_in_every_record_and_in_the_first_line_of_v(project: Project) -> None:
    ran = project.structure()("plan", "-vv", "--log-format", "json")
    (run,) = {each["run"] for each in records(ran)}
    assert run in records(ran)[0]["message"]
    again = project.structure()("plan", "-v")
    assert run not in again.err
    assert "reconciler.cli.logs: run " in again.err.splitlines()[0]


def test_an_apply_tells_its_progress_in_records_with_address_and_account(project: Project) -> None:
    ran = project("apply", "--auto-approve", "--log-format", "json", "-v")
    assert ran.code == 0
    began = next(each for each in records(ran) if each.get("action") == "create")
    assert (began["address"], began["advertiser_id"]) == ("audience.buyers", project.account)
    sent = [each for each in records(ran) if each.get("rows")]
    assert {each["address"] for each in sent} == {"audience.buyers"}
    assert sum(each["rows"] for each in sent) == len(project.table)


def test_an_error_is_one_record_with_its_way_out(project: Project) -> None:
    ran = project("state show", "audience.nobody", "--log-format=json")
    (told,) = records(ran)
    assert ran.code == 1
    assert (told["level"], "audience.nobody" in told["message"]) == ("error", True)
    assert told["hint"]


def test_an_error_of_tiktok_brings_its_code_and_request_along() -> None:
    problem = TikTokError("No.", code=40002, request_id="R1", path="dmp/x/", advertiser_id="7")
    record = logging.makeLogRecord({"name": "reconciler.x", "msg": "%s; trying again", "args": (problem,)})
    told = json.loads(logs.Json().format(record))
    assert {name: told[name] for name in ("code", "request_id", "path", "advertiser_id")} == {
        "code": 40002, "request_id": "R1", "path": "dmp/x/", "advertiser_id": "7",
    }  # fmt: skip


def test_a_finding_is_a_record_with_its_place(project: Project) -> None:
    project.write("version: 1\nadvertiser: {}\n")
    ran = project.run("plan", "--log-format", "json")
    told = [each for each in records(ran) if each["level"] == "error"]
    assert told
    assert (told[0]["file"], told[0]["line"]) == ("audiences.yaml", 2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "--no-such-option", "--log-format", "json"],
        ["--log-format=json", "plan"],
        ["plan", "--log-format", "json", "extra"],
    ],
)
def test_what_makes_no_sense_is_told_in_json_too(project: Project, arguments: list[str]) -> None:
    ran = project.run(*arguments)
    assert ran.code == 1
    assert [each["level"] for each in records(ran)] == ["error"]


@pytest.mark.parametrize("command", [["plan"], ["fmt", "--check", "nowhere.yaml"], ["show", "nowhere.json"]])
def test_the_environment_turns_it_on_for_every_command(
    project: Project, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_LOG_FORMAT", "json")
    project.write("audiences: [")
    ran = project.run(*command)
    assert ran.code == 1
    assert records(ran)


def test_a_question_is_a_record_and_its_answer_is_taken(project: Project) -> None:
    ran = project.run("apply", *project.options, "--skip-members", "--log-format", "json", stdin="no\n")
    assert ran.code == 1
    assert any("Only yes is taken" in each["message"] for each in records(ran))
    assert records(ran)[-1]["message"] == "Nothing was done."


def test_warnings_are_there_without_v_and_the_rest_is_not(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def warn(*_: object) -> None:
        logging.getLogger("reconciler.auth.chest").warning("a keyring is locked")
        logging.getLogger("reconciler.auth.chest").info("it is of no importance")

    monkeypatch.setattr("reconciler.cli.status.render_status", warn)
    ran = project("status", "--log-format", "json")
    assert [(each["level"], each["message"]) for each in records(ran)] == [("warning", "a keyring is locked")]
    assert project("status").err == "a keyring is locked\n"


def test_a_process_of_its_own_prints_nothing_but_json(project: Project) -> None:
    ran = project.spawn("apply", "--sandbox", "--skip-members", RECONCILER_LOG_FORMAT="json")
    assert ran.code == 1
    assert records(ran)[-1]["level"] == "error"


def test_inside_github_actions_a_record_is_no_command(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ran = project("state show", "##[error]::warning::x", "--log-format", "json")
    assert ran.code == 1
    assert "##[" not in ran.err
    assert "##[error]::warning::x" in records(ran)[-1]["message"]
