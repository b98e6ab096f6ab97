"""After a merge, the plan that was reviewed is found: that of the request's last run, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.publish.conftest import ALL, GITHUB_TOKEN, HEAD

if TYPE_CHECKING:
    from tests.ci.github import GitHub
    from tests.publish.conftest import Job, Ran

MERGE: Final = "c" * 40
NAME: Final = "reconciler-plan"


@pytest.fixture
def merged(github: GitHub, job: Job) -> GitHub:
    """GitHub after #1 was merged, and the run of that push."""
    github.merge(1, MERGE)
    job.event({"ref": "refs/heads/main"})
    job.env(GITHUB_REF="refs/heads/main", GITHUB_SHA=MERGE)
    return github


def found(job: Job, *options: str) -> Ran:
    return job.publish("find-artifact", None, NAME, *options)


def test_the_run_that_left_it_is_printed_and_nothing_else(merged: GitHub, job: Job) -> None:
    run = merged.start_run(HEAD)
    merged.end_run(run)
    merged.keep(run, NAME)
    merged.keep(run, "something-else")
    ran = found(job)

    assert (ran.code, ran.out, ran.err) == (0, f"{run}\n", "")


def test_of_several_runs_on_the_last_commit_the_last_that_left_one_counts(merged: GitHub, job: Job) -> None:
    runs = [merged.start_run(HEAD) for _ in range(3)]
    for run in runs:
        merged.end_run(run)
    for run in runs[:2]:
        merged.keep(run, NAME)

    assert found(job).out == f"{runs[1]}\n"


def test_a_run_among_hundreds_is_found(merged: GitHub, job: Job) -> None:
    run = merged.start_run(HEAD)
    merged.end_run(run)
    merged.keep(run, NAME)
    for number in range(120):
        merged.end_run(merged.start_run(HEAD, f".github/workflows/lint{number}.yml"))

    assert found(job).out == f"{run}\n"


def test_what_an_earlier_push_left_is_not_taken(merged: GitHub, job: Job) -> None:
    run = merged.start_run("2" * 40)
    merged.end_run(run)
    merged.keep(run, NAME)
    ran = found(job)

    assert (ran.code, ran.out) == (1, "")
    assert f'no run of #1 ({HEAD[:10]}) left an artifact "reconciler-plan"' in ran.err
    assert "No workflow ran on its last commit" in ran.err


def test_a_plan_that_is_still_being_made_is_waited_for_by_a_person(merged: GitHub, job: Job) -> None:
    run = merged.start_run(HEAD)
    ran = found(job)

    assert ran.code == 1
    assert f"still under way ({run})" in ran.err


def test_a_run_that_left_no_plan_is_said(merged: GitHub, job: Job) -> None:
    merged.end_run(merged.start_run(HEAD), "failure")
    ran = found(job)

    assert ran.code == 1
    assert "failed or was cancelled" in ran.err


def test_an_expired_plan_is_said(merged: GitHub, job: Job) -> None:
    run = merged.start_run(HEAD)
    merged.end_run(run)
    merged.keep(run, NAME, expired=True)
    ran = found(job)

    assert ran.code == 1
    assert "has expired" in ran.err


def test_two_workflows_with_one_name_are_not_guessed_between(merged: GitHub, job: Job) -> None:
    for workflow in ("us.yml", "eu.yml"):
        run = merged.start_run(HEAD, workflow)
        merged.end_run(run)
        merged.keep(run, NAME)
    ran = found(job)

    assert (ran.code, ran.out) == (1, "")
    assert "several workflows" in ran.err
    assert "eu.yml, us.yml" in ran.err


def test_a_commit_without_a_request_is_said(merged: GitHub, job: Job) -> None:
    ran = found(job, "--sha", "e" * 40)

    assert ran.code == 1
    assert f"commit {'e' * 40} belongs to no pull or merge request" in ran.err


def test_a_commit_of_several_requests_is_not_guessed(merged: GitHub, job: Job) -> None:
    for _ in range(2):
        merged.open_pull("e" * 40)
    ran = found(job, "--sha", "e" * 40)

    assert ran.code == 1
    assert "belongs to several requests: 2, 3" in ran.err


def test_a_missing_permission_is_named(merged: GitHub, job: Job) -> None:
    merged.tokens[GITHUB_TOKEN] = {name: level for name, level in ALL.items() if name != "actions"}
    ran = found(job)

    assert ran.code == 1
    assert "`actions: read` under `permissions:`" in ran.err
