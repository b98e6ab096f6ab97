"""`fmt`: files in one form, without a byte of meaning or a comment lost."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from reconciler.cli import fmt

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.project import Project

UGLY = """\
# yaml-language-server: $schema=./schemas/audiences.schema.json
audiences:
    buyers:
        name: 'Buyers'      # as in Ads Manager

        advertiser: acme
        source: people
# the account
advertisers:
    acme:  {advertiser_id: '7000000000000000001'}
sources: {people: {path: people.parquet, identities: {idfa: idfa}}}
version: 1
"""
NEAT = """\
# yaml-language-server: $schema=./schemas/audiences.schema.json
version: 1

# the account
advertisers:
  acme: {advertiser_id: '7000000000000000001'}

sources: {people: {path: people.parquet, identities: {idfa: idfa}}}

audiences:
  buyers:
    advertiser: acme
    name: Buyers        # as in Ads Manager
    source: people
"""


def test_a_file_is_put_into_canonical_form_and_named(project: Project) -> None:
    path = project.write(UGLY)
    path.chmod(0o640)
    ran = project.run("fmt")
    assert (ran.code, ran.out, ran.err) == (0, "audiences.yaml\n", "")
    assert path.read_text(encoding="utf-8") == NEAT
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_canonical_file_is_not_touched(project: Project) -> None:
    path = project.write(UGLY)
    project.run("fmt")
    os.utime(path, ns=(1, 1))
    before = path.stat()
    ran = project.run("fmt")
    assert (ran.code, ran.out) == (0, "")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_check_names_the_files_and_writes_none(project: Project) -> None:
    path = project.write(UGLY)
    (project.folder / "neat.yaml").write_text("version: 1\n", encoding="utf-8")
    ran = project.run("fmt", "--check", ".")
    assert (ran.code, ran.out) == (1, "audiences.yaml\n")
    assert "1 file is not in canonical form" in ran.text
    assert path.read_text(encoding="utf-8") == UGLY
    assert project.run("fmt", "--check", "neat.yaml").code == 0


def test_diff_shows_what_would_change_and_writes_nothing(project: Project) -> None:
    path = project.write("version:   1")
    ran = project.run("fmt", "--diff")
    assert ran.code == 0
    assert ran.out == (
        "--- a/audiences.yaml\n+++ b/audiences.yaml\n@@ -1 +1 @@\n-version:   1\n"
        "\\ No newline at end of file\n+version: 1\n"
    )
    assert path.read_text(encoding="utf-8") == "version:   1"
    assert project.run("fmt", "--diff", "--check").code == 1


def test_every_file_of_a_directory_is_meant_each_once(project: Project) -> None:
    folder = project.folder / "files"
    folder.mkdir()
    for name in ("a.yaml", "b.yml", ".hidden.yaml", "c.txt"):
        (folder / name).write_text("version:  1\n", encoding="utf-8")
    ran = project.run("fmt", "files", "files/a.yaml")
    assert ran.out == "files/a.yaml\nfiles/b.yml\n"
    assert (folder / ".hidden.yaml").read_text(encoding="utf-8") == "version:  1\n"


def test_stdin_goes_to_stdout(project: Project) -> None:
    ran = project.run("fmt", "-", stdin="version:   1 # ü")
    assert (ran.code, ran.out) == (0, "version: 1   # ü\n")
    assert project.run("fmt", "-", "--check", stdin="version:   1").code == 1
    assert project.run("fmt", "-", "audiences.yaml").code == 1


def test_where_one_file_cannot_be_read_none_is_written(project: Project) -> None:
    path = project.write(UGLY)
    broken = project.write("version: 1\naudiences:\n\tbuyers: x\n", "broken.yaml")
    ran = project.run("fmt", "audiences.yaml", "broken.yaml", "missing.yaml")
    assert ran.code == 1
    assert "broken.yaml:3:1" in ran.text
    assert "a tab cannot indent YAML" in ran.text
    assert "missing.yaml does not exist" in ran.text
    assert path.read_text(encoding="utf-8") == UGLY
    assert "\t" in broken.read_text(encoding="utf-8")


def test_a_repeated_key_is_refused_since_one_of_them_would_be_lost(project: Project) -> None:
    project.write("version: 1\nengine: duckdb\nengine: spark\n")
    ran = project.run("fmt")
    assert ran.code == 1
    assert "audiences.yaml:3:1" in ran.text


def test_a_byte_order_mark_goes_and_line_ends_stay(project: Project) -> None:
    path = project.folder / "audiences.yaml"
    path.write_bytes(b"\xef\xbb\xbfversion:  1\r\n\r\naudiences:\r\n    a: {}")
    assert project.run("fmt").code == 0
    assert path.read_bytes() == b"version: 1\r\n\r\naudiences:\r\n  a: {}\r\n"


def test_a_link_stays_a_link(project: Project) -> None:
    target = project.write("version:  1\n", "target.yaml")
    link = project.folder / "link.yaml"
    link.symlink_to(target.name)
    assert project.run("fmt", "link.yaml").code == 0
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "version: 1\n"


def test_what_would_say_something_else_afterwards_is_refused(project: Project) -> None:
    key = "k" * 1100  # longer than a key without a question mark may be
    path = project.write(f"version: 1\n? {key}\n: 1\n")
    before = path.read_bytes()
    ran = project.run("fmt")
    assert ran.code == 1
    assert "cannot be put into canonical form" in ran.text
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_written_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write(UGLY)

    def full(*_args: object, **_options: object) -> None:
        raise OSError(28, "No space left on device", "audiences.yaml")

    monkeypatch.setattr(fmt, "write_whole", full)
    ran = project.run("fmt")
    assert ran.code == 1
    assert "No space left on device: audiences.yaml" in ran.text


def test_the_example_is_canonical(project: Project, repository: Path) -> None:
    assert project.run("fmt", "--check", str(repository / "audiences.yaml")).code == 0


@pytest.fixture
def repository(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.rootpath
