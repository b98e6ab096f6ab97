"""`delivery: file`: made, added to, taken from, replaced and deleted by the files that people write."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.audiences import Audience
    from tests.cli.project import Project

PEOPLE: Final = 2_600
UPLOAD = "/dmp/custom_audience/file/upload/"
CREATE = "/dmp/custom_audience/create/"
UPDATE = "/dmp/custom_audience/update/"
DELETE = "/dmp/custom_audience/delete/"
FREELY: Final = {"max_removal_percent": 100}
HOURS_UNTIL_VALID: Final = 25
ONE: Final = {"identities": ["idfa"]}
SEVERAL: Final = {"identities": ["idfa", "gaid"]}


def crowd(people: int) -> pa.Table:
    """People with two devices each, the same in every run."""
    numbers = range(people)
    return pa.table(
        {
            "mpid": pa.array(numbers, pa.int64()),
            "idfa": [str(uuid.UUID(int=each + 1)).upper() for each in numbers],
            "gaid": [str(uuid.UUID(int=(each + 1) << 64)) for each in numbers],
            "country": ["US"] * people,
            "ltv": pa.array([float(each) for each in numbers], pa.float64()),
        }
    )


@pytest.fixture
def filed(project: Project) -> Project:
    """The project with more people, on a TikTok that processes files at once."""
    project.tiktok.set_processing(0)
    return replace(project, table=crowd(PEOPLE))


@pytest.fixture(params=["one identity", "several"])
def identities(request: pytest.FixtureRequest) -> dict[str, list[str]]:
    return ONE if request.param == "one identity" else SEVERAL


def declare(project: Project, **options: object) -> None:
    project.declare({"buyers": {"name": "Buyers", "delivery": "file", **options}})


def made(project: Project, people: slice, **options: object) -> None:
    """Make the audience of these people and let TikTok finish with it."""
    declare(project, **options)
    project.load(people)
    project.apply()
    project.tiktok.advance(HOURS_UNTIL_VALID)
    project.tiktok.clear_requests()


def audience(project: Project) -> Audience:
    (found,) = project.tiktok.audiences(project.account)
    return found


def calls(project: Project) -> list[str]:
    """Return the paths of the requests that change something, since the last time."""
    paths = [each.path for each in project.tiktok.requests() if each.method == "POST"]
    project.tiktok.clear_requests()
    return paths


def assert_holds(project: Project, people: slice, identities: list[str]) -> None:
    """TikTok holds these people exactly; status shows the audience, and plan and drift have nothing to say."""
    types = {"IDFA_MD5": "IDFA_MD5"} | ({"AAID_MD5": "GAID_MD5"} if "gaid" in identities else {})
    wanted = {(types[each], digest) for each, digest in project.hashed(people) if each in types}
    assert project.tiktok.members(project.audience_id("Buyers")) == wanted
    project.tiktok.advance(HOURS_UNTIL_VALID)
    project.assert_settled()
    status = project("status")
    assert (status.code, "Buyers" in status.out) == (0, True)
    drift = project("drift")
    assert drift.code == 0, drift.text
    project.tiktok.clear_requests()


# The life of an audience ------------------------------------------------------------------------------------------


def test_an_audience_holds_whom_the_files_say_after_every_change(
    filed: Project, identities: dict[str, list[str]]
) -> None:
    declare(filed, **identities, lifecycle=FREELY)
    steps = [
        ("create", slice(1_200), [UPLOAD, CREATE]),
        ("append", slice(1_400), [UPLOAD, UPDATE]),
        ("remove", slice(1_300), [UPLOAD, UPDATE]),
        ("append and remove", slice(100, 1_400), [UPLOAD, UPDATE, UPLOAD, UPDATE]),
        ("replace", slice(1_300, 2_600), [UPLOAD, UPDATE]),
    ]
    for step, people, sent in steps:
        filed.load(people)
        filed.apply()
        assert (step, calls(filed)) == (step, sent)
        assert_holds(filed, people, identities["identities"])


def test_what_is_sent_is_said_as_what_changed(filed: Project) -> None:
    declare(filed, **SEVERAL, lifecycle=FREELY)
    filed.load(slice(1_200))
    assert "+2,400 identifiers" in filed.apply().text
    filed.tiktok.advance(HOURS_UNTIL_VALID)
    filed.load(slice(100, 1_250))
    planned = filed.plan()["actions"][0]["members"]
    assert (planned["add"], planned["remove"]) == (100, 200)
    ran = filed("apply", "--auto-approve", "--format", "json")
    assert ran.document["identifiers"] == {"added": 100, "removed": 200}


def test_an_audience_taken_out_of_the_files_is_deleted(filed: Project) -> None:
    made(filed, slice(1_200), **ONE)
    filed.declare({})
    filed.apply()
    assert calls(filed) == [DELETE]
    assert filed.names() == []
    filed.assert_settled()


def test_a_saved_plan_sends_whom_it_was_made_with(filed: Project) -> None:
    made(filed, slice(1_200), **SEVERAL)
    filed.load(slice(1_250))
    assert filed("plan", "--out", "plan.json").code == 0
    filed.load(slice(1_300))
    assert filed("apply", "plan.json").code == 0
    types = {"IDFA_MD5": "IDFA_MD5", "AAID_MD5": "GAID_MD5"}
    wanted = {(types[each], digest) for each, digest in filed.hashed(slice(1_250))}
    assert filed.tiktok.members(filed.audience_id("Buyers")) == wanted


# The limits -------------------------------------------------------------------------------------------------------


def test_an_update_that_leaves_fewer_than_a_thousand_people_is_blocked(filed: Project) -> None:
    made(filed, slice(1_200), **ONE, lifecycle=FREELY)
    filed.load(slice(999))
    planned = filed("plan")
    assert planned.code == 1
    assert "a file update must keep 1,000" in planned.text
    assert filed("apply", "--auto-approve").code == 1
    assert calls(filed) == []
    filed.load(slice(1_000))
    filed.apply()
    assert_holds(filed, slice(1_000), ["idfa"])


def test_an_audience_that_tiktok_is_still_processing_is_blocked_until_it_is_done(filed: Project) -> None:
    declare(filed, **ONE)
    filed.load(slice(1_200))
    filed.apply()
    filed.load(slice(1_300))
    assert "TikTok is still processing it" in filed("plan").text
    filed.tiktok.advance(HOURS_UNTIL_VALID)
    filed.apply()
    assert_holds(filed, slice(1_300), ["idfa"])


def test_an_audience_of_nobody_is_not_made(filed: Project) -> None:
    declare(filed, where="ltv < 0")
    filed.load()
    planned = filed("plan")
    assert planned.code == 1
    assert "nobody is in it" in planned.text
    assert filed("apply", "--auto-approve").code == 1
    assert filed.names() == []


# Retention, sub-type, identities ----------------------------------------------------------------------------------


def test_retention_and_sub_type_are_what_the_files_say(filed: Project) -> None:
    made(filed, slice(1_200), **ONE, file={"retention_in_days": 30, "audience_sub_type": "REACH_FREQUENCY"})
    assert (audience(filed).retention_in_days, audience(filed).sub_type) == (30, "REACH_FREQUENCY")
    assert_holds(filed, slice(1_200), ["idfa"])


def test_another_retention_makes_the_audience_anew(filed: Project) -> None:
    made(filed, slice(1_200), **ONE, file={"retention_in_days": 30})
    before = filed.audience_id("Buyers")
    declare(filed, **ONE, file={"retention_in_days": 60})
    assert filed.plan()["summary"]["replace"] == 1
    filed.apply()
    assert filed.audience_id("Buyers") != before
    assert audience(filed).retention_in_days == 60
    assert_holds(filed, slice(1_200), ["idfa"])


def test_the_sub_type_changes_in_place_one_way_and_makes_the_audience_anew_the_other(filed: Project) -> None:
    made(filed, slice(1_200), **ONE)
    before = filed.audience_id("Buyers")
    declare(filed, **ONE, file={"audience_sub_type": "REACH_FREQUENCY"})
    filed.apply()
    assert (filed.audience_id("Buyers"), audience(filed).sub_type) == (before, "REACH_FREQUENCY")
    assert_holds(filed, slice(1_200), ["idfa"])
    declare(filed, **ONE)
    assert filed.plan()["summary"]["replace"] == 1
    filed.apply()
    assert filed.audience_id("Buyers") != before
    assert audience(filed).sub_type == "NORMAL"
    assert_holds(filed, slice(1_200), ["idfa"])


def test_a_second_identity_makes_the_audience_anew(filed: Project) -> None:
    made(filed, slice(1_200), **ONE)
    before = filed.audience_id("Buyers")
    declare(filed, **SEVERAL)
    filed.apply()
    assert filed.audience_id("Buyers") != before
    assert audience(filed).calculate_type == "MULTIPLE_TYPES"
    assert_holds(filed, slice(1_200), ["idfa", "gaid"])


def test_streaming_and_files_do_not_change_into_each_other_in_place(filed: Project) -> None:
    made(filed, slice(1_200), **ONE)
    filed.declare({"buyers": {"name": "Buyers", **ONE}})
    filed.apply()
    assert audience(filed).audience_type == "Partner Audience"
    filed.assert_settled()
    declare(filed, **ONE)
    filed.apply()
    assert audience(filed).audience_type == "Customer File Audience"
    assert_holds(filed, slice(1_200), ["idfa"])
