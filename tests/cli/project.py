"""A folder that commands run in, and what they leave: the one thing all tests of the command line work with.

Most runs happen in this process, which saves a second each; `Project.spawn` starts a real one.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import subprocess
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from reconciler.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler.sandbox import Controls

ACCOUNT: Final = "7000000000000000001"
OTHER_ACCOUNT: Final = "7000000000000000002"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command line left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What it printed, as JSON: all of stdout is one document."""
        return json.loads(self.out)

    @property
    def text(self) -> str:
        """Everything it printed, on one line: where lines break is none of a test's business."""
        return " ".join(f"{self.out} {self.err}".split())


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with an ``audiences.yaml`` and ``people.parquet``, which the command line runs in.

    Attributes:
        folder: The folder; the working directory as well.
        table: The 1,200 people: mpid, idfa, gaid, country, ltv. All have both devices.
        tiktok: The other side of the TikTok that commands reach.
        options: What leads a command there.
        environ: The environment commands run in.
        skip_members: Plan, apply and drift leave people alone, which makes them ten times as fast.
        account: The account ``acme``.
        other_account: The account ``globex``, declared where an audience is in it.
    """

    folder: Path
    table: pa.Table
    tiktok: Controls
    options: tuple[str, ...] = ("--sandbox",)
    environ: Mapping[str, str] = field(default_factory=dict)
    skip_members: bool = False
    account: str = ACCOUNT
    other_account: str = OTHER_ACCOUNT

    def run(self, *arguments: str, stdin: str = "") -> Ran:
        """Run a command line as it stands."""
        out, err = _stream(), _stream()
        with redirect_stdout(out), redirect_stderr(err), _reading(stdin), _logging_as_before():
            code = main([*arguments])
        ran = Ran(code, _written(out), _written(err))
        _assert_told(ran)
        return ran

    def __call__(self, command: str, *arguments: str) -> Ran:
        """Run a command on this project's TikTok; `command` may be two words: ``state list``."""
        without = ("--skip-members",) if self.skip_members and command in {"plan", "apply", "drift"} else ()
        return self.run(*command.split(), *self.options, *without, *arguments)

    def structure(self) -> Project:
        """Return the same project with people left alone, for what has nothing to do with them."""
        return replace(self, skip_members=True)

    def spawn(self, *arguments: str, stdin: str = "", **environ: str) -> Ran:
        """Run a command line in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environ, **environ},
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        ran = Ran(done.returncode, done.stdout, done.stderr)
        _assert_told(ran)
        return ran

    def write(self, text: str, name: str = "audiences.yaml") -> Path:
        """Write a file."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def declare(self, audiences: Mapping[str, Mapping[str, object]], **sections: object) -> None:
        """Write ``audiences.yaml``; an audience is in ``acme`` and of all people unless it says otherwise."""
        advertisers = {"acme": {"advertiser_id": ACCOUNT}, "globex": {"advertiser_id": OTHER_ACCOUNT}}
        used = {each.get("advertiser", "acme") for each in audiences.values()} or {"acme"}
        document = {
            "version": 1,
            "rate_limit": "ultimate",
            "advertisers": {key: each for key, each in advertisers.items() if key in used},
            "sources": {
                "people": {"path": "people.parquet", "identities": {"mpid": "mpid", "idfa": "idfa", "gaid": "gaid"}}
            },
            "audiences": {key: {"advertiser": "acme", "source": "people", **each} for key, each in audiences.items()},
            **sections,
        }
        self.write(yaml.safe_dump(document, sort_keys=False))

    def load(self, rows: slice = slice(None), **columns: pa.Array) -> None:
        """Let the source hold these rows of the people; columns named are replaced."""
        table = self.table.slice(rows.start or 0, None if rows.stop is None else rows.stop - (rows.start or 0))
        for name, values in columns.items():
            table = table.set_column(table.schema.get_field_index(name), name, values)
        pq.write_table(table, self.folder / "people.parquet")

    def hashed(self, rows: slice = slice(None), country: str | None = None) -> frozenset[tuple[str, str]]:
        """Return what TikTok should hold of these people, hashed here and not by what is tested."""
        people = self.table.to_pylist()[rows]
        kept = [each for each in people if country is None or each["country"] == country]
        return frozenset(
            (schema, hashlib.md5(str(UUID(each[column])).encode()).hexdigest())
            for each in kept
            for schema, column in (("IDFA_MD5", "idfa"), ("AAID_MD5", "gaid"))
        )

    def audience_id(self, name: str, account: str = ACCOUNT) -> str:
        """Return the id of the one audience of that name."""
        (found,) = [each for each in self.tiktok.audiences(account) if each.name == name]
        return found.audience_id

    def names(self, account: str = ACCOUNT) -> list[str]:
        """Return the names of an account's audiences, sorted."""
        return sorted(each.name for each in self.tiktok.audiences(account))

    def plan(self, *arguments: str) -> Any:
        """Plan, and return the plan as JSON, whatever the exit code."""
        return self("plan", "--format", "json", *arguments).document

    def apply(self) -> Ran:
        """Plan and apply without being asked; it has to succeed."""
        ran = self("apply", "--auto-approve")
        assert ran.code == 0, ran.text
        return ran

    def assert_settled(self) -> None:
        """Plan once more: nothing is left to do."""
        ran = self("plan", "--detailed-exitcode")
        assert (ran.code, "No changes." in ran.out) == (0, True), ran.text


def _stream() -> io.TextIOWrapper:
    """Return a stream like the real one, so that what is set up on that is set up here."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


class _Typed(io.StringIO):
    """What a person types; nobody is there where nothing is typed."""

    def isatty(self) -> bool:
        return bool(self.getvalue())


def _written(stream: io.TextIOWrapper) -> str:
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode()


def _assert_told(ran: Ran) -> None:
    """Whatever happens, a person is told in words."""
    for sign in ("Traceback", "something unexpected"):
        assert sign not in ran.out + ran.err, ran.out + ran.err


@contextmanager
def _reading(text: str) -> Iterator[None]:
    before, sys.stdin = sys.stdin, _Typed(text)
    try:
        yield
    finally:
        sys.stdin = before


@contextmanager
def _logging_as_before() -> Iterator[None]:
    """Undo what -v sets up; a process of its own forgets it by ending."""
    loggers = [logging.getLogger(name) for name in ("", "reconciler", "reconciler.tiktok")]
    before = [(each, each.level, each.handlers[:]) for each in loggers]
    try:
        yield
    finally:
        for logger, level, handlers in before:
            logger.setLevel(level)
            logger.handlers[:] = handlers
