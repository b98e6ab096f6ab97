"""What is asked is asked on stderr and of a person, and what is said is said as people say it."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from reconciler.state.errors import StoreError
from reconciler.state.repository import open_state
from tests.cli.logging_in import keep
from tests.cli.terminal import on_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.project import Project


def test_a_reset_asks_beside_its_output_and_does_nothing_without_a_yes(project: Project) -> None:
    project = project.structure()
    project.apply()
    declined = project.run("sandbox", "reset", stdin="n\n")

    assert (declined.code, declined.out) == (1, "")
    assert "Empty it?" in declined.err
    assert "Nothing was done." in declined.err
    assert project.names() == ["Buyers"]
    agreed = project.run("sandbox", "reset", stdin="y\n")
    assert (agreed.code, agreed.out) == (0, "")
    assert project.names() == []


def test_a_reset_with_nobody_to_ask_names_the_option_that_does_not_ask(project: Project) -> None:
    project = project.structure()
    project.apply()
    ran = project.run("sandbox", "reset")

    assert (ran.code, ran.out) == (1, "")
    assert "no terminal" in ran.err
    assert "--yes" in ran.err
    assert project.names() == ["Buyers"]


def test_a_local_tiktok_that_cannot_be_written_is_told_with_the_way_out(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda file, **options: connect(f"file:{file}?mode=ro", uri=True, **options)
    )
    ran = project.run("sandbox", "advance", "1")

    assert ran.code == 1
    assert "readonly" in ran.err
    assert "Let yourself write to it" in ran.err


def test_the_token_of_one_account_opens_one(served: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIKTOK_ACCESS_TOKEN")
    keep(served, "agency")
    path = served.folder / ".home" / "logins.json"
    logins = json.loads(path.read_text())
    logins["logins"]["agency"]["advertiser_ids"] = [served.account]
    path.write_text(json.dumps(logins))
    _, shown = on_terminal(served, "auth", "token", "--profile", "agency", answers={"Show it?": ""})

    assert "The token of agency opens 1 account to whoever reads it." in shown


def test_a_file_to_format_is_named_as_it_is_given_there(project: Project) -> None:
    ran = project.run("fmt", "nofile.yaml")

    assert ran.code == 1
    assert "nofile.yaml does not exist" in ran.text
    assert "or name another path." in ran.text
    assert " -c" not in ran.text


def test_a_profile_without_credentials_leaves_no_word_hanging(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "aws"))
    (tmp_path / "aws").write_text("[default]\nregion = us-east-1\n")
    with pytest.raises(StoreError, match="there are no credentials") as refused:
        open_state("s3://team-state/state").read()

    assert refused.value.message.endswith("the state store s3://team-state/state")
