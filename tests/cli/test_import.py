"""`import`: what was made by hand comes under management, one by one or a whole account at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.state.repository import open_state

if TYPE_CHECKING:
    from tests.cli.project import Project

STREAMING = "Partner Audience"


def test_one_is_adopted_and_tiktok_is_not_changed(project: Project) -> None:
    project = project.structure()
    theirs = project.tiktok.add_audience(project.account, "By hand", STREAMING)
    project.tiktok.clear_requests()
    ran = project("import", "audience.buyers", theirs)
    assert ran.code == 0, ran.text
    assert "POST" not in {each.method for each in project.tiktok.requests()}
    assert project.names() == ["By hand"]
    (change,) = project.plan()["actions"][0]["changes"]
    assert (change["path"], change["before"], change["after"]) == ("name", "By hand", "Buyers")
    project.apply()
    project.assert_settled()
    assert project.audience_id("Buyers") == theirs


def test_what_cannot_be_adopted_is_refused_with_the_reason(project: Project) -> None:
    project = project.structure()
    mine = project.tiktok.add_audience(project.account, "Mine", STREAMING)
    files = project.tiktok.add_audience(project.account, "From files")
    shared = project.tiktok.add_audience(project.account, "Shared in", STREAMING, is_creator=False)
    project.declare({"buyers": {"name": "Buyers"}, "sellers": {"name": "Sellers"}})
    refusals = {
        ("audience.byers", mine): "is not declared",
        ("buyers", mine): "is not declared",
        ("audience.buyers", "7300000000000000042"): "has no audience 7300000000000000042",
        ("audience.buyers", shared): "shared in by another account",
        ("audience.buyers", files): "people cannot be delivered to it",
    }
    for arguments, reason in refusals.items():
        refused = project("import", *arguments)
        assert refused.code == 1
        assert reason in refused.text
    assert project("state list").out == ""

    assert project("import", "audience.buyers", mine).code == 0
    assert "manages" in project("import", "audience.buyers", files).text
    assert "managed already" in project("import", "audience.sellers", mine).text
    assert project("state list").out == "audience.buyers\n"


def test_a_whole_account_becomes_files_that_plan_without_an_error(project: Project) -> None:
    project = project.structure()
    project.apply()
    add = project.tiktok.add_audience
    made = {
        add(project.account, "Streamed", STREAMING),
        add(project.account, 'Quotes: "yes", #hash, ${HOME} & {braces}', STREAMING),
        add(project.account, "Twice", STREAMING),
        add(project.account, "Twice", STREAMING),
        add(project.account, "Grüße 🎉", "Customer File Audience"),
        add(project.account, "Visitors", "Website Audience"),
        add(project.account, "Alike", "Lookalike Audience", source_audience_id=project.audience_id("Buyers")),
    }
    shared = add(project.account, "Shared in", STREAMING, is_creator=False)
    ran = project("import", "--all", "acme", "-o", "exported.yaml")
    assert (ran.code, ran.out) == (0, "")
    written = (project.folder / "exported.yaml").read_text(encoding="utf-8")
    assert f'#   {shared} "Shared in": another account shared it in' in written
    assert f'Left out: {shared} "Shared in": another account shared it in' in ran.text
    assert all(written.count(each) == 1 for each in made)

    folder = project.folder / "files"
    folder.mkdir()
    lines = written.splitlines(keepends=True)
    audiences = lines[lines.index("audiences:\n") :]
    project.write((project.folder / "audiences.yaml").read_text(encoding="utf-8"), "files/ours.yaml")
    project.write("".join(audiences), "files/theirs.yaml")
    (project.folder / "people.parquet").rename(folder / "people.parquet")
    (folder / ".reconciler").symlink_to(project.folder / ".reconciler")
    planned = project("plan", "-c", "files", "--format", "json")
    assert planned.code == 0, planned.text
    assert planned.document["summary"]["import"] == len(made)
    assert all(each["changes"] == [] for each in planned.document["actions"])
    assert project("apply", "-c", "files", "--auto-approve").code == 0
    assert project("plan", "-c", "files", "--detailed-exitcode").code == 0


def test_a_whole_account_goes_to_stdout_and_never_over_a_file(project: Project) -> None:
    project.tiktok.add_audience(project.account, "By hand", STREAMING)
    printed = project("import", "--all", "acme")
    assert printed.code == 0
    assert 'name: "By hand"' in printed.out or "name: By hand" in printed.out
    kept = (project.folder / "audiences.yaml").read_bytes()
    refused = project("import", "--all", "acme", "-o", "audiences.yaml")
    assert refused.code == 1
    assert "exists already" in refused.text
    assert (project.folder / "audiences.yaml").read_bytes() == kept


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "give ADDRESS and AUDIENCE_ID"),
        (["audience.buyers"], "give ADDRESS and AUDIENCE_ID"),
        (["--all", "nobody"], "no advertiser nobody is declared"),
        (["audience.buyers", "1", "--all", "acme"], "--all takes no ADDRESS"),
        (["--all", "acme", "--adopt", "-o", "acme.yaml"], "it takes no -o"),
        (["audience.buyers", "1", "--adopt"], "go with --all"),
    ],
)
def test_a_call_that_makes_no_sense_says_what_would(project: Project, arguments: list[str], reason: str) -> None:
    refused = project("import", *arguments)
    assert refused.code == 1
    assert reason in refused.text


def test_an_import_waits_for_a_run_that_holds_the_state(project: Project) -> None:
    theirs = project.tiktok.add_audience(project.account, "By hand", STREAMING)
    with open_state(str(project.folder / ".reconciler" / "sandbox-state")).lock("a test"):
        refused = project("import", "audience.buyers", theirs)
    assert refused.code == 1
    assert "locked by" in refused.text
