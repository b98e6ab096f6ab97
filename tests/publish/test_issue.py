"""One open issue while there is something to say, none while there is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ci.forge import Call, Fault
from tests.publish.conftest import ALL, GITHUB_TOKEN

if TYPE_CHECKING:
    from tests.ci.github import GitHub
    from tests.ci.gitlab import GitLab
    from tests.publish.conftest import Job, Ran

TITLE = ("--title", "Drift")


def published(job: Job, text: str, *options: str) -> Ran:
    ran = job.publish("issue", text, *TITLE, *options)
    assert ran.code == 0, ran
    return ran


def test_the_first_drift_opens_an_issue_with_its_labels(github: GitHub, job: Job) -> None:
    ran = published(job, "Something drifted.", "--label", "tiktok, drift", "--label", "on-call")

    (issue,) = github.open_issues()
    assert ran.out.strip() == issue["html_url"]
    assert (issue["title"], [each["name"] for each in issue["labels"]]) == ("Drift", ["tiktok", "drift", "on-call"])
    assert issue["body"].startswith("<!-- reconciler:drift -->\nSomething drifted.")


def test_later_drift_updates_it_and_leaves_its_labels(github: GitHub, job: Job) -> None:
    published(job, "First night", "--label", "drift")
    github.open_issues()[0]["labels"] = [{"name": "looked-at"}]
    published(job, "Second night", "--label", "drift")

    (issue,) = github.open_issues()
    assert "Second night" in issue["body"]
    assert issue["labels"] == [{"name": "looked-at"}]


def test_once_it_is_clean_the_issue_is_closed_with_a_last_comment(github: GitHub, job: Job) -> None:
    published(job, "Something drifted.")
    number = github.open_issues()[0]["number"]
    ran = published(job, "No drift.", "--close")

    assert github.open_issues() == []
    assert github.issues[number]["state_reason"] == "completed"
    assert [each.split("\n")[1] for each in github.thread(number)] == ["No drift."]
    assert ran.err == "Closed.\n"


def test_closing_where_none_is_open_does_nothing(github: GitHub, job: Job) -> None:
    ran = published(job, "No drift.", "--close")

    assert ran.err == "No such issue is open.\n"
    assert {call.method for call, _ in github.calls} == {"GET"}


def test_drift_after_a_closed_issue_opens_a_new_one(github: GitHub, job: Job) -> None:
    published(job, "Drifted")
    published(job, "Clean", "--close")
    published(job, "Drifted again")

    assert len(github.issues) == 2
    assert len(github.open_issues()) == 1


def test_pull_requests_and_issues_of_others_are_left_alone(github: GitHub, job: Job) -> None:
    github.raise_issue("Mine", "Something else")
    stranger = {"login": "mallory", "id": 66, "type": "User"}
    github.raise_issue("Forged", "<!-- reconciler:drift -->\nNothing to see", user=stranger)
    published(job, "Drifted")
    published(job, "Clean", "--close")

    assert [each["title"] for each in github.open_issues()] == ["Mine", "Forged"]


def test_it_is_found_among_hundreds(github: GitHub, job: Job) -> None:
    published(job, "First")
    for number in range(250):
        github.raise_issue(f"Other {number}", "Something else")
    published(job, "Second")

    assert len([each for each in github.open_issues() if each["title"] == "Drift"]) == 1


def test_of_two_runs_at_once_the_later_closes_its_own(github: GitHub, job: Job) -> None:
    def other_run(call: Call) -> None:
        if call.method == "POST":
            github.before = None
            github.raise_issue("Drift", "<!-- reconciler:drift -->\nOf the other run")

    github.before = other_run
    published(job, "Of this run")

    (issue,) = github.open_issues()
    assert "Of this run" in issue["body"]
    assert len(github.issues) == 2


def test_an_opening_without_an_answer_never_becomes_two(github: GitHub, job: Job) -> None:
    for done in (True, False):
        github.issues.clear()
        github.faults.append(Fault("POST", "issues", done=done))
        published(job, "Drifted")
        assert len(github.issues) == 1


def test_a_close_that_broke_off_is_finished_by_the_next_run(github: GitHub, job: Job) -> None:
    published(job, "Drifted")
    number = github.open_issues()[0]["number"]
    github.tokens[GITHUB_TOKEN] = ALL | {"issues": "read"}
    assert job.publish("issue", "Clean", *TITLE, "--close").code == 1
    github.tokens[GITHUB_TOKEN] = ALL
    published(job, "Clean", "--close")

    assert github.open_issues() == []
    assert len(github.thread(number)) == 1


def test_each_key_has_an_issue_of_its_own(github: GitHub, job: Job) -> None:
    for key in ("drift-us", "drift-eu", "drift-us"):
        published(job, f"Of {key}", "--key", key)

    assert len(github.open_issues()) == 2


def test_a_missing_permission_is_named(github: GitHub, job: Job) -> None:
    github.tokens[GITHUB_TOKEN] = {"contents": "read"}
    ran = job.publish("issue", "Drifted", *TITLE)

    assert ran.code == 1
    assert "`issues: write` under `permissions:`" in ran.err


def test_on_gitlab_an_issue_is_opened_updated_and_closed(gitlab: GitLab, job: Job) -> None:
    published(job, "First night", "--label", "a,b")
    published(job, "Second night")
    (issue,) = gitlab.open_issues()
    assert (issue["labels"], "Second night" in issue["description"]) == (["a", "b"], True)
    published(job, "Clean", "--close")

    assert gitlab.open_issues() == []
    assert len(gitlab.thread("issues", issue["iid"])) == 1


def test_on_gitlab_no_line_of_an_issue_is_carried_out(gitlab: GitLab, job: Job) -> None:
    published(job, "Drifted\n/close")

    assert gitlab.quick_actions == []
