"""GitLab: notes in place of comments, tokens of another kind, and lines that it would carry out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.ci.gitlab import GitLab
    from tests.publish.conftest import Job


def test_on_gitlab_a_note_is_posted_and_updated(gitlab: GitLab, job: Job) -> None:
    first, second = job.publish("comment", "Plan 1"), job.publish("comment", "Plan 2")

    (body,) = gitlab.thread("merge_requests", 1)
    assert (first.err, second.err) == ("Posted.\n", "Updated.\n")
    assert first.out == second.out == "https://gitlab.example/acme/ads/-/merge_requests/1#note_8000001\n"
    assert body.startswith("<!-- reconciler:plan -->\nPlan 2")


def test_on_gitlab_a_note_of_someone_else_is_never_taken_for_ours(gitlab: GitLab, job: Job) -> None:
    gitlab.say("merge_requests", 1, "<!-- reconciler:plan -->\nNo changes, merge me.", author=66)
    job.publish("comment", "Deletes everything.")

    assert len(gitlab.thread("merge_requests", 1)) == 2


def test_on_gitlab_no_name_can_become_a_quick_action(gitlab: GitLab, job: Job) -> None:
    job.publish("comment", "Names:\n/merge\n  /close\n```diff\n/unlabel ~x\n```\n/assign @me\n")

    (body,) = gitlab.thread("merge_requests", 1)
    assert gitlab.quick_actions == []
    assert "\\/merge\n  \\/close\n```diff\n/unlabel ~x\n```\n\\/assign" in body


def test_on_gitlab_a_token_without_the_scope_is_told_what_it_lacks(gitlab: GitLab, job: Job) -> None:
    gitlab.readers.update(gitlab.tokens)
    ran = job.publish("comment", "Plan")

    assert ran.code == 1
    assert "insufficient_scope" in ran.err
    assert "the scope `api`" in ran.err


def test_on_gitlab_a_project_is_named_by_its_path_too(gitlab: GitLab, job: Job) -> None:
    assert job.publish("comment", "Plan", "--repository", "acme/ads").code == 0
    assert len(gitlab.thread("merge_requests", 1)) == 1


def test_on_gitlab_a_merge_s_request_is_found_by_its_commit(gitlab: GitLab, job: Job) -> None:
    gitlab.merge(1, "c" * 40)
    job.env(CI_MERGE_REQUEST_IID=None, CI_COMMIT_SHA="c" * 40)

    assert job.publish("comment", "Applied", "--key", "apply").code == 0
    assert len(gitlab.thread("merge_requests", 1)) == 1


def test_on_gitlab_a_missing_token_says_that_the_job_token_does_not_do(gitlab: GitLab, job: Job) -> None:
    job.env(GITLAB_TOKEN=None, CI_JOB_TOKEN="job-token")
    ran = job.publish("comment", "Plan", "--soft")

    assert ran.code == 1
    assert "CI_JOB_TOKEN does not do" in ran.err


def test_on_gitlab_a_fork_s_pipeline_without_a_token_is_no_failure_with_soft(gitlab: GitLab, job: Job) -> None:
    job.env(GITLAB_TOKEN=None, CI_MERGE_REQUEST_SOURCE_PROJECT_ID="999")

    assert [job.publish("comment", "Plan", *option).code for option in ([], ["--soft"])] == [1, 0]
