"""`--format` and `-o`: every result in every form it has, on stdout or in a file, whole or not at all."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.project import Project

EVERY_FORM = [
    ("plan", "text", "# audience.buyers will be created in acme"),
    ("plan", "markdown", "### Plan: 1 to create"),
    ("plan", "html", "<!doctype html>"),
    ("plan", "json", '"plan_id"'),
    ("drift", "text", "drift"),
    ("drift", "markdown", "### Drift: 1 unmanaged"),
    ("drift", "html", "<!doctype html>"),
    ("drift", "json", '"checked_at"'),
    ("drift", "junit", "<testsuites>"),
    ("validate", "text", "The configuration is valid."),
    ("validate", "json", '"valid": true'),
    ("validate", "sarif", '"columnKind"'),
]


@pytest.fixture
def structure(project: Project) -> Project:
    project.tiktok.add_audience(project.account, "Stranger", "Partner Audience")
    return project.structure()


@pytest.mark.parametrize(("command", "form", "sign"), EVERY_FORM)
def test_a_file_gets_what_stdout_would_have_got(structure: Project, command: str, form: str, sign: str) -> None:
    printed = structure(command, "--format", form)
    written = structure(command, "--format", form, "-o", "deep/er/report")
    assert (written.code, written.out, written.err) == (printed.code, "", printed.err)
    content = (structure.folder / "deep/er/report").read_text(encoding="utf-8")
    sign = sign.removeprefix("# ")
    assert sign.lower() in content.lower()
    assert content.splitlines()[0] == printed.out.splitlines()[0]
    assert [each.name for each in (structure.folder / "deep/er").iterdir()] == ["report"]


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_what_an_apply_did_has_its_forms_too(structure: Project, form: str) -> None:
    ran = structure("apply", "--auto-approve", "--format", form, "-o", "outcome")
    assert ran.code == 0, ran.text
    assert ran.out == ""
    content = (structure.folder / "outcome").read_text(encoding="utf-8")
    assert {"text": "Apply complete!", "markdown": "### Apply complete!", "json": '"complete"'}[form] in content


def test_a_dash_is_stdout(structure: Project) -> None:
    assert structure("validate", "-o", "-").out == "The configuration is valid.\n"


def test_a_file_that_is_there_is_replaced_and_keeps_its_permissions(structure: Project) -> None:
    path = structure.write("x" * 100_000, "report")
    path.chmod(0o640)
    structure("validate", "-o", "report")
    assert path.read_text(encoding="utf-8") == "The configuration is valid.\n"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_and_what_it_leads_to_is_written(structure: Project) -> None:
    (structure.folder / "link").symlink_to("elsewhere")
    structure("validate", "-o", "link")
    assert (structure.folder / "link").is_symlink()
    assert (structure.folder / "elsewhere").read_text(encoding="utf-8") == "The configuration is valid.\n"


def test_what_is_no_file_is_written_to_as_it_is(structure: Project) -> None:
    assert structure("validate", "-o", os.devnull).code == 0
    assert not os.path.isfile(os.devnull)  # noqa: PTH113  # still the device


@pytest.mark.parametrize("name", ["audiences.yaml/report", "/proc/nowhere/report"])
def test_a_file_that_cannot_be_written_is_told_with_the_way_out(structure: Project, name: str) -> None:
    ran = structure("validate", "-o", name)
    assert ran.code == 1
    assert f"cannot save the report to {name}: " in ran.err
    assert "--output" in ran.err


def test_a_folder_is_no_file(structure: Project) -> None:
    ran = structure("plan", "-o", ".")
    assert (ran.code, ran.out) == (1, "")
    assert "is a directory" in ran.err


def test_a_write_that_fails_leaves_what_was_there(structure: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    path = structure.write("before", "report")

    def full(_path: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    ran = structure("validate", "-o", "report")
    assert (ran.code, path.read_text(encoding="utf-8")) == (1, "before")
    assert "No space left on device" in ran.err
    assert not list(structure.folder.glob(".*.tmp"))


def test_the_forms_say_the_same(structure: Project) -> None:
    document = json.loads(structure("drift", "--format", "json").out)
    suites = ET.fromstring(structure("drift", "--format", "junit").out)
    assert len(suites.findall(".//failure")) == len(document["drift"]) == 1


def test_validate_names_files_in_sarif_from_the_top_of_the_checkout(
    structure: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(structure.folder.parent))
    structure.write("version: 2\n")
    (run,) = structure("validate", "--format", "sarif").document["runs"]
    places = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]]
    assert set(places) == {f"{structure.folder.name}/audiences.yaml"}


def test_sources_are_explained_in_text_and_json_only(structure: Project) -> None:
    ran = structure.run("plan", *structure.options, "--explain-sources", "--format", "html")
    assert ran.code != 0
    assert "prints text or json" in ran.err


def test_the_plan_and_its_report_are_two_files(structure: Project) -> None:
    ran = structure("plan", "--out", "plan.json", "-o", "plan.json")
    assert (ran.code, "name the same file" in ran.text) == (1, True)
    assert structure("plan", "--out", "plan.json", "-o", "plan.txt").code == 0
    assert structure.run("show", "plan.json").out == (structure.folder / "plan.txt").read_text(encoding="utf-8")
