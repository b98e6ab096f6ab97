"""Every kind of drift, made by hand on the local TikTok, told with its cause, and gone after an apply that mends it."""

from __future__ import annotations

import json
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from reconciler.plan.drift.model import DriftKind
from reconciler.sandbox import Sandbox
from reconciler.state import history as history_document
from reconciler.state.errors import StoreError
from reconciler.state.local import LocalStore
from reconciler.tiktok.errors import PermissionDeniedError
from tests.cli.project import ACCOUNT, OTHER_ACCOUNT, Project

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

ANN: Final = "ann@example.com"


def look(project: Project, *arguments: str) -> list[Any]:
    """Return what drifted."""
    ran = project("drift", "--format", "json", *arguments)
    assert ran.code == (2 if ran.document["drift"] else 0), ran.text
    found: list[Any] = ran.document["drift"]
    return found


def only(project: Project, kind: str, *arguments: str) -> Any:
    """Return the one thing that drifted, which has to be of this kind."""
    found = look(project, *arguments)
    assert [each["kind"] for each in found] == [kind], found
    return found[0]


def kinds(project: Project, *arguments: str) -> list[str]:
    return [each["kind"] for each in look(project, *arguments)]


@pytest.fixture(scope="module")
def seen(people: pa.Table, people_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose one audience TikTok has matched, as an apply has seen: made once, and copied for each test."""
    folder = tmp_path_factory.mktemp("seen")
    shutil.copy(people_file, folder / "people.parquet")
    with pytest.MonkeyPatch.context() as patched, Sandbox(folder / ".reconciler" / "sandbox.db") as sandbox:
        patched.setattr(os, "fsync", lambda _descriptor: None)
        patched.chdir(folder)
        sandbox.ensure([ACCOUNT, OTHER_ACCOUNT])
        project = Project(folder, people, sandbox.controls)
        project.declare({"buyers": {"name": "Buyers"}})
        project.apply()
        project.tiktok.advance(72)
        project.apply()
        project.tiktok.advance(1)
        assert look(project) == []
        project.tiktok.clear_requests()
    return folder


@pytest.fixture
def delivered(folder: Path, seen: Path, people: pa.Table) -> Iterator[Project]:
    """A project in which nothing has drifted; people are looked at."""
    shutil.copytree(seen, folder, dirs_exist_ok=True)
    with Sandbox(folder / ".reconciler" / "sandbox.db") as sandbox:
        yield Project(folder, people, sandbox.controls)


@pytest.fixture
def settled(delivered: Project) -> Project:
    """The same with people left alone, for what has nothing to do with them."""
    return delivered.structure()


def buyers(project: Project) -> str:
    return project.audience_id("Buyers")


def test_deleted_says_when_it_was_last_seen_and_apply_makes_it_again(delivered: Project) -> None:
    delivered.tiktok.delete(buyers(delivered))
    found = only(delivered, "deleted")
    assert (found["before"], found["remedy"]) == ("Buyers", "apply creates it again")
    assert found["last_seen"] is not None
    assert found["location"]["file"] == "audiences.yaml"
    delivered.apply()
    assert look(delivered) == []


def test_renamed_says_who_did_it_and_when_and_apply_renames_it_back(settled: Project) -> None:
    settled.tiktok.rename(buyers(settled), "Sellers", ANN)
    found = only(settled, "renamed")
    assert (found["before"], found["after"], found["by"]) == ("Buyers", "Sellers", ANN)
    assert found["since"] == f"{settled.tiktok.now():%Y-%m-%dT%H:%M}" + found["since"][16:]
    assert found["remedy"] == 'apply renames it to "Buyers"'
    settled.tiktok.advance(1)
    settled.apply()
    assert look(settled) == []


def test_retyped_stops_an_apply(settled: Project) -> None:
    settled.tiktok.set_kind(buyers(settled), "Website Audience")
    found = only(settled, "retyped")
    assert (found["before"], found["after"]) == ("Partner Audience", "Website Audience")
    assert found["remedy"].startswith("apply stops: ")
    assert settled("apply", "--auto-approve").code == 1
    assert kinds(settled) == ["retyped"]


def test_another_sub_type_of_a_file_audience_is_retyped_and_apply_replaces_it(project: Project) -> None:
    project.declare({"buyers": {"name": "Buyers", "delivery": "file"}})
    project.apply()
    project.tiktok.advance(72)
    project.tiktok.set_sub_type(buyers(project), "REACH_FREQUENCY", ANN)
    found = only(project, "retyped")
    assert (found["before"], found["after"], found["by"]) == ("NORMAL", "REACH_FREQUENCY", ANN)
    assert found["remedy"] == "apply replaces it by a new one"
    project.tiktok.advance(1)
    project.apply()
    assert look(project) == []


def test_files_of_another_type_are_retyped_until_an_apply_has_seen_them(project: Project) -> None:
    project.declare({"buyers": {"name": "Buyers", "delivery": "file"}})
    project.apply()
    project.tiktok.advance(72)
    project.apply()
    project.tiktok.set_calculate_type(buyers(project), "IDFA_SHA256")
    assert "its file type is IDFA_SHA256" in only(project, "retyped")["summary"]
    project.apply()
    assert look(project) == []


def test_invalid_says_what_tiktok_says(settled: Project) -> None:
    settled.tiktok.set_error(buyers(settled), "Source data was rejected")
    found = only(settled, "invalid")
    assert found["summary"] == "TikTok reports: Source data was rejected"
    settled.apply()
    assert kinds(settled) == ["invalid"]  # what an apply cannot mend stays
    settled.tiktok.set_error(buyers(settled), "")
    assert look(settled) == []


def test_too_few_matches_to_be_valid_are_told(settled: Project) -> None:
    settled.tiktok.set_matched(buyers(settled), 900)
    assert "TikTok matched 900 people, and needs 1,000" in only(settled, "invalid")["summary"]


def test_expired_and_expiring_say_the_day_and_a_delivery_renews(delivered: Project) -> None:
    audience, now = buyers(delivered), delivered.tiktok.now()
    delivered.tiktok.set_expiry(audience, now + timedelta(days=20))
    found = only(delivered, "expiring")
    assert f"{now + timedelta(days=20):%Y-%m-%d}" in found["summary"]
    delivered.tiktok.set_expiry(audience, now - timedelta(days=2))
    found = only(delivered, "expired")
    assert found["since"].startswith(f"{now - timedelta(days=2):%Y-%m-%dT%H:%M}")
    assert "apply does not renew it while its people stay the same" in found["remedy"]
    delivered.load(slice(0, 1_190))
    told = {each["kind"]: each for each in look(delivered)}
    assert told.keys() == {"expired", "members"}
    assert told["expired"]["remedy"] == "apply renews it: it delivers people that changed"
    delivered.apply()
    assert look(delivered) == []


def test_emptied_says_who_emptied_it_and_how_it_is_filled_again(delivered: Project) -> None:
    delivered.tiktok.empty(buyers(delivered), ANN)
    found = only(delivered, "emptied")
    assert (found["before"], found["after"], found["by"]) == ("1,200 people matched", "0 people matched", ANN)
    assert f"reconciler import audience.buyers {buyers(delivered)}" in found["remedy"]
    delivered.tiktok.advance(1)
    audience = buyers(delivered)
    assert delivered("state rm", "audience.buyers").code == 0
    assert delivered("import", "audience.buyers", audience).code == 0
    delivered.apply()
    delivered.tiktok.advance(72)
    assert look(delivered) == []
    assert delivered.tiktok.members(audience) == delivered.hashed()


def test_a_delivery_that_nothing_comes_of_is_told_after_48_hours_and_not_before(project: Project) -> None:
    project.apply()
    audience = buyers(project)
    project.tiktok.set_matched(audience, 0)
    project.tiktok.advance(47)
    assert look(project) == []
    project.tiktok.advance(2)
    assert only(project, "emptied")["before"] == "1,200 people delivered"


def test_a_match_rate_below_what_the_files_ask_for_is_told(settled: Project) -> None:
    settled.tiktok.set_matched(buyers(settled), 1_100)
    assert look(settled) == []
    settled.declare({"buyers": {"name": "Buyers", "lifecycle": {"minimum_match_percent": 95}}})
    found = only(settled, "match_rate")
    assert (found["before"], found["after"]) == ("1,200 people delivered", "1,100 matched")
    assert "91.7 %" in found["summary"]


def test_shared_says_who_shared_it_until_an_apply_has_seen_it(settled: Project) -> None:
    settled.tiktok.share(buyers(settled), settled.other_account, ANN)
    found = only(settled, "shared")
    assert (found["by"], found["since"] is not None) == (ANN, True)
    settled.tiktok.advance(1)
    settled.apply()
    assert look(settled) == []
    settled.tiktok.unshare(buyers(settled), settled.other_account, "open_api")
    assert look(settled) == []


@pytest.mark.parametrize("kind", ["standard", "smart_plus", "top_view"])
def test_in_use_says_which_ad_group_and_who_put_it_there(settled: Project, kind: str) -> None:
    made = settled.tiktok.add_ad_group(
        settled.account, "Spring sale", includes=[buyers(settled)], kind=kind, editor=ANN
    )
    found = only(settled, "in_use")
    (detail,) = found["details"]
    assert f'"Spring sale" ({made}) includes it' in detail
    assert (found["by"], found["since"] is not None) == (ANN, True)
    settled.apply()
    assert look(settled) == []
    settled.tiktok.delete_ad_group(made)
    assert look(settled) == []


def test_saved_audiences_and_lookalikes_are_uses_too(settled: Project) -> None:
    audience = buyers(settled)
    settled.tiktok.add_saved_audience(settled.account, "Saved", excludes=[audience])
    settled.tiktok.add_audience(settled.account, "Alike", "Lookalike Audience", source_audience_id=audience)
    used, stranger = look(settled)
    assert (used["kind"], stranger["kind"]) == ("in_use", "unmanaged")
    assert [each.split(" ")[0] for each in used["details"]] == ["saved", "Lookalike"]
    assert used["by"] is None


def test_edited_lists_what_people_did_that_nothing_else_tells(settled: Project) -> None:
    settled.tiktok.edit(buyers(settled), "Change description", "for the spring", ANN)
    settled.tiktok.rename(buyers(settled), "Sellers", ANN)
    told = {each["kind"]: each for each in look(settled)}
    assert told.keys() == {"renamed", "edited"}
    (line,) = told["edited"]["details"]
    assert line.endswith(f"UTC, {ANN}: Change description: for the spring")
    settled.tiktok.advance(1)
    settled.apply()
    assert look(settled) == []


def test_members_are_told_for_the_same_declaration_only(delivered: Project) -> None:
    delivered.load(slice(0, 1_100))
    found = only(delivered, "members")
    assert (found["before"], found["after"]) == ("1,200 people", "1,100 people")
    assert "+0 / −200 identifiers" in found["summary"]
    assert found["remedy"] == "apply delivers the difference"
    delivered.load()
    delivered.declare({"buyers": {"name": "Buyers", "where": "country = 'US'"}})
    assert look(delivered) == []  # a plan shows it


def test_a_declaration_that_lets_the_same_people_through_is_known_after_an_apply_of_nothing(delivered: Project) -> None:
    delivered.declare({"buyers": {"name": "Buyers", "where": "ltv >= 0"}})
    delivered.apply()
    delivered.load(slice(0, 1_100))
    assert kinds(delivered) == ["members"]


def test_people_left_out_are_said_to_be(delivered: Project) -> None:
    delivered.load(slice(0, 1_100))
    ran = delivered("drift", "--skip-members")
    assert (ran.code, "People were not looked at." in ran.out) == (0, True)
    assert delivered("drift", "--skip-members", "--format", "json").document["skipped_members"] is True


def test_a_removal_too_large_is_said_to_stand_against_the_delivery(delivered: Project) -> None:
    delivered.load(slice(0, 100))
    remedy = only(delivered, "members")["remedy"]
    assert remedy.startswith("apply delivers the difference, once nothing stands against it: ")
    assert "the limit is 30 %" in remedy


def test_an_account_that_was_disabled_is_told_until_it_is_enabled(settled: Project) -> None:
    settled.tiktok.set_status(settled.account, "STATUS_DISABLE")
    found = only(settled, "account_status")
    assert (found["before"], found["after"], found["address"]) == ("STATUS_ENABLE", "STATUS_DISABLE", None)
    assert (found["audience_id"], found["location"]["file"]) == (None, "audiences.yaml")
    settled.tiktok.set_status(settled.account, "STATUS_ENABLE")
    assert look(settled) == []


def test_a_role_that_was_taken_away_is_told_until_an_apply_has_seen_it(settled: Project) -> None:
    settled.tiktok.set_role(settled.account, "ANALYST")
    found = only(settled, "account_role")
    assert (found["before"], found["after"]) == ("ADMIN", "ANALYST")
    settled.apply()
    assert look(settled) == []


def test_an_account_that_can_no_longer_be_read_is_told_and_nothing_else_of_it(settled: Project) -> None:
    settled.tiktok.withdraw(settled.account)
    settled.tiktok.rename(settled.audience_id("Buyers"), "Renamed")
    found = only(settled, "access")
    assert "may not act for it" in found["summary"]
    assert "auth login" in found["remedy"]
    settled.tiktok.set_role(settled.account, "ADMIN")
    assert kinds(settled) == ["renamed"]


def test_an_expectation_that_is_not_met_is_told_with_its_line(settled: Project) -> None:
    settled.tiktok.set_account(settled.account, currency="EUR")
    assert look(settled) == []
    settled.declare(
        {"buyers": {"name": "Buyers"}},
        advertisers={"acme": {"advertiser_id": settled.account, "expect": {"currency": "USD"}}},
    )
    found = only(settled, "expectation")
    assert (found["before"], found["after"]) == ("USD", "EUR")
    lines = (settled.folder / "audiences.yaml").read_text(encoding="utf-8").splitlines()
    assert "currency: USD" in lines[found["location"]["line"] - 1]


def test_unmanaged_says_since_when_it_is_there(settled: Project) -> None:
    settled.tiktok.add_audience(settled.account, "Stranger", "Partner Audience")
    found = only(settled, "unmanaged")
    assert found["since"].startswith(f"{settled.tiktok.now():%Y-%m-%dT%H}")


def everything(project: Project) -> Project:
    """Leave a project in which most kinds have drifted at once."""
    audience = buyers(project)
    project.tiktok.rename(audience, "Sellers", ANN)
    project.tiktok.share(audience, project.other_account, ANN)
    project.tiktok.add_ad_group(project.account, "Spring sale", includes=[audience], editor=ANN)
    project.tiktok.add_audience(project.account, "Stranger", "Partner Audience")
    project.tiktok.set_account(project.account, name="Renamed account")
    return project


def test_looking_for_drift_writes_nothing_anywhere(settled: Project) -> None:
    project = everything(settled)
    state = project.folder / ".reconciler" / "sandbox-state"

    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in sorted(state.rglob("*")) if path.is_file()}

    before = contents()
    project.tiktok.clear_requests()
    assert project("drift").code == 2
    assert contents() == before
    assert {each.method for each in project.tiktok.requests()} == {"GET"}


def test_refresh_only_accepts_what_is_there_and_changes_nothing_on_tiktok(settled: Project) -> None:
    project = everything(settled)
    project.tiktok.advance(1)
    project.tiktok.clear_requests()
    ran = project("apply", "--refresh-only", "--format", "json")
    assert ran.code == 0
    assert [each["kind"] for each in ran.document["drift"]] == ["shared", "in_use"]
    assert "2 other findings cannot be accepted" in ran.text
    assert {each.method for each in project.tiktok.requests()} == {"GET"}
    assert kinds(project) == ["renamed", "unmanaged"]
    assert "There is nothing to accept." in project("apply", "--refresh-only").text


def test_refresh_only_limited_to_an_address_accepts_nothing_else(delivered: Project) -> None:
    delivered.declare({key: {"name": key.title()} for key in ("buyers", "others")})
    delivered.apply()
    delivered.tiktok.advance(1)
    for name in ("Buyers", "Others"):
        delivered.tiktok.share(delivered.audience_id(name), delivered.other_account)
    delivered("apply", "--refresh-only", "--target", "audience.others")
    assert only(delivered, "shared")["address"] == "audience.buyers"


def test_refresh_only_is_a_beginning_too(settled: Project) -> None:
    (settled.folder / ".reconciler" / "sandbox-state" / "history.json").unlink()
    assert settled("apply", "--refresh-only").code == 0
    settled.tiktok.add_ad_group(settled.account, "Spring sale", includes=[buyers(settled)])
    assert kinds(settled) == ["in_use"]


def test_refresh_only_does_not_say_that_nothing_drifted_where_something_stays(settled: Project) -> None:
    settled.tiktok.rename(buyers(settled), "Sellers", ANN)
    ran = settled("apply", "--refresh-only")
    assert (ran.code, ran.out) == (0, "")
    assert "1 other finding cannot be accepted" in ran.err


def test_refresh_only_takes_no_saved_plan(settled: Project) -> None:
    assert settled("plan", "--out", "plan.json").code == 0
    assert settled("apply", "plan.json", "--refresh-only").code == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 2),
        (("--fail-on", "renamed"), 2),
        (("--fail-on", "deleted,Renamed"), 2),
        (("--fail-on", "deleted", "--fail-on", "renamed"), 2),
        (("--fail-on", "deleted,match-rate"), 0),
        (("--fail-on", "none"), 0),
        (("--ignore", "renamed"), 0),
        (("--ignore", "deleted,renamed"), 0),
    ],
)
def test_the_exit_code_goes_by_the_kinds_asked_for(settled: Project, options: tuple[str, ...], code: int) -> None:
    settled.tiktok.rename(buyers(settled), "Sellers")
    ran = settled("drift", *options)
    assert ran.code == code
    assert ("renamed" in ran.out) == ("--ignore" not in options)


@pytest.mark.parametrize("option", ["--fail-on", "--ignore"])
@pytest.mark.parametrize("value", ["everything", "none,renamed", "renamed,,deleted", ""])
def test_what_is_no_kind_is_refused_with_the_kinds_there_are(settled: Project, option: str, value: str) -> None:
    ran = settled("drift", option, value)
    assert ran.code == 1
    assert "These are: deleted," in ran.text


def test_an_apply_that_left_something_out_remembers_what_it_saw(settled: Project) -> None:
    settled.declare({"fresh": {"name": "Fresh"}})
    settled.tiktok.add_ad_group(settled.account, "Spring sale", includes=[buyers(settled)])
    settled.tiktok.advance(1)
    assert settled("apply", "--auto-approve", "--skip-blocked").code == 1  # what is in use is not deleted
    assert look(settled) == []


def test_an_apply_limited_to_an_address_accepts_nothing_about_others(delivered: Project) -> None:
    delivered.declare({key: {"name": key.title()} for key in ("buyers", "others")})
    delivered.tiktok.share(buyers(delivered), delivered.other_account)
    assert delivered("apply", "--auto-approve", "--target", "audience.others").code == 0
    assert only(delivered, "shared")["address"] == "audience.buyers"


def test_a_history_that_cannot_be_read_is_said_and_the_next_apply_begins_a_new_one(settled: Project) -> None:
    history = settled.folder / ".reconciler" / "sandbox-state" / "history.json"
    history.write_text("{", encoding="utf-8")
    settled.tiktok.share(buyers(settled), settled.other_account)
    ran = settled("drift")
    assert (ran.code, "cannot be used" in ran.err) == (2, True)
    assert ran.err.startswith("warning: ")  # it stops nothing
    assert "cannot be used" in settled.apply().err
    assert json.loads(history.read_text(encoding="utf-8"))["version"] == history_document.VERSION
    assert look(settled) == []


def test_an_apply_is_not_failed_by_what_it_cannot_remember(settled: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    put = LocalStore.put

    def full(self: LocalStore, name: str, content: bytes | Path) -> None:
        if name == "history.json":
            raise StoreError("cannot write history.json: no space left")
        put(self, name, content)

    monkeypatch.setattr(LocalStore, "put", full)
    ran = settled.apply()
    assert "was not remembered" in ran.err


@pytest.mark.parametrize(
    ("lookup", "what"),
    [
        ("usage.look_up", "what uses its audiences could not be looked up"),
        ("audiences.history", "who edited its audiences could not be looked up"),
        ("audiences.applications", "who put its audiences into ad groups could not be looked up"),
    ],
)
def test_a_lookup_that_tiktok_refuses_is_said_and_the_rest_is_told(
    settled: Project, monkeypatch: pytest.MonkeyPatch, lookup: str, what: str
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise PermissionDeniedError("not allowed for this app", code=40001)

    settled.tiktok.add_ad_group(settled.account, "Spring sale", includes=[buyers(settled)])
    settled.tiktok.rename(buyers(settled), "Sellers", ANN)
    monkeypatch.setattr(f"reconciler.tiktok.{lookup}", refuse)
    ran = settled("drift")
    assert (ran.code, what in ran.err) == (2, True)
    assert ("newly used" in ran.out) == (lookup != "usage.look_up")
    assert "1 renamed" in ran.out
    assert (f"by {ANN}" in ran.out) == (lookup != "audiences.history")


def test_what_used_an_audience_stays_known_where_tiktok_does_not_let_an_apply_look(
    settled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise PermissionDeniedError("not allowed for this app", code=40001)

    settled.tiktok.add_ad_group(settled.account, "Spring sale", includes=[buyers(settled)])
    with monkeypatch.context() as patched:
        patched.setattr("reconciler.tiktok.usage.look_up", refuse)
        settled.apply()
    assert kinds(settled) == ["in_use"]


def test_remembering_and_looking_at_400_audiences_costs_pages(project: Project) -> None:
    names = [f"Segment {number}" for number in range(400)]
    ids = {name: project.tiktok.add_audience(project.account, name, "Partner Audience") for name in names}
    project.declare({f"segment_{number}": {"name": name, "import": ids[name]} for number, name in enumerate(names)})
    project = project.structure()
    project.tiktok.clear_requests()
    project.apply()
    assert len(project.tiktok.requests()) <= 30
    project.tiktok.clear_requests()
    assert look(project) == []
    assert len(project.tiktok.requests()) <= 20


def test_a_run_over_http_tells_the_same(served: Project) -> None:
    served.apply()
    served.tiktok.share(buyers(served), served.other_account, ANN)
    assert kinds(served) == ["shared"]


def test_every_kind_is_made_by_hand_in_this_file() -> None:
    said = Path(__file__).read_text(encoding="utf-8")
    assert [kind for kind in DriftKind if f'"{kind}"' not in said] == []
