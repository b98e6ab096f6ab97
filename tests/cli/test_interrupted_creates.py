"""Creates that were begun and never seen to end: told of, waited for as long as they may last, let go by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.state import change
from reconciler.state.model import PendingCreate
from reconciler.state.repository import open_state
from tests.cli.project import ACCOUNT, OTHER_ACCOUNT

if TYPE_CHECKING:
    from reconciler.state.repository import StateStore
    from tests.cli.project import Project

STREAMING = "Partner Audience"
NOW = datetime.now(UTC)


def state_of(project: Project) -> StateStore:
    return open_state(str(project.folder / ".reconciler" / "sandbox-state"))


def begin(project: Project, address: str, name: str, *, account: str = ACCOUNT, since: datetime = NOW) -> None:
    """Leave the state as an apply does that dies before its create."""
    intent = PendingCreate(
        address,
        account,
        name,
        "streaming",
        ("idfa",),
        known_ids=(),
        plan_id="earlier",
        since=since,
        until=since + timedelta(hours=1),
    )
    store = state_of(project)
    with store.lock("test"):
        state = store.open()
        state.save(change.with_pending(state.state, intent))


def pending(project: Project) -> list[str]:
    return [each.address for each in state_of(project).read().state.pending]


def test_an_empty_plan_is_remembered_as_having_found_nothing_of_an_interrupted_create(project: Project) -> None:
    project = project.structure()
    project.apply()
    begin(project, "audience.sellers", "Sellers")

    assert "No changes." in project.apply().text
    assert pending(project) == []
    project.tiktok.add_audience(ACCOUNT, "Sellers", STREAMING)
    project.assert_settled()


def test_an_interrupted_create_is_listed_and_let_go_by_hand(project: Project) -> None:
    project = project.structure()
    project.apply()
    begin(project, "audience.sellers", "Sellers")

    listed = project("state list")
    assert listed.out == "audience.buyers\n"
    assert "audience.sellers: a create was interrupted" in listed.text
    assert project("state list", "--format", "json").document == {
        "addresses": ["audience.buyers"],
        "interrupted": ["audience.sellers"],
    }
    let_go = project("state rm", "audience.sellers")
    assert (let_go.code, pending(project)) == (0, [])
    assert 'named "Sellers"' in let_go.text


def test_of_several_none_is_kept_where_the_note_is_let_go(project: Project) -> None:
    project = project.structure()
    project.apply()
    for _ in range(2):
        project.tiktok.add_audience(ACCOUNT, "Sellers", STREAMING)
    begin(project, "audience.sellers", "Sellers")

    refused = project("plan")
    assert refused.code == 1
    assert "reconciler state rm audience.sellers" in refused.text
    assert project("state rm", "audience.sellers").code == 0
    project.assert_settled()
    assert project.names() == ["Buyers", "Sellers", "Sellers"]


def test_a_move_to_where_a_create_was_interrupted_is_possible_once_it_is_let_go(project: Project) -> None:
    project = project.structure()
    project.apply()
    project.tiktok.add_audience(ACCOUNT, "Sellers", STREAMING)
    begin(project, "audience.sellers", "Sellers")
    project.declare({"sellers": {"name": "Buyers"}}, moved=[{"from": "audience.buyers", "to": "audience.sellers"}])

    refused = project("plan")
    assert (refused.code, "reconciler state rm" in refused.text) == (1, True)
    assert project("state rm", "audience.sellers").code == 0
    project.apply()
    project.assert_settled()
    assert project.names() == ["Buyers", "Sellers"]


def test_an_import_in_place_of_an_interrupted_create_names_what_that_may_have_made(project: Project) -> None:
    project = project.structure()
    project.declare({"buyers": {"name": "Buyers"}})
    made = project.tiktok.add_audience(ACCOUNT, "Buyers", STREAMING)
    chosen = project.tiktok.add_audience(ACCOUNT, "By hand", STREAMING)
    begin(project, "audience.buyers", "Buyers")

    ran = project("import", "audience.buyers", chosen)

    assert (ran.code, pending(project)) == (0, [])
    assert f"an interrupted create may have made {made}" in ran.text


def test_an_import_names_the_other_account_in_which_a_create_was_interrupted(project: Project) -> None:
    project = project.structure()
    chosen = project.tiktok.add_audience(ACCOUNT, "Buyers", STREAMING)
    begin(project, "audience.buyers", "Buyers", account=OTHER_ACCOUNT)

    ran = project("import", "audience.buyers", chosen)

    assert (ran.code, pending(project)) == (0, [])
    assert f"a create was interrupted in account {OTHER_ACCOUNT}" in ran.text


def test_what_is_given_the_name_days_later_is_somebody_elses(project: Project) -> None:
    project = project.structure()
    begin(project, "audience.buyers", "Buyers", since=NOW - timedelta(days=3))
    theirs = project.tiktok.add_audience(ACCOUNT, "Buyers", STREAMING)

    refused = project("plan")
    assert (refused.code, f'import: "{theirs}"' in refused.text) == (1, True)
    project.declare({})
    project.apply()
    assert (project.names(), pending(project)) == (["Buyers"], [])
