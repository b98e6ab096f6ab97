"""A directory of files is read as one document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.config import load
from reconciler.origin import FileOrigin

if TYPE_CHECKING:
    from pathlib import Path

_ACCOUNTS = 'version: 1\nadvertisers:\n  acme: {advertiser_id: "7000000000000000001"}\n'
_PEOPLE = "version: 1\nsources:\n  people: {path: people.csv, identities: {idfa: idfa}}\n"
_AUDIENCES = "version: 1\naudiences:\n  buyers: {advertiser: acme, source: people}\n"


@pytest.fixture
def project(folder: Path) -> Path:
    config = folder / "config"
    config.mkdir()
    (config / "accounts.yaml").write_text(_ACCOUNTS)
    (config / "people.yml").write_text(_PEOPLE)
    (config / "audiences.yaml").write_text(_AUDIENCES)
    return config


def _findings(project: Path) -> list[str]:
    return [f"{each.location or '-'}: {each.summary}" for each in load(project, {}).diagnostics]


def test_files_refer_to_each_other(project: Path) -> None:
    loaded = load(project, {})
    assert loaded.diagnostics == ()
    assert loaded.config.audiences["buyers"].source == "people"
    assert [each.as_posix() for each in loaded.config.files] == [
        "config/accounts.yaml",
        "config/audiences.yaml",
        "config/people.yml",
    ]


def test_sections_and_lists_of_several_files_add_up(project: Path) -> None:
    for name, key in (("b", "x"), ("c", "y")):
        (project / f"{name}.yaml").write_text(
            f"audiences:\n  {key}: {{advertiser: acme, source: people}}\n"
            f"removed: [{{from: audience.{key}_old, destroy: false}}]\n"
        )
    config = load(project, {}).config
    assert set(config.audiences) == {"buyers", "x", "y"}
    assert [each.address for each in config.removed] == ["audience.x_old", "audience.y_old"]
    assert str(config.place("removed", 1, "from")) == "config/c.yaml:3:18"


def test_a_key_in_two_files_is_an_error_that_names_both_places(project: Path) -> None:
    (project / "more.yaml").write_text("audiences:\n  buyers: {advertiser: acme, source: people}\n")
    (found,) = load(project, {}).diagnostics
    assert f"{found.location}: {found.summary}" == 'config/more.yaml:2:3: audience "buyers" is declared twice'
    assert "config/audiences.yaml:3:3" in found.detail


def test_a_setting_in_two_files_is_an_error_that_names_both_places(project: Path) -> None:
    (project / "a.yaml").write_text("engine: duckdb\n")
    (project / "b.yaml").write_text("engine: duckdb\n")
    (found,) = load(project, {}).diagnostics
    assert f"{found.location}: {found.summary}" == 'config/b.yaml:1:1: "engine" is declared twice'
    assert "config/a.yaml:1:1" in found.detail


def test_files_of_different_versions_do_not_mix(project: Path) -> None:
    (project / "zz.yaml").write_text("version: 2\n")
    assert _findings(project) == ['config/zz.yaml:1:1: "version" is declared twice']


def test_an_unreadable_file_does_not_make_the_others_wrong(project: Path) -> None:
    (project / "accounts.yaml").write_text("version: 1\nadvertisers: [\n")
    for name in ("people.yml", "audiences.yaml"):
        (project / name).write_text((project / name).read_text().replace("version: 1\n", ""))
    (found,) = _findings(project)
    assert found.startswith("config/accounts.yaml:")


def test_hidden_files_other_suffixes_and_folders_are_left_out(project: Path) -> None:
    (project / ".hidden.yaml").write_text("nonsense")
    (project / "notes.txt").write_text("nonsense")
    (project / "folder.yaml").mkdir()
    assert _findings(project) == []


def test_a_dangling_link_is_a_finding(project: Path) -> None:
    (project / "link.yaml").symlink_to(project / "gone.yaml")
    assert _findings(project) == ["-: config/link.yaml does not exist"]


def test_a_directory_without_files_says_what_to_do(folder: Path) -> None:
    (found,) = load(folder, {}).diagnostics
    assert found.summary == "no *.yaml or *.yml file in ."
    assert "reconciler init" in found.detail


def test_relative_paths_start_at_the_file_that_says_them(project: Path, folder: Path) -> None:
    (project / "people.yml").write_text(_PEOPLE.replace("people.csv", "../data/*.csv"))
    config = load(project, {}).config
    assert config.sources["people"].origin == FileOrigin(str(folder / "data" / "*.csv"), "../data/*.csv")
    assert config.state_url == str(project / ".reconciler" / "state")
