"""A local TikTok with a clock that stands still, and a caller that says what it sends."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from reconciler.sandbox import BASE_PATH, TOKEN, Sandbox
from tests.consent import Exchange, Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

ADVERTISER = "7000000000000000001"
SECOND_ADVERTISER = "7000000000000000002"
UPLOAD = "/dmp/custom_audience/file/upload/"
CREATE = "/dmp/custom_audience/create/"
UPDATE = "/dmp/custom_audience/update/"
THE_TIME = 1_767_225_600.0  # 2026-01-01 00:00:00 UTC, the start of a minute and of a day


@dataclass(frozen=True, slots=True)
class Reply:
    """An envelope, opened."""

    status: int
    code: int
    message: str
    request_id: str
    content: Mapping[str, Any]

    @property
    def listed(self) -> list[Any]:
        """The entries of a list."""
        entries: list[Any] = self.content["list"]
        return entries


class Api:
    """Calls the local TikTok in process, one request after the other."""

    def __init__(self, sandbox: Sandbox, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._transport = sandbox.transport()

    def send(self, method: str, path: str, *, token: str | None = TOKEN, **options: Any) -> httpx.Response:
        """Send a request as it is; `path` is below the base path."""

        async def send() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self._transport, base_url=f"http://tiktok.test{BASE_PATH}"
            ) as client:
                headers = {"Access-Token": token} if token is not None else {}
                headers |= options.pop("headers", {})
                return await client.request(method, path, headers=headers, **options)

        return self._runner.run(send())

    def get(self, path: str, *, token: str | None = TOKEN, **fields: Any) -> Reply:
        """GET with lists and objects JSON-encoded, as the contract wants them."""
        query = {name: each if isinstance(each, str | int) else json.dumps(each) for name, each in fields.items()}
        return opened(self.send("GET", path, token=token, params=query))

    def post(self, path: str, *, token: str | None = TOKEN, **fields: Any) -> Reply:
        """POST a JSON object."""
        return opened(self.send("POST", path, token=token, json=fields))

    def form(
        self, path: str, *, token: str | None = TOKEN, file: tuple[str, bytes] | None = None, **fields: str
    ) -> Reply:
        """POST a form of texts, and a file with its name."""
        parts: list[tuple[str, tuple[str | None, str | bytes]]] = [
            (name, (None, text)) for name, text in fields.items()
        ]
        if file is not None:
            parts.append(("file", file))
        return opened(self.send("POST", path, token=token, files=parts))

    def upload(
        self,
        content: bytes,
        calculate_type: str = "IDFA_MD5",
        *,
        advertiser_id: str = ADVERTISER,
        name: str = "people.csv",
        signature: str | None = None,
        token: str = TOKEN,
    ) -> Reply:
        """Upload a customer file."""
        return self.form(
            UPLOAD,
            token=token,
            file=(name, content),
            advertiser_id=advertiser_id,
            file_signature=hashlib.md5(content).hexdigest() if signature is None else signature,
            calculate_type=calculate_type,
        )

    def uploaded(self, content: bytes, calculate_type: str = "IDFA_MD5", advertiser_id: str = ADVERTISER) -> str:
        """Upload a customer file that is taken, and return its path."""
        reply = self.upload(content, calculate_type, advertiser_id=advertiser_id)
        assert reply.code == 0, reply.message
        file_path: str = reply.content["file_path"]
        return file_path

    def create_from(self, *file_paths: str, **fields: Any) -> Reply:
        """Make an audience of files."""
        asked = {"advertiser_id": ADVERTISER, "custom_audience_name": "Buyers", "calculate_type": "IDFA_MD5"}
        return self.post(CREATE, **{**asked, "file_paths": list(file_paths), **fields})

    def change(self, audience_id: str, *file_paths: str, **fields: Any) -> Reply:
        """Change an audience by files."""
        return self.post(
            UPDATE, advertiser_id=ADVERTISER, custom_audience_id=audience_id, file_paths=list(file_paths), **fields
        )

    def create(self, name: str = "Buyers", advertiser_id: str = ADVERTISER) -> str:
        """Make a streaming audience and return its id."""
        reply = self.post("/segment/audience/", advertiser_id=advertiser_id, action="create", custom_audience_name=name)
        assert reply.code == 0, reply.message
        audience_id: str = reply.content["audience_id"]
        return audience_id

    def stream(
        self,
        rows: Sequence[object],
        *,
        action: str = "add",
        id_schema: Sequence[str] = ("IDFA_MD5",),
        advertiser_ids: Sequence[str] = (ADVERTISER,),
        token: str = TOKEN,
    ) -> Reply:
        """Send rows of `batch_data`."""
        return self.post(
            "/segment/mapping/",
            token=token,
            advertiser_ids=advertiser_ids,
            action=action,
            id_schema=id_schema,
            batch_data=rows,
        )

    def fill(self, audience_id: str, people: int) -> None:
        """Put that many people into an audience, one identifier each."""
        reply = self.stream([[cell(md5(f"person {number}"), audience_id)] for number in range(people)])
        assert reply.code == 0, reply.message

    def listed(self, audience_id: str, advertiser_id: str = ADVERTISER) -> dict[str, Any]:
        """Return one audience as the list shows it."""
        reply = self.get("/dmp/custom_audience/list/", advertiser_id=advertiser_id, custom_audience_ids=[audience_id])
        (entry,) = reply.listed
        shown: dict[str, Any] = entry
        return shown


def opened(response: httpx.Response) -> Reply:
    """Open an envelope."""
    envelope = response.json()
    assert set(envelope) == {"code", "message", "request_id", "data"}
    return Reply(response.status_code, envelope["code"], envelope["message"], envelope["request_id"], envelope["data"])


def md5(text: str) -> str:
    """Return an identifier as TikTok takes it."""
    return hashlib.md5(text.encode()).hexdigest()


def lines(*people: str | range) -> bytes:
    """Return a file of a single type: one hash a line; a range stands for its numbers."""
    names = [str(each) for some in people for each in (some if isinstance(some, range) else [some])]
    return "".join(f"{md5(name)}\n" for name in names).encode()


def cell(identifier: str, *audience_ids: str) -> dict[str, object]:
    """Return one object of a row."""
    return {"id": identifier, "audience_ids": list(audience_ids)}


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as one:
        yield one


@pytest.fixture(scope="session")
def new_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with both accounts and nothing else, to be copied: making one takes longer than a test does."""
    path = tmp_path_factory.mktemp("sandbox") / "new.db"
    with Sandbox(path, clock=lambda: THE_TIME) as opened_sandbox:
        opened_sandbox.ensure([ADVERTISER, SECOND_ADVERTISER])
    return path


@pytest.fixture
def sandbox(tmp_path: Path, new_file: Path) -> Iterator[Sandbox]:
    path = tmp_path / "sandbox.db"
    shutil.copy(new_file, path)
    with Sandbox(path, clock=lambda: THE_TIME) as opened_sandbox:
        yield opened_sandbox


@pytest.fixture
def api(sandbox: Sandbox, runner: asyncio.Runner) -> Api:
    return Api(sandbox, runner)


@pytest.fixture
def window(sandbox: Sandbox, runner: asyncio.Runner) -> Window:
    """A person's window, on the consent page."""
    return Window(sandbox, runner)


@pytest.fixture
def exchange(api: Api) -> Exchange:
    return Exchange(api)
