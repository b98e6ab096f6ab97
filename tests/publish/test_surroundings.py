"""Which request a run is for, and whether it may post there: told by CI's own environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.publish.conftest import ALL, GITHUB_TOKEN, pull_request_event

if TYPE_CHECKING:
    from tests.ci.github import GitHub
    from tests.publish.conftest import Job


def test_the_number_is_found_where_only_the_ref_tells_it(github: GitHub, job: Job) -> None:
    job.env(GITHUB_EVENT_PATH=None)

    assert job.publish("comment", "Plan").code == 0
    assert len(github.thread(1)) == 1


def test_after_a_merge_the_request_is_found_by_the_commit_it_became(github: GitHub, job: Job) -> None:
    github.merge(1, "c" * 40)
    job.event({"ref": "refs/heads/main"})
    job.env(GITHUB_REF="refs/heads/main", GITHUB_SHA="c" * 40)

    assert job.publish("comment", "Applied", "--key", "apply").code == 0
    assert len(github.thread(1)) == 1


def test_a_push_without_a_request_says_so_and_with_soft_is_no_failure(github: GitHub, job: Job) -> None:
    job.event({"ref": "refs/heads/main"})
    job.env(GITHUB_REF="refs/heads/main", GITHUB_SHA="d" * 40)
    hard, soft = job.publish("comment", "Applied"), job.publish("comment", "Applied", "--soft")

    assert (hard.code, soft.code) == (1, 0)
    assert f"commit {'d' * 40} belongs to no pull or merge request" in hard.err
    assert f"Nothing was posted: commit {'d' * 40}" in soft.err


@pytest.mark.parametrize(
    ("repository", "actor"), [("mallory/ads", "mallory"), ("", "mallory"), ("acme/ads", "dependabot[bot]")]
)
def test_a_read_only_token_of_a_fork_is_said_and_with_soft_is_no_failure(
    github: GitHub, job: Job, repository: str, actor: str
) -> None:
    job.event(pull_request_event(1, repository=repository))
    job.env(GITHUB_ACTOR=actor)
    github.tokens[GITHUB_TOKEN] = {"pull-requests": "read"}
    hard, soft = job.publish("comment", "Plan"), job.publish("comment", "Plan", "--soft")

    assert (hard.code, soft.code) == (1, 0)
    assert "comes from a fork or from Dependabot, whose runs may not post" in hard.err
    assert "Nothing was posted" in soft.err


def test_a_permission_that_the_workflow_forgot_is_named_even_with_soft(github: GitHub, job: Job) -> None:
    github.tokens[GITHUB_TOKEN] = ALL | {"pull-requests": "read"}
    ran = job.publish("comment", "Plan", "--soft")

    assert ran.code == 1
    assert "`pull-requests: write` under `permissions:`" in ran.err
    assert "Resource not accessible by integration (HTTP 403)" in ran.err


def test_elsewhere_the_forge_can_be_named(github: GitHub, job: Job) -> None:
    job.env(GITHUB_ACTIONS=None, GITHUB_REPOSITORY=None, GITHUB_EVENT_PATH=None, GITHUB_REF=None)
    ran = job.publish("comment", "Plan", "--on", "github", "--repository", "acme/ads", "--request", "1")

    assert (ran.code, len(github.thread(1))) == (0, 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"GITHUB_ACTIONS": None}, "neither a run of GitHub Actions nor of GitLab CI"),
        ({"GITHUB_TOKEN": None}, "there is no token to talk to GitHub with"),
        ({"GITHUB_TOKEN": "two words"}, "GITHUB_TOKEN holds a space"),
        ({"GITHUB_REPOSITORY": None}, "no repository is named"),
        ({"GITHUB_REPOSITORY": "../../user"}, '"../../user" is not a repository on GitHub'),
        ({"GITHUB_API_URL": "not an address"}, "GitHub cannot be reached"),
        ({"GITHUB_EVENT_PATH": "/nowhere/event.json"}, "/nowhere/event.json"),
        ({"GITHUB_EVENT_PATH": "/dev/zero"}, "/dev/zero, which is no event: it has more than 64 MB"),
        ({"GITHUB_ACTIONS": None, "GITLAB_CI": "true"}, "the address of GitLab's API is not known"),
    ],
)
def test_surroundings_that_do_not_say_enough_are_named(
    github: GitHub, job: Job, changes: dict[str, Any], said: str
) -> None:
    job.env(**changes)
    ran = job.publish("comment", "Plan")

    assert (ran.code, github.calls) == (1, [])
    assert said in " ".join(ran.err.split())
