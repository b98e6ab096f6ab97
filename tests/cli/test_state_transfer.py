"""`state pull`, `push` and `migrate`, and what a damaged state does to an apply: nothing of which touches TikTok."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler.cli import planning
from reconciler.refresh.gather import Gathered, gather
from reconciler.state.repository import open_state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.project import Project


@pytest.fixture
def owner(served: Project) -> Project:
    """A project that manages two audiences, and has a log of requests that is empty."""
    project = served.structure()
    project.declare({"buyers": {"name": "Buyers"}, "sellers": {"name": "Sellers"}})
    project.apply()
    project.tiktok.clear_requests()
    return project


@pytest.fixture
def kept(owner: Project) -> Path:
    """The state's document."""
    return owner.folder / ".reconciler" / "state" / "state.json"


def test_pull_gives_the_document_as_it_stands(owner: Project, kept: Path) -> None:
    assert owner("state pull").out.encode() == kept.read_bytes()
    assert owner("state pull", "-o", "pulled.json").code == 0
    assert (owner.folder / "pulled.json").read_bytes() == kept.read_bytes()
    assert owner.tiktok.requests() == ()


def test_a_backup_that_is_pushed_brings_back_what_was_lost(owner: Project) -> None:
    assert owner("state pull", "-o", "backup.json").code == 0
    assert owner("state rm", "audience.buyers").code == 0
    older = owner("state push", "backup.json")
    assert older.code == 1
    assert "--force" in older.text
    back = owner("state push", "--force", "backup.json")
    assert back.code == 0
    assert "added audience.buyers" in back.text
    (pushed, *_) = owner("history", "--address", "audience.buyers", "--format", "json").document["runs"]
    assert pushed["command"] == "state push"
    assert owner.tiktok.requests() == ()
    owner.assert_settled()


def test_a_document_mended_by_hand_is_taken_with_a_warning(owner: Project) -> None:
    document = owner("state pull").document
    del document["resources"]["audience.sellers"]
    owner.write(json.dumps(document), "mended.json")
    ran = owner("state push", "mended.json")
    assert ran.code == 0
    assert "Warning: the checksum did not fit" in ran.err
    assert "removed audience.sellers" in ran.err
    assert owner("state list").out == "audience.buyers\n"
    assert owner("history").code == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 3}', "version: 3"])
def test_what_is_no_state_is_not_pushed(owner: Project, kept: Path, text: str) -> None:
    before = kept.read_bytes()
    owner.write(text, "not.json")
    assert owner("state push", "--force", "not.json").code == 1
    assert owner("state push", "missing.json").code == 1
    assert kept.read_bytes() == before


def test_a_state_that_moved_is_found_where_it_moved_to_and_nowhere_else(owner: Project) -> None:
    moved = owner("state migrate", "--to", "shared/state")
    assert moved.code == 0, moved.text
    assert "Now set state.url to shared/state in the files." in moved.err
    for command in ("plan", "apply", "drift", "state list", "state pull"):
        refused = owner(command)
        assert refused.code == 1
        assert f"moved to {owner.folder / 'shared' / 'state'}" in refused.text
    assert owner.tiktok.requests() == () or "POST" not in {each.method for each in owner.tiktok.requests()}
    owner.declare({"buyers": {"name": "Buyers"}, "sellers": {"name": "Sellers"}}, state={"url": "shared/state"})
    owner.assert_settled()


def test_the_state_of_the_local_tiktok_does_not_move(project: Project) -> None:
    refused = project("state migrate", "--to", "elsewhere")
    assert refused.code == 1
    assert "local TikTok" in refused.text


def test_an_apply_on_a_damaged_state_writes_nothing_to_tiktok(owner: Project, kept: Path) -> None:
    owner.declare({"buyers": {"name": "New name"}, "new": {"name": "New"}})
    whole = kept.read_bytes()
    for at in range(0, len(whole), len(whole) // 12):
        kept.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        refused = owner("apply", "--auto-approve")
        assert refused.code == 1, at
        assert "damaged" in refused.text
    assert "POST" not in {each.method for each in owner.tiktok.requests()}


def test_an_apply_on_a_damaged_snapshot_writes_nothing_to_tiktok(served: Project) -> None:
    served.apply()
    (kept,) = (served.folder / ".reconciler" / "state" / "sets").iterdir()
    whole = kept.read_bytes()
    kept.chmod(0o600)
    served.tiktok.clear_requests()
    served.load(slice(0, 1_100))
    for at in range(0, len(whole), len(whole) // 4):
        kept.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        refused = served("apply", "--auto-approve")
        assert refused.code == 1, at
        assert "damaged" in refused.text
    assert "POST" not in {each.method for each in served.tiktok.requests()}


@pytest.mark.parametrize("whose", ["wanted", "delivered"])
def test_a_saved_plan_whose_sets_were_damaged_since_writes_nothing_to_tiktok(served: Project, whose: str) -> None:
    served.apply()
    sets = served.folder / ".reconciler" / "state" / "sets"
    (delivered,) = sets.iterdir()
    served.load(slice(0, 1_100))
    declared = yaml.safe_load((served.folder / "audiences.yaml").read_text(encoding="utf-8"))["audiences"]
    served.declare({**declared, "first": {"name": "Made before anybody is delivered"}})
    assert served("plan", "--out", "plan.json").code == 0
    (wanted,) = set(sets.iterdir()) - {delivered}
    kept = {"wanted": wanted, "delivered": delivered}[whose]
    whole = kept.read_bytes()
    kept.chmod(0o600)
    served.tiktok.clear_requests()
    for at in range(0, len(whole), len(whole) // 4):
        kept.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        refused = served("apply", "plan.json")
        assert refused.code == 1, at
        assert "damaged" in refused.text
    assert "POST" not in {each.method for each in served.tiktok.requests()}
    kept.write_bytes(whole)
    assert served("apply", "plan.json").code == 0
    served.assert_settled()


def test_a_saved_plan_damaged_in_the_file_writes_nothing_to_tiktok(owner: Project) -> None:
    owner.declare({"buyers": {"name": "New name"}, "new": {"name": "New"}})
    assert owner("plan", "--out", "plan.json").code == 0
    path = owner.folder / "plan.json"
    whole = path.read_bytes()
    owner.tiktok.clear_requests()
    for at in range(0, len(whole), len(whole) // 12):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert owner("apply", "plan.json").code == 1, at
    assert owner.tiktok.requests() == ()


def test_a_damaged_record_of_a_saved_plan_misleads_nobody(served: Project) -> None:
    served.apply()
    served.load(slice(0, 1_100))
    assert served("plan", "--out", "plan.json").code == 0
    (record,) = (served.folder / ".reconciler" / "state" / "staged").iterdir()
    whole = record.read_bytes()
    record.chmod(0o600)
    record.write_bytes(whole.replace(b'"digests"', b'"digestz"'))
    assert served("apply", "plan.json").code == 0  # the sets are known by their own bytes
    served.assert_settled()
    assert not record.exists()


def test_who_was_sent_since_a_backup_was_made_is_taken_out_again(served: Project) -> None:
    served.declare({"buyers": {"name": "Buyers", "lifecycle": {"max_removal_percent": 100}}})
    served.load(slice(0, 1000))
    served.apply()
    sets = served.folder / ".reconciler" / "state" / "sets"
    shutil.copytree(sets, served.folder / "sets")
    assert served("state pull", "-o", "backup.json").code == 0
    served.load(slice(200, 1200))
    served.apply()
    shutil.copytree(served.folder / "sets", sets, dirs_exist_ok=True)
    assert served("state push", "--force", "backup.json").code == 0

    served.load(slice(0, 1000))
    assert served.plan()["summary"]["update"] == 1
    served.apply()
    held = served.tiktok.members(served.audience_id("Buyers"))
    assert held == served.hashed(slice(0, 1000))
    served.assert_settled()


def test_a_plan_beside_an_apply_that_removed_a_set_says_to_plan_again(
    served: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.declare({"buyers": {"name": "Buyers"}})
    served.apply()
    store = open_state(str(served.folder / ".reconciler" / "state"))
    look = gather

    async def look_too_late(*args: Any, **kwargs: Any) -> Gathered:
        for each in (served.folder / ".reconciler" / "state" / "sets").iterdir():
            each.unlink()
        with store.lock("apply"):
            state = store.open()
            state.save(state.state)
        return await look(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(planning, "gather", look_too_late)
        late = served("plan")
    assert (late.code, "another run has changed the state" in late.text) == (1, True)
    missing = served("plan")
    assert (missing.code, "is not in the state store" in missing.text) == (1, True)


def test_the_history_of_a_state_that_has_moved_is_where_it_is_now(owner: Project) -> None:
    assert owner("state migrate", "--to", "elsewhere").code == 0
    ran = owner("history")
    assert (ran.code, "elsewhere" in ran.text) == (1, True)


def test_a_push_over_a_state_that_cannot_be_read_says_what_nobody_knows(owner: Project, kept: Path) -> None:
    assert owner("state pull", "-o", "backup.json").code == 0
    kept.write_bytes(b"{")
    ran = owner("state push", "--force", "backup.json")

    assert ran.code == 0
    assert "nobody knows whom TikTok was sent since this copy was made" in ran.text
