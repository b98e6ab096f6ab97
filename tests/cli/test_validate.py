"""`validate`: everything that is wrong with the files and the sources, at once, where it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.project import Project

WRONG = """\
version: 1
advertisers:
  acme:
    advertiser_id: 7000000000000000001
sources:
  people:
    path: people.parquet
    identities: {idfa: idfa, gaid: gaidd}
  nowhere:
    path: nowhere.csv
    identities: {email: email}
audiences:
  buyers:
    advertiser: acne
    source: people
    where: contry = 'US'
  sellers:
    advertiser: acme
    source: peopel
    identitties: [idfa]
  lookers:
    advertiser: acme
    source: nowhere
    name: ${UNSET_NAME}
"""

RIGHT = """\
version: 1
advertisers:
  acme:
    advertiser_id: "7000000000000000001"
sources:
  people:
    path: {path}
    identities: {{idfa: {idfa}, gaid: gaid}}
audiences:
  buyers:
    advertiser: acme
    source: people
    where: {where}
"""


def places(out: str) -> list[str]:
    """Return the findings of an output as ``line:column: severity: summary``."""
    return re.findall(r"^audiences\.yaml:(\d+:\d+: \w+: .*)$", out, re.MULTILINE)


def test_files_that_hold_are_told_so(project: Project) -> None:
    ran = project.run("validate")
    assert (ran.code, ran.out, ran.err) == (0, "The configuration is valid.\n", "")


def test_every_error_is_told_at_once_each_where_it_stands(project: Project) -> None:
    project.write(WRONG)
    ran = project.run("validate")
    assert ran.code == 1
    found = places(ran.out)
    lines = [int(each.split(":")[0]) for each in found]
    assert lines == sorted(lines)
    assert set(lines) >= {4, 8, 10, 14, 19, 20, 24}
    for said in ("Quote it", "gaidd", "nowhere.csv", "acne", "peopel", "identitties", "UNSET_NAME"):
        assert said in ran.out
    assert re.search(r"^\d+ errors", ran.out.splitlines()[-1])


def test_a_column_that_is_not_there_names_the_one_that_may_be_meant(project: Project) -> None:
    project.write(RIGHT.format(path="people.parquet", idfa="idfaa", where="ltv > 3"))
    ran = project.run("validate")
    assert ran.code == 1
    assert any(each.startswith('8:24: error: source people: no column "idfaa"') for each in places(ran.out)), ran.out
    assert 'Did you mean "idfa"?' in ran.text


def test_a_condition_over_a_column_that_is_not_there_is_told_at_its_place(project: Project) -> None:
    project.write(RIGHT.format(path="people.parquet", idfa="idfa", where="contry = 'US'"))
    ran = project.run("validate")
    assert ran.code == 1
    assert [each for each in places(ran.out) if each.startswith("13:12: error: audience.buyers: ")], ran.out
    assert "contry" in ran.out


def test_a_condition_that_is_none_is_told_at_its_place(project: Project) -> None:
    for where in ("ltv + 1", "'ltv >'", "ltv > 3; drop table people", "(select 1)"):
        project.write(RIGHT.format(path="people.parquet", idfa="idfa", where=where))
        ran = project.run("validate")
        assert (ran.code, [each.split(":")[0] for each in places(ran.out)]) == (1, ["13"]), (where, ran.out)


def test_a_source_that_is_not_there_is_told_at_its_place(project: Project) -> None:
    project.write(RIGHT.format(path="nowhere/*.csv", idfa="idfa", where="ltv > 3"))
    ran = project.run("validate")
    assert ran.code == 1
    assert places(ran.out)[0].startswith("7:11: error: source people: ")


def test_a_corrupt_source_is_told_at_its_place(project: Project) -> None:
    path = project.folder / "people.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    for command in ("validate", "plan"):
        ran = project(command)
        assert ran.code == 1
        assert re.search(r"audiences\.yaml:\d+:\d+: error: source people: .*people\.parquet", ran.out + ran.err)


def test_the_files_alone_can_be_checked_where_the_data_cannot_be_reached(project: Project) -> None:
    (project.folder / "people.parquet").unlink()
    assert project.run("validate", "--skip-sources").code == 0
    assert project.run("validate").code == 1


def test_findings_come_as_json_too(project: Project) -> None:
    project.write(WRONG)
    ran = project.run("validate", "--format", "json")
    assert ran.code == 1
    document = ran.document
    assert document["valid"] is False
    assert document["summary"]["errors"] == len([d for d in document["diagnostics"] if d["severity"] == "error"]) > 5
    assert {each["location"]["file"] for each in document["diagnostics"] if each["location"]} == {"audiences.yaml"}


def test_a_directory_is_read_as_one_and_findings_name_the_file(project: Project) -> None:
    folder = project.folder / "files"
    folder.mkdir()
    text = RIGHT.format(path="../people.parquet", idfa="idfa", where="ltv > 3")
    head, tail = text.split("audiences:\n")
    project.write(head, "files/accounts.yaml")
    project.write(f"audiences:\n{tail}", "files/people.yaml")
    assert project.run("validate", "-c", "files").code == 0
    project.write(f"audiences:\n{tail.replace('acme', 'acne')}", "files/people.yaml")
    ran = project.run("validate", "-c", "files")
    assert ran.code == 1
    assert re.search(r"^files/people\.yaml:\d+:\d+: error: .*acne", ran.out, re.MULTILINE)


def test_every_command_that_needs_the_files_tells_what_is_wrong_with_them(project: Project) -> None:
    project.write(WRONG)
    for command in ("plan", "apply", "drift", "status", "state list"):
        ran = project(command)
        assert (ran.code, ran.out) == (1, ""), command
        assert re.search(r"^audiences\.yaml:4:20: error: ", ran.err, re.MULTILINE), ran.err
