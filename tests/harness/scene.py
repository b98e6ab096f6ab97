"""One apply that does everything an apply can do, over the whole command line, and what has to be true afterwards."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import obstore
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from obstore.store import S3Store

from reconciler.sandbox import TOKEN, Sandbox
from reconciler.state.repository import open_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from reconciler.state.model import State

ACCOUNT: Final = "7000000000000000001"
OTHER: Final = "7000000000000000002"
PEOPLE: Final = 2_400
BUCKET: Final = "team-state"
_CONFIG: Final = "audiences.yaml"

Wanted = dict[str, dict[str, frozenset[str]]]
"""Account → name of an audience → who is in it."""


def _device(number: int) -> str:
    return str(UUID(bytes=hashlib.sha256(b"person %d" % number).digest()[:16], version=4))


def hashed(people: Iterable[int]) -> frozenset[str]:
    """Return what TikTok should hold of these people, hashed here and not by what is tested."""
    return frozenset(hashlib.md5(_device(each).encode()).hexdigest() for each in people)


@dataclass(frozen=True, slots=True)
class Scene:
    """A folder in which a saved plan waits to be applied, and the TikTok that it is about.

    Attributes:
        folder: The folder: files, people, the plan, TikTok's database, and the state where that is a directory.
        prefix: The folder of the state in the bucket; "" where the state is a directory.
        kept: Audiences that are there before and after, whatever happens in between.
        wanted: Who is where once all is done.
        later: The same for the files as somebody changes them in between.
    """

    folder: Path
    prefix: str
    kept: frozenset[str]
    wanted: Wanted
    later: Wanted

    @property
    def state_url(self) -> str:
        """Where the state is."""
        return f"s3://{BUCKET}/{self.prefix}" if self.prefix else str(self.folder / "state")

    @property
    def state(self) -> State:
        """The state as it stands."""
        return open_state(self.state_url).read().state

    def copy(self, folder: Path) -> Scene:
        """Return the same scene again, in a folder of its own."""
        shutil.copytree(self.folder, folder)
        prefix = f"{self.prefix}-{folder.name}" if self.prefix else ""
        again = Scene(folder, prefix, self.kept, self.wanted, self.later)
        if prefix:
            _copy_objects(self.prefix, prefix)
            for name in (_CONFIG, "later.yaml"):
                path = folder / name
                path.write_text(path.read_text().replace(self.state_url, again.state_url))
        return again

    @contextmanager
    def served(self) -> Iterator[tuple[Sandbox, dict[str, str]]]:
        """Serve its TikTok over HTTP; gives it, and the environment that leads there."""
        with Sandbox(self.folder / "tiktok.db") as sandbox, sandbox.serving() as url:
            yield sandbox, {"TIKTOK_BASE_URL": url, "TIKTOK_ACCESS_TOKEN": TOKEN}


def _copy_objects(source: str, target: str) -> None:
    store = S3Store(BUCKET, client_options={"allow_http": True})
    for listed in obstore.list(store, f"{source}/"):
        for each in listed:
            obstore.put(store, target + each["path"].removeprefix(source), obstore.get(store, each["path"]).bytes())


def _declaration(state_url: str, audiences: Mapping[str, Mapping[str, object]], **sections: object) -> str:
    document: dict[str, Any] = {
        "version": 1,
        "rate_limit": "ultimate",
        "state": {"url": state_url},
        "advertisers": {"us": {"advertiser_id": ACCOUNT}, "eu": {"advertiser_id": OTHER}},
        "sources": {"people": {"path": "people.parquet", "identities": {"mpid": "mpid", "idfa": "idfa"}}},
        "audiences": {
            key: {"advertiser": "us", "source": "people", "lifecycle": {"max_removal_percent": 100}, **each}
            for key, each in audiences.items()
        },
        **sections,
    }
    return yaml.safe_dump(document, sort_keys=False)


def _between(start: int, end: int) -> str:
    return f"mpid >= {start} AND mpid < {end}"


def prepare(folder: Path, prefix: str = "") -> Scene:
    """Build a scene in `folder`, up to the plan; with `prefix` its state is in the bucket."""
    folder.mkdir(parents=True)
    numbers = range(PEOPLE)
    columns = {"mpid": pa.array(numbers, pa.int64()), "idfa": [_device(each) for each in numbers]}
    pq.write_table(pa.table(columns), folder / "people.parquet")
    scene = Scene(folder, prefix, frozenset(), {}, {})
    url = scene.state_url if prefix else "state"
    steady = {"name": "Steady", "where": _between(0, 100)}
    handed = {"name": "Handed", "where": _between(700, 750)}
    before = {
        "steady": steady,
        "renamed": {"name": "Old name", "where": _between(0, 100)},
        "elsewhere": {"name": "Elsewhere", "where": _between(100, 200)},
        "old_key": {"name": "Moved", "where": _between(500, 550)},
        "handed": handed,
        "doomed": {"name": "Doomed", "where": _between(600, 650)},
        "lost": {"name": "Lost", "where": _between(650, 700)},
        "filed": {"name": "Filed", "delivery": "file", "where": _between(0, 1_400)},
    }
    with scene.served() as (sandbox, environ):
        sandbox.ensure([ACCOUNT, OTHER])
        controls = sandbox.controls
        controls.set_processing(0)  # files are taken at once: waiting for TikTok is another test's
        _write(folder, _declaration(url, before))
        _run(folder, environ, "apply", "--auto-approve")
        controls.advance(hours=48)
        owned = {key.removeprefix("audience."): each.audience_id for key, each in scene.state.resources.items()}
        controls.delete(owned["lost"])
        foreign = controls.add_audience(ACCOUNT, "Foreign", "Partner Audience")
        found = controls.add_audience(ACCOUNT, "Found", "Partner Audience")
        after = {
            "steady": steady,
            "renamed": {"name": "New name", "where": _between(50, 180)},
            "elsewhere": {"name": "Elsewhere", "advertiser": "eu", "where": _between(100, 200)},
            "new_key": {"name": "Moved", "where": _between(500, 550)},
            "lost": {"name": "Lost", "where": _between(650, 700)},
            "filed": {"name": "Filed", "delivery": "file", "where": _between(100, 1_500)},
            "fresh": {"name": "Fresh", "where": _between(300, 400)},
            "fresh_file": {"name": "Fresh file", "delivery": "file", "where": _between(900, 2_000)},
            "adopted": {"name": "Adopted", "import": found, "where": _between(400, 450)},
        }
        sections = {
            "moved": [{"from": "audience.old_key", "to": "audience.new_key"}],
            "removed": [{"from": "audience.handed", "destroy": False}],
        }
        _write(folder, _declaration(url, after, **sections))
        changed = {**after, "fresh": {"name": "Fresh", "where": _between(350, 420)}}
        changed["elsewhere"] = {**after["elsewhere"], "where": _between(120, 260)}
        changed["renamed"] = {**after["renamed"], "name": "Newer name"}
        (folder / "later.yaml").write_text(_declaration(url, changed, **sections))
        _run(folder, environ, "plan", "--out", "plan.json")
    kept = {owned[key] for key in ("steady", "renamed", "old_key", "handed", "filed")} | {foreign, found}
    return Scene(folder, prefix, frozenset(kept), _wanted(after), _wanted(changed))


def _wanted(declared: Mapping[str, Mapping[str, object]]) -> Wanted:
    wanted: Wanted = {ACCOUNT: {"Foreign": frozenset(), "Handed": hashed(range(700, 750))}, OTHER: {}}
    for each in declared.values():
        start, end = (int(word) for word in str(each["where"]).split() if word.isdigit())
        account = OTHER if each.get("advertiser") == "eu" else ACCOUNT
        wanted[account][str(each["name"])] = hashed(range(start, end))
    return wanted


def _write(folder: Path, text: str) -> None:
    (folder / _CONFIG).write_text(text)


def _run(folder: Path, environ: Mapping[str, str], *arguments: str) -> None:
    command, whole = [sys.executable, "-m", "reconciler", *arguments], {**os.environ, **environ}
    done = subprocess.run(command, cwd=folder, env=whole, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
