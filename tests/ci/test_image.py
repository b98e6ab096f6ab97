"""The image holds what was tested, whole, and nothing of the folder it is built in that does not belong there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.ci.linters import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCKERFILE: Final = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def instructions(name: str) -> list[str]:
    """Return the arguments of every instruction of a name, on one line each."""
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    return re.findall(rf"^{name} +(.*)$", joined, flags=re.MULTILINE)


def locked(name: str) -> dict[str, set[str]]:
    """Return the versions of each package in a lock file: several where that depends on the Python."""
    path = ROOT / "requirements" / name
    assert path.exists(), f"{path} is not there: make lock"
    text = path.read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", text, flags=re.MULTILINE):
        found.setdefault(package, set()).add(version)
    return found


def copied() -> list[str]:
    """Return the names that the build stage copies out of the folder it is built in."""
    return [name for each in instructions("COPY") if not each.startswith("--from") for name in shlex.split(each)[:-1]]


@pytest.mark.parametrize("name", ["runtime.lock", "build.lock"])
def test_an_image_gets_the_versions_that_were_tested(name: str) -> None:
    tested = locked("dev.lock")

    assert {package: versions for package, versions in locked(name).items() if tested.get(package) != versions} == {}


def test_an_image_gets_all_that_reconciler_needs() -> None:
    needed = {canonicalize_name(Requirement(each).name) for each in PROJECT["project"]["dependencies"]}

    assert needed - locked("runtime.lock").keys() == set()


def test_an_image_gets_nothing_that_only_tests_and_builds_need() -> None:
    names = {canonicalize_name(Requirement(each).name) for each in PROJECT["dependency-groups"]["dev"]}

    assert names & locked("runtime.lock").keys() == set()


def test_an_image_is_built_with_what_the_project_says_it_is_built_with() -> None:
    needed = {canonicalize_name(Requirement(each).name) for each in PROJECT["build-system"]["requires"]}

    assert needed - locked("build.lock").keys() == set()


def test_an_image_is_labelled_with_the_version_in_it() -> None:
    assert f"VERSION={PROJECT['project']['version']}" in instructions("ARG")


def test_an_image_runs_as_a_user_without_rights() -> None:
    (user,) = instructions("USER")

    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user), "a number, so that Kubernetes can tell it is not root"


def test_every_stage_starts_from_the_one_image_that_a_digest_can_pin() -> None:
    assert {each.split()[0] for each in instructions("FROM")} == {"${PYTHON}"}


@pytest.mark.parametrize("name", copied())
def test_what_the_build_copies_gets_past_the_ignore_file(name: str) -> None:
    assert f"!{name}" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_the_ignore_file_lets_nothing_else_pass() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]

    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == set(copied())


def test_what_the_build_copies_is_all_it_takes_to_make_the_package(tmp_path: Path) -> None:
    source, wheels = tmp_path / "src", tmp_path / "dist"
    source.mkdir()
    for name in copied():
        if name.startswith("requirements/"):
            continue
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]

    subprocess.run([*command, "--no-index", "--no-build-isolation", "--wheel-dir", wheels, source], check=True)

    (wheel,) = wheels.glob("reconciler-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    wanted = ("reconciler/cli/root.py", "reconciler/_schemas/plan.schema.json", "*.dist-info/entry_points.txt")
    assert [each for each in wanted if not any(fnmatch(name, each) for name in names)] == []
