"""One comment on a request, whatever is pushed, whoever else comments, and whatever breaks on the way."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from reconciler.publish.comment import publish_comment
from reconciler.publish.forges import opened
from reconciler.publish.model import Thread, ThreadKind
from reconciler.publish.surroundings import surroundings
from tests.ci.forge import Call, Fault, Refused
from tests.publish.conftest import HEAD

if TYPE_CHECKING:
    from tests.ci.github import GitHub
    from tests.publish.conftest import Job

ALICE = {"login": "alice", "id": 7, "type": "User"}


def test_a_report_becomes_a_comment_and_its_address_is_printed(github: GitHub, job: Job) -> None:
    ran = job.publish("comment", "# Plan\n\nNo changes.\n")

    (body,) = github.thread(1)
    assert (ran.code, ran.err) == (0, "Posted.\n")
    assert ran.out.startswith("https://github.example/acme/ads/pull/1#issuecomment-")
    assert body.startswith("<!-- reconciler:plan -->\n# Plan\n\nNo changes.\n")


def test_a_comment_says_which_commit_and_run_it_is_from(github: GitHub, job: Job) -> None:
    job.publish("comment", "No changes.")

    assert github.thread(1)[0].endswith(
        f"<sub>From commit {HEAD[:10]}, [run](https://github.example/acme/ads/actions/runs/77)</sub>"
    )


def test_every_later_push_updates_it(github: GitHub, job: Job) -> None:
    for number in range(4):
        assert job.publish("comment", f"Plan {number}").code == 0

    (body,) = github.thread(1)
    assert "Plan 3" in body
    assert len(github.made("POST")) == 1


def test_what_has_not_changed_is_left_alone(github: GitHub, job: Job) -> None:
    job.publish("comment", "No changes.")
    ran = job.publish("comment", "No changes.")

    assert ran.err == "Unchanged.\n"
    assert github.made("PATCH") == []


def test_an_earlier_comment_is_found_on_any_page(github: GitHub, job: Job) -> None:
    for number in range(150):
        github.say(1, f"Remark {number}", user=ALICE)
    github.say(1, "<!-- reconciler:plan -->\nAn old plan")
    for number in range(150):
        github.say(1, f"Remark {number}", user=ALICE)
    job.publish("comment", "A new plan")

    assert [each for each in github.thread(1) if "plan" in each.lower()] == [
        each for each in github.thread(1) if "A new plan" in each
    ]
    assert github.made("POST") == []


def test_each_key_has_a_comment_of_its_own(github: GitHub, job: Job) -> None:
    for _ in range(2):
        for key in ("plan-us", "plan-eu", "apply"):
            job.publish("comment", f"Of {key}", "--key", key)

    assert [each.split("\n")[1] for each in github.thread(1)] == ["Of plan-us", "Of plan-eu", "Of apply"]


def test_a_comment_that_only_quotes_ours_is_not_touched(github: GitHub, job: Job) -> None:
    quoted = "See this:\n<!-- reconciler:plan -->\n> No changes."
    github.say(1, quoted, user=ALICE, association="MEMBER")
    job.publish("comment", "A plan")

    assert len(github.thread(1)) == 2
    assert github.thread(1)[0] == quoted


def test_a_stranger_cannot_have_the_plan_posted_into_a_comment_of_theirs(github: GitHub, job: Job) -> None:
    forged = "<!-- reconciler:plan -->\nNo changes, merge me."
    github.say(1, forged, user={"login": "mallory", "id": 66, "type": "User"}, association="CONTRIBUTOR")
    job.publish("comment", "Deletes everything.")

    stranger, ours = github.thread(1)
    assert stranger == forged
    assert "Deletes everything." in ours


def test_a_comment_posted_with_a_member_s_token_is_found_again(github: GitHub, job: Job) -> None:
    github.say(1, "<!-- reconciler:plan -->\nOld", user=ALICE, association="MEMBER")
    job.publish("comment", "New")

    assert len(github.thread(1)) == 1


def test_of_two_runs_at_once_the_later_keeps_the_first_comment_and_deletes_its_own(github: GitHub, job: Job) -> None:
    def other_run(call: Call) -> None:
        if call.method == "POST":
            github.before = None
            github.say(1, "<!-- reconciler:plan -->\nPlan of the other run")

    github.before = other_run
    ran = job.publish("comment", "Plan of this run")

    (body,) = github.thread(1)
    assert "Plan of this run" in body
    assert (ran.code, ran.err) == (0, "Updated.\n")
    assert len(github.made("DELETE")) == 1


def test_of_many_runs_at_once_one_comment_is_left(github: GitHub) -> None:
    around = surroundings(os.environ)
    thread = Thread(ThreadKind.REQUEST, 1)

    async def run(number: int) -> None:
        async with opened(around) as forge:
            await publish_comment(forge, thread, "plan", f"<!-- reconciler:plan -->\nPlan of run {number}")

    async def all_at_once() -> None:
        await asyncio.gather(*map(run, range(8)))

    asyncio.run(all_at_once())

    assert len(github.made("POST")) > 1
    assert len(github.thread(1)) == 1


def test_a_second_comment_that_is_gone_already_is_no_error(github: GitHub, job: Job) -> None:
    github.say(1, "<!-- reconciler:plan -->\nFirst")
    second = github.say(1, "<!-- reconciler:plan -->\nSecond")

    def other_run(call: Call) -> None:
        if call.method == "DELETE":
            del github.comments[second]

    github.before = other_run

    assert job.publish("comment", "Plan").code == 0
    assert len(github.thread(1)) == 1


@pytest.mark.parametrize("done", [True, False], ids=["it arrived", "it was lost"])
@pytest.mark.parametrize("answer", [None, Refused(502, {"message": "Bad Gateway"})], ids=["broken off", "502"])
def test_a_post_without_an_answer_never_becomes_two(
    github: GitHub, job: Job, answer: Refused | None, done: bool
) -> None:
    github.faults.append(Fault("POST", "comments", answer, done=done))

    assert job.publish("comment", "Plan").code == 0
    assert len(github.thread(1)) == 1


def test_a_post_that_never_arrives_is_given_up_with_a_sentence(github: GitHub, job: Job) -> None:
    github.faults += [Fault("POST", "comments") for _ in range(3)]
    ran = job.publish("comment", "Plan")

    assert (ran.code, github.thread(1)) == (1, [])
    assert "It is not known whether GitHub did POST repos/acme/ads/issues/1/comments" in ran.err
    assert "what was posted already is found and updated" in ran.err


def test_a_token_that_is_not_accepted_is_said_without_showing_it(github: GitHub, job: Job) -> None:
    github.tokens.clear()
    ran = job.publish("comment", "Plan")

    assert ran.code == 1
    assert "GitHub does not accept the token" in ran.err


def test_a_request_that_is_not_there_is_said(github: GitHub, job: Job) -> None:
    ran = job.publish("comment", "Plan", "--request", "404")

    assert ran.code == 1
    assert "GitHub finds nothing at GET repos/acme/ads/issues/404/comments" in ran.err


def test_a_report_as_long_as_the_limit_allows_is_posted_whole(github: GitHub, job: Job) -> None:
    report = "x" * (65_536 - len("<!-- reconciler:plan -->\n"))

    assert job.publish("comment", report).code == 0
    assert len(github.thread(1)[0]) == 65_536


def test_a_longer_report_is_refused_before_anything_is_sent(github: GitHub, job: Job) -> None:
    ran = job.publish("comment", "x" * 65_536)

    assert (ran.code, github.calls) == (1, [])
    assert "GitHub takes 65,536" in ran.err


@pytest.mark.parametrize("text", ["", " \n\n"])
def test_an_empty_report_is_refused(github: GitHub, job: Job, text: str) -> None:
    ran = job.publish("comment", text)

    assert (ran.code, github.calls) == (1, [])
    assert "the report is empty" in ran.err


@pytest.mark.parametrize("key", ["", "a b", "a--b", "-->", "a\nb", "x" * 101, "é"])
def test_a_key_that_could_end_the_marker_is_refused(github: GitHub, job: Job, key: str) -> None:
    ran = job.publish("comment", "Plan", "--key", key)

    assert (ran.code, github.calls) == (1, [])
    assert "cannot be a key" in ran.err


def test_what_a_failed_command_said_is_shown_as_it_is(github: GitHub, job: Job) -> None:
    said = "audiences.yaml:3:1 ```` # no @acme/team\n::error file=audiences.yaml::hidden\n\x1b[31mError\x1b[0m\n"
    job.publish("comment", said, "--log", "There is no plan")

    (body,) = github.thread(1)
    assert "### There is no plan\n\n`````text\naudiences.yaml:3:1 ```` # no @acme/team\n\\x1b[31mError" in body
    assert "::error" not in body


def test_a_long_log_is_cut_and_says_so(github: GitHub, job: Job) -> None:
    job.publish("comment", "line\n" * 50_000, "--log", "There is no plan")

    (body,) = github.thread(1)
    assert len(body) < 21_000
    assert "characters more, in the log of the run" in body


def test_a_file_that_is_not_there_or_not_text_is_named(github: GitHub, job: Job) -> None:
    (job.folder / "binary").write_bytes(b"\xff\xfe")
    for name in ("missing.md", "binary"):
        ran = job.run("publish", "comment", str(job.folder / name))
        assert ran.code == 1
        assert name in ran.err
