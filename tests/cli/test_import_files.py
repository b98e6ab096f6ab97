"""An audience of files that was made by hand: imported either way, it is added to, and keeps whom it held."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from tests.cli.test_files_delivery import ONE, crowd

if TYPE_CHECKING:
    from tests.cli.project import Project

THEIRS: Final = slice(3_000, 4_200)
OURS: Final = slice(1_200)
OTHERS: Final = slice(1_500, 2_800)
BUYERS: Final = {"name": "Buyers", "delivery": "file", "lifecycle": {"max_removal_percent": 100}, **ONE}


@pytest.fixture
def filed(project: Project) -> Project:
    """The project, on a TikTok where somebody else has made an audience of files."""
    project = replace(project, table=crowd(4_200))
    project.tiktok.set_processing(0)
    project.declare({"theirs": BUYERS})
    project.load(THEIRS)
    project.apply()
    project.tiktok.advance(48)
    assert project("state rm", "audience.theirs").code == 0
    project.load(OURS)
    return project


def held(project: Project, *people: slice) -> bool:
    wanted = {(schema, hash_) for each in people for schema, hash_ in project.hashed(each) if schema == "IDFA_MD5"}
    return project.tiktok.members(project.audience_id("Buyers")) == wanted


@pytest.mark.parametrize("way", ["yaml", "command"])
def test_those_who_were_there_stay_at_the_first_delivery_and_at_every_later_one(filed: Project, way: str) -> None:
    theirs = filed.audience_id("Buyers")
    if way == "yaml":
        filed.declare({"buyers": {**BUYERS, "import": theirs}})
    else:
        filed.declare({"buyers": BUYERS})
        assert filed("import", "audience.buyers", theirs).code == 0
    assert f"people already in {theirs} cannot be seen" in filed("plan").text

    filed.apply()
    assert held(filed, THEIRS, OURS)
    filed.tiktok.advance(48)
    filed.assert_settled()

    filed.load(OTHERS)
    assert "cannot be seen" not in filed.apply().text
    assert held(filed, THEIRS, OTHERS)


def test_a_first_delivery_that_stopped_is_gone_on_with_by_adding(filed: Project) -> None:
    filed.declare({"buyers": {**BUYERS, "import": filed.audience_id("Buyers")}}, patience="1s")
    filed.tiktok.add_fault("drop_after", path="custom_audience/update/", times=100)
    assert filed("apply", "--auto-approve").code == 1
    filed.tiktok.clear_faults()

    assert "goes on with an interrupted delivery" in filed("plan").text
    filed.apply()
    assert held(filed, THEIRS, OURS)


def test_what_was_made_again_after_the_import_is_ours_alone(filed: Project) -> None:
    theirs = filed.audience_id("Buyers")
    filed.declare({"buyers": {**BUYERS, "import": theirs}})
    filed.apply()
    filed.tiktok.delete(theirs)
    filed.apply()
    filed.tiktok.advance(48)
    filed.load(OTHERS)
    filed.tiktok.clear_requests()

    filed.apply()
    assert held(filed, OTHERS)
    assert [each.path for each in filed.tiktok.requests() if "update" in each.path] == ["/dmp/custom_audience/update/"]
