"""A team's first days with the example workflows and nothing else: from a fresh repository to the nightly look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ci.conftest import ACCOUNT, WORKFLOWS, config

if TYPE_CHECKING:
    from tests.ci.conftest import Company

ONE = {"buyers": {"name": "Buyers"}}
TWO = {**ONE, "visitors": {"name": "Visitors"}}


@pytest.mark.slow
def test_three_pushes_one_comment_a_merge_and_its_apply_and_the_nights_after(company: Company) -> None:
    repository, forge = company.repository, company.forge
    repository.git("switch", "--quiet", "--create", "change")
    head = repository.commit("One audience", {"audiences.yaml": config(ONE)})
    number = forge.open_pull(head)

    # Three pushes: a plan, files with a mistake, and the plan that gets reviewed.
    first = company.push(number, head)
    assert first.conclusion == "success", first.output
    assert "audience.buyers" in forge.thread(number)[0]
    head = repository.commit("A slip", {"audiences.yaml": config(ONE).replace("source: people", "source: peeple")})
    second = company.push(number, head)
    assert second.conclusion == "failure", second.output
    (comment,) = forge.thread(number)
    assert "There is no plan" in comment
    assert "peeple" in comment
    head = repository.commit("Two audiences", {"audiences.yaml": config(TWO)})
    third = company.push(number, head)
    assert third.conclusion == "success", third.output
    (comment,) = forge.thread(number)
    assert "audience.buyers" in comment
    assert "audience.visitors" in comment
    assert f"commit {head[:10]}" in comment
    assert company.names() == []

    # The merge applies that plan, and says so on the pull request.
    applied = company.merge(number)
    assert applied is not None
    assert applied.conclusion == "success", applied.output
    assert "Download the plan" in applied.steps
    assert company.names() == ["Buyers", "Visitors"]
    assert [each.partition("\n")[0] for each in forge.thread(number)] == [
        "<!-- reconciler:plan -->",
        "<!-- reconciler:apply -->",
    ]

    # A quiet night, one with drift, one with more of it, and one after an apply by hand put it right.
    def night() -> list[str]:
        ran = company.on_main(f"{WORKFLOWS}/drift.yml", "schedule")
        assert ran.conclusion == ("failure" if forge.open_issues() else "success"), ran.output
        return [each["body"] for each in forge.open_issues()]

    ids = {each.name: each.audience_id for each in company.tiktok.audiences(ACCOUNT)}
    assert night() == []
    company.tiktok.rename(ids["Buyers"], "Renamed by hand", editor="bob@example.com")
    (issue,) = night()
    assert "audience.buyers" in issue
    assert "audience.visitors" not in issue
    company.tiktok.rename(ids["Visitors"], "This one too", editor="bob@example.com")
    (issue,) = night()
    assert "audience.visitors" in issue
    mended = company.on_main(f"{WORKFLOWS}/apply-main.yml", "workflow_dispatch")
    assert mended.conclusion == "success", mended.output
    assert company.names() == ["Buyers", "Visitors"]
    assert night() == []
    assert len(forge.issues) == 1
