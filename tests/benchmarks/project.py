"""A folder with an ``audiences.yaml`` that the command line works in, against a sink."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch
from zlib import crc32

import yaml

from reconciler.cli import main
from reconciler.identifiers import Identity, MappedColumn
from reconciler.tiktok.limits import UNPACED, Tier
from tests.benchmarks.people import write_people
from tests.benchmarks.stages import Spent, peak_memory

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS: Final = (
    MappedColumn(Identity.MPID, "mpid"),
    MappedColumn(Identity.IDFA, "ios_idfa"),
    MappedColumn(Identity.GAID, "gaid"),
)
"""How `write_people` names what it writes."""

_FASTEST_TIER: Final = "ultimate"


class CommandFailedError(Exception):
    """A command that was to be measured did not do its work, so there is nothing to tell."""


@dataclass(frozen=True, slots=True)
class Project:
    """Where commands run.

    Attributes:
        folder: Holds the files and the state.
        base_url: Where TikTok is.
        paced: Whether the basic tier's pace is kept; else no pace at all.
    """

    folder: Path
    base_url: str
    paced: bool = False

    @property
    def advertiser_id(self) -> str:
        """An account of this project's own, so that no two make audiences of the same name in one."""
        return str(7_000_000_000_000_000_000 + crc32(bytes(self.folder)))

    @property
    def environ(self) -> dict[str, str]:
        """What commands find in their environment."""
        return {"TIKTOK_BASE_URL": self.base_url, "TIKTOK_ACCESS_TOKEN": "a-token-for-benchmarks"}

    def declare(self, source: Path, *, segments: Iterable[int] | None = None, rows_per_request: int = 1000) -> None:
        """Write ``audiences.yaml``.

        Args:
            source: A file of `write_people`.
            segments: Which of its segments are to be audiences; None makes one audience of everybody.
            rows_per_request: Rows of one request.
        """
        wheres = {"everybody": None} if segments is None else {f"segment_{i}": f"in_{i}" for i in segments}
        document = {
            "version": 1,
            "state": {"url": str(self.folder / "state")},
            "rate_limit": "basic" if self.paced else _FASTEST_TIER,
            "rows_per_request": rows_per_request,
            "advertisers": {"acme": {"advertiser_id": self.advertiser_id}},
            "sources": {
                "people": {"path": str(source), "identities": {each.identity.value: each.column for each in COLUMNS}}
            },
            "audiences": {
                key: {"advertiser": "acme", "source": "people", **({"where": where} if where else {})}
                for key, where in wheres.items()
            },
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        self._config.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")

    def run(self, command: str, *arguments: str) -> Any:
        """Run a command in this process and return the JSON it prints.

        Raises:
            CommandFailedError: It did not end with 0.
        """
        out, err = _stream(), _stream()
        with patch.dict(os.environ, self.environ), redirect_stdout(out), redirect_stderr(err):
            code = run_unpaced(self._line(command, *arguments, "--format", "json"), paced=self.paced)
        if code != 0:
            raise CommandFailedError(f"{command} ended with {code}: {_written(out)} {_written(err)}")
        return json.loads(_written(out))

    def spawn(self, command: str, *arguments: str) -> Spent[None]:
        """Run a command as people do, in a process of its own; its start counts.

        Raises:
            CommandFailedError: It did not end with 0.
        """
        peak = self.folder / "peak"
        module = [sys.executable, "-m", "tests.benchmarks.project", str(peak)]
        began = time.perf_counter()
        ended = subprocess.run(
            [*module, *self._line(command, *arguments)],
            cwd=Path(__file__).resolve().parents[2],
            env=os.environ | self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        if ended.returncode != 0:
            raise CommandFailedError(f"{command} ended with {ended.returncode}: {ended.stdout} {ended.stderr}")
        return Spent(seconds, int(peak.read_text()), None)

    @property
    def _config(self) -> Path:
        return self.folder / "audiences.yaml"

    def _line(self, command: str, *arguments: str) -> list[str]:
        return [command, "-c", str(self._config), *arguments]


def warm_up(folder: Path, base_url: str) -> None:
    """Plan and apply for a few people, so that what is measured next in this process finds everything imported."""
    project = Project(folder / "warm-up", base_url)
    project.folder.mkdir(parents=True)
    project.declare(write_people(project.folder / "people.parquet", 100))
    project.run("apply", "--auto-approve")


def run_unpaced(arguments: list[str], *, paced: bool = False) -> int:
    """Run a command line with the fastest tier's pace taken away: a benchmark is to wait for nothing but the work."""
    if paced:
        return main(arguments)
    with patch.dict("reconciler.tiktok.limits.TIERS", {_FASTEST_TIER: Tier(UNPACED, UNPACED)}):
        return main(arguments)


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _written(stream: io.TextIOWrapper) -> str:
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode()


if __name__ == "__main__":
    exit_code = run_unpaced(sys.argv[2:])
    Path(sys.argv[1]).write_text(str(peak_memory()), encoding="utf-8")
    sys.exit(exit_code)
