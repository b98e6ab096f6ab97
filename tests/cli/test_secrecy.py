"""No raw identifier and no token is found anywhere afterwards: not on disk, not on the screen, not on TikTok.

Commands run with -vv, over HTTP, on people whose identifiers are known; everything they left is searched for each of
them in every spelling. What a search of bytes cannot see into, the sets in Parquet, is opened.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from reconciler.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tests.cli.project import Project, Ran

PEOPLE = 40
TOKEN = "a-token-nobody-may-ever-read-7f3a"
MALFORMED = "deadbeef-0000-4000-8000-not-a-device"
SOURCES = {"people.parquet", "people.csv", "people.jsonl"}
IDENTITIES = {each: each for each in ("mpid", "idfa", "gaid", "email", "phone")}


@dataclass(slots=True)
class Wire:
    """Keeps everything TikTok is sent, but for the header the token travels in."""

    app: ASGIApp
    seen: bytearray = field(default_factory=bytearray)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen += f"{scope.get('path')}?".encode() + bytes(scope.get("query_string", b""))
        for name, value in scope.get("headers", ()):
            self.seen += b"" if name == b"access-token" else name + b":" + value + b"\n"

        async def kept() -> Message:
            message = await receive()
            self.seen += message.get("body", b"")
            return message

        await self.app(scope, kept, send)


@dataclass(frozen=True, slots=True)
class Secrets:
    """Every spelling of what must not be found, with what it is."""

    needles: Mapping[bytes, str]
    mpids: frozenset[int]

    @classmethod
    def of(cls, table: pa.Table) -> Secrets:
        needles = {TOKEN.encode(): "the token", MALFORMED.encode(): "a malformed identifier"}
        for person in table.to_pylist():
            for kind in ("idfa", "gaid"):
                device = UUID(person[kind])
                needles |= dict.fromkeys((str(device).encode(), device.hex.encode(), device.bytes), kind)
            email = person["email"].strip().lower()
            local, _, host = email.partition("@")
            needles |= dict.fromkeys((email.encode(), f"{local.partition('+')[0]}@{host}".encode()), "an email")
            needles |= dict.fromkeys((person["phone"].encode(), person["phone"].removeprefix("+").encode()), "a phone")
            needles[str(person["mpid"]).encode()] = "an MPID"
        return cls(needles, frozenset(table["mpid"].to_pylist()))

    def found_in(self, raw: bytes) -> set[str]:
        """Return what is found in some bytes, in capitals or not."""
        small = raw.lower()
        return {kind for needle, kind in self.needles.items() if needle in raw or needle in small}

    def found_in_file(self, path: Path) -> set[str]:
        """Return what is found in a file; in one of Parquet also behind its compression."""
        found = self.found_in(path.read_bytes())
        if path.suffix == ".parquet":
            values = [value for column in pq.read_table(path).columns for value in column.to_pylist()]
            found |= self.found_in(b"\n".join(v if isinstance(v, bytes) else str(v).encode() for v in values))
            found |= {"an MPID" for value in values if isinstance(value, int) and value in self.mpids}
        return found


@dataclass(frozen=True, slots=True)
class Watched:
    """A project whose every trace is kept.

    Attributes:
        project: The project.
        secrets: What must not be found.
        wire: What was sent.
        traces: Folders: TikTok's own, scratch folders as they were before they were removed, and what was left.
        printed: What was printed.
    """

    project: Project
    secrets: Secrets
    wire: Wire
    traces: tuple[Path, ...]
    printed: list[Ran] = field(default_factory=list)

    def __call__(self, command: str, *arguments: str) -> Ran:
        ran = self.project(command, "-vv", *arguments)
        self.printed.append(ran)
        return ran

    def assert_nothing_leaked(self, *produced: str) -> None:
        """Search everything; `produced` are files that must be among it, so that the search is not in vain."""
        roots = (self.project.folder, *self.traces)
        files = [each for root in roots for each in root.rglob("*") if each.is_file() and each.name not in SOURCES]
        assert set(produced) <= {each.name for each in files}
        for each in files:
            assert not self.secrets.found_in_file(each), each
        for ran in self.printed:
            assert not self.secrets.found_in((ran.out + ran.err).encode()), ran.out + ran.err
        assert not self.secrets.found_in(bytes(self.wire.seen))


@pytest.fixture
def private(people: pa.Table) -> pa.Table:
    """Forty people with everything that can be known of them."""
    emails = [f" Jane.Roe{number}+news@Example.COM" for number in range(PEOPLE)]
    phones = [f"+1555867{number:04d}" for number in range(PEOPLE)]
    known = people.slice(0, PEOPLE).append_column("email", pa.array(emails))
    return known.append_column("phone", pa.array(phones))


@pytest.fixture
def watched(
    served: Project, private: pa.Table, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Watched]:
    left, kept, tiktok = (tmp_path_factory.mktemp(name) for name in ("left", "kept", "tiktok"))
    monkeypatch.setattr(tempfile, "tempdir", str(left))
    cleanup = tempfile.TemporaryDirectory.cleanup

    def keep_and_clean(folder: tempfile.TemporaryDirectory[str]) -> None:
        shutil.copytree(folder.name, kept / Path(folder.name).name)
        cleanup(folder)

    monkeypatch.setattr(tempfile.TemporaryDirectory, "cleanup", keep_and_clean)
    with Sandbox(tiktok / "sandbox.db") as sandbox:
        sandbox.ensure([served.account])
        sandbox.controls.add_token(TOKEN, [served.account])
        wire = Wire(sandbox.app)
        monkeypatch.setattr(sandbox, "app", wire)
        with sandbox.serving() as url:
            monkeypatch.setenv("TIKTOK_BASE_URL", url)
            monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", TOKEN)
            project = replace(served, table=private, tiktok=sandbox.controls)
            yield Watched(project, Secrets.of(private), wire, (left, kept, tiktok))


def test_a_whole_life_of_an_audience_leaves_nothing_raw_behind(watched: Watched) -> None:
    project = watched.project
    sources = {"people": {"path": "people.parquet", "identities": IDENTITIES}}
    ids = project.table["gaid"].to_pylist()
    project.load(gaid=pa.array([MALFORMED, *ids[1:]]))
    project.declare({"buyers": {"name": "Buyers"}}, sources=sources)
    advertiser = {"advertiser_id": project.account, "access_token": "${TIKTOK_ACCESS_TOKEN}"}

    assert watched.secrets.found_in_file(project.folder / "people.parquet") == set(watched.secrets.needles.values()) - {
        "the token"
    }
    assert watched("validate").code == 0
    assert watched("plan", "--out", "plan.json").code == 0
    watched.printed.append(project.run("show", "plan.json"))
    assert watched("apply", "plan.json").code == 0
    project.load(slice(2, PEOPLE))
    project.declare({"buyers": {"name": "Buyers"}}, sources=sources, advertisers={"acme": advertiser})
    assert watched("drift", "--format", "json").code == 2
    assert watched("plan", "--format", "json", "--out", "later.json").code == 0
    assert watched("apply", "--auto-approve", "--format", "json").code == 0
    assert watched("status").code == 0
    assert watched("state show", "audience.buyers").code == 0
    assert watched("import", "--all", "acme", "-o", "exported.yaml").code == 0
    everybody = project.hashed(slice(2, PEOPLE))
    project.load(slice(0, 0))
    assert watched("plan").code == 1

    held = project.tiktok.members(project.audience_id("Buyers"))
    assert everybody < held
    assert len(held) == 4 * (PEOPLE - 2)
    project.declare({}, sources=sources)
    assert watched("apply", "--auto-approve").code == 0
    watched.assert_nothing_leaked("plan.json", "state.json", "exported.yaml", "sandbox.db", "buyers.parquet")
    assert all("reconciler.tiktok" in ran.err for ran in watched.printed if "Apply complete" in ran.out)


def quoted_in_a_condition(project: Project) -> None:
    project.load()
    project.declare(
        {"buyers": {"name": "Buyers", "where": "cast(gaid as integer) > 3 or cast(email as date) > date '2026-01-01'"}}
    )


def a_csv_row_too_long(project: Project) -> None:
    pa.csv.write_csv(project.table, "people.csv")
    with Path("people.csv").open("a", encoding="utf-8") as file:
        file.write(",".join(str(each) for each in project.table.to_pylist()[5].values()) + ",one more\n")
    project.declare({"buyers": {"name": "Buyers"}}, sources=_source("people.csv"))


def a_csv_quote_that_does_not_end(project: Project) -> None:
    pa.csv.write_csv(project.table, "people.csv")
    with Path("people.csv").open("a", encoding="utf-8") as file:
        file.write(f'"{project.table["email"][3].as_py()},\n')
    project.declare({"buyers": {"name": "Buyers", "where": "ltv > 3"}}, sources=_source("people.csv"))


def a_broken_line_of_json(project: Project) -> None:
    line = '{{"mpid": {mpid}, "gaid": "{gaid}", "email": "{email}"'.format(**project.table.to_pylist()[7])
    Path("people.jsonl").write_text(line, encoding="utf-8")
    project.declare({"buyers": {"name": "Buyers"}}, sources=_source("people.jsonl", "mpid", "gaid", "email"))


def raw_values_where_hashes_were_promised(project: Project) -> None:
    project.load()
    identities = {"gaid": {"column": "gaid", "hashed": "md5"}, "email": {"column": "email", "hashed": "sha256"}}
    project.declare(
        {"buyers": {"name": "Buyers"}}, sources={"people": {"path": "people.parquet", "identities": identities}}
    )


def numbers_where_text_was_promised(project: Project) -> None:
    project.load(email=project.table["mpid"])
    project.declare({"buyers": {"name": "Buyers"}}, sources=_source("people.parquet"))


def _source(path: str, *names: str) -> Mapping[str, object]:
    return {"people": {"path": path, "identities": {each: each for each in names or IDENTITIES}}}


@pytest.mark.parametrize(
    "spoil",
    [
        quoted_in_a_condition,
        a_csv_row_too_long,
        a_csv_quote_that_does_not_end,
        a_broken_line_of_json,
        raw_values_where_hashes_were_promised,
        numbers_where_text_was_promised,
    ],
)
def test_what_is_said_about_bad_rows_quotes_none_of(watched: Watched, spoil: Callable[[Project], None]) -> None:
    spoil(watched.project)
    told = [watched("validate"), watched("plan"), watched("apply", "--auto-approve")]
    assert any(ran.code == 1 or "malformed" in ran.text for ran in told)
    watched.assert_nothing_leaked()
