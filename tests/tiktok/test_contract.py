"""The client and a server agree, over HTTP as it was recorded. See "Cassettes" in tests/README.md.

Run as they are, these tests replay `tests/cassettes/tiktok/`. With ``RECORD=1`` they record anew: from the local
TikTok, or from the API at ``TIKTOK_BASE_URL``. What they claim must hold for both.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import vcr  # type: ignore[import-untyped] # vcrpy ships no types

from reconciler.sandbox import TOKEN, Sandbox
from reconciler.secret import Secret
from reconciler.tiktok import accounts, audiences, streaming, usage
from reconciler.tiktok.client import TikTok
from reconciler.tiktok.errors import (
    CredentialError,
    InUseError,
    InvalidRequestError,
    PermissionDeniedError,
    UnhashedError,
)
from reconciler.tiktok.model import AudienceKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CASSETTES = Path(__file__).parent.parent / "cassettes" / "tiktok"
REPLAYED_URL = "https://tiktok.test/open_api/v1.3"
REPLAYED_ADVERTISER = "7000000000000000001"
NOBODYS_ADVERTISER = "7000000000000009999"
AUDIENCE_NAME = "reconciler contract test"

KEPT_HEADERS = {"accept", "content-type"}
PERSONAL = re.compile(rb'("(?:email|display_name|editor)":\s*)"(?!open_api")[^"]*"')


@dataclass(frozen=True, slots=True)
class Server:
    """What a test talks to: the API, real or local, or the memory of it.

    Attributes:
        local: The local TikTok while recording from it.
        is_real: Whether this is TikTok itself.
    """

    base_url: str
    token: str
    advertiser_id: str
    local: Sandbox | None = None
    is_real: bool = False

    def client(self) -> TikTok:
        return TikTok(self.base_url)

    def scrub_request(self, request: Any) -> Any:
        request.uri = self._neutral(request.uri.encode()).decode()
        request.body = self._neutral(request.body) if request.body else request.body
        request.headers = {name: value for name, value in request.headers.items() if name.lower() in KEPT_HEADERS}
        return request

    def scrub_response(self, response: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in response["headers"].items() if name.lower() in KEPT_HEADERS}
        body = PERSONAL.sub(rb'\1"scrubbed"', self._neutral(response["body"]["string"]))
        return {**response, "headers": kept, "body": {"string": body}}

    def _neutral(self, text: bytes) -> bytes:
        """Replace what differs between servers, and what is nobody's business."""
        text = text.replace(self.base_url.encode(), REPLAYED_URL.encode())
        text = text.replace(self.advertiser_id.encode(), REPLAYED_ADVERTISER.encode())
        return text.replace(self.token.encode(), b"scrubbed")


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """What the test talks to, with its cassette in between."""
    cassette = CASSETTES / f"{request.node.name.removeprefix('test_')}.yaml"
    if "RECORD" not in os.environ:
        yield from replay(cassette)
    elif "TIKTOK_BASE_URL" in os.environ:
        real = Server(
            os.environ["TIKTOK_BASE_URL"].rstrip("/"),
            os.environ["TIKTOK_ACCESS_TOKEN"],
            os.environ["TIKTOK_ADVERTISER_ID"],
            is_real=True,
        )
        yield from record(real, tmp_path / "cassette.yaml", cassette)
    else:
        with Sandbox(tmp_path / "sandbox.db") as sandbox, sandbox.serving() as base_url:
            sandbox.ensure([REPLAYED_ADVERTISER])
            local = Server(base_url, TOKEN, REPLAYED_ADVERTISER, local=sandbox)
            yield from record(local, tmp_path / "cassette.yaml", cassette)


def replay(cassette: Path) -> Iterator[Server]:
    server = Server(REPLAYED_URL, "a-token", REPLAYED_ADVERTISER)
    with recorder(server).use_cassette(str(cassette), record_mode="none") as played:
        yield server
    assert played.all_played, "the client no longer asks for everything that was recorded"


def record(server: Server, fresh: Path, cassette: Path) -> Iterator[Server]:
    """Record into a file of its own, which takes the old one's place only once there is something in it."""
    with recorder(server).use_cassette(str(fresh), record_mode="all"):
        yield server
    if fresh.exists():
        shutil.move(fresh, cassette)


def recorder(server: Server) -> Any:
    return vcr.VCR(
        match_on=["method", "scheme", "host", "port", "path", "query", "body"],
        before_record_request=server.scrub_request,
        before_record_response=server.scrub_response,
        decode_compressed_response=True,
    )


async def test_whose_token_it_is(server: Server) -> None:
    async with server.client() as tiktok:
        user = await accounts.whoami(tiktok.acting_with(Secret(server.token)))

    assert user.user_id.isdecimal()


async def test_an_account_is_described_with_the_role_on_it(server: Server) -> None:
    async with server.client() as tiktok:
        session = tiktok.acting_with(Secret(server.token))
        found = await accounts.describe(session, [server.advertiser_id], {})

    account = found[server.advertiser_id]
    assert account.is_enabled
    assert account.role.can_write
    assert len(account.currency) == 3


async def test_the_life_of_a_streaming_audience(server: Server) -> None:
    async with server.client() as tiktok:
        session = tiktok.acting_with(Secret(server.token))
        audience_id = await streaming.create(session, server.advertiser_id, AUDIENCE_NAME)
        created = await audiences.list_all(session, server.advertiser_id)
        await audiences.rename(session, server.advertiser_id, audience_id, f"{AUDIENCE_NAME}, renamed")
        renamed = await audiences.list_all(session, server.advertiser_id)
        history = await audiences.history(session, server.advertiser_id, [audience_id])
        uses = await usage.look_up(session, server.advertiser_id, renamed)
        await audiences.delete(session, server.advertiser_id, audience_id)
        left = await audiences.list_all(session, server.advertiser_id)

    assert created[audience_id].name == AUDIENCE_NAME
    assert created[audience_id].kind is AudienceKind.STREAMING
    assert created[audience_id].is_creator
    assert renamed[audience_id].name == f"{AUDIENCE_NAME}, renamed"
    assert "open_api" in {edit.editor for edit in history[audience_id]}
    assert uses[audience_id] == ()
    assert audience_id not in left


async def test_identifiers_go_into_an_audience_and_out_of_it(server: Server) -> None:
    values = [hashlib.md5(str(number).encode()).digest() for number in range(3)]
    batch = pa.record_batch([pa.array(values), pa.array([values[0], None, None])], names=["idfa_md5", "gaid_md5"])
    async with server.client() as tiktok:
        session = tiktok.acting_with(Secret(server.token))
        audience_id = await streaming.create(session, server.advertiser_id, AUDIENCE_NAME)
        await streaming.send(session, server.advertiser_id, [audience_id], "add", batch)
        if server.local is not None:
            assert server.local.controls.member_count(audience_id) == 4
        await streaming.send(session, server.advertiser_id, [audience_id], "delete", batch.slice(0, 1))
        if server.local is not None:
            assert server.local.controls.member_count(audience_id) == 2
        await audiences.delete(session, server.advertiser_id, audience_id)


async def test_a_server_refuses_what_is_not_hashed_should_it_ever_get_there(server: Server) -> None:
    async with server.client() as tiktok:
        session = tiktok.acting_with(Secret(server.token))
        audience_id = await streaming.create(session, server.advertiser_id, AUDIENCE_NAME)
        body = {
            "advertiser_ids": [server.advertiser_id],
            "action": "add",
            "id_schema": ["IDFA_MD5"],
            "batch_data": [[{"id": "not-a-hash", "audience_ids": [audience_id]}]],
        }
        with pytest.raises(UnhashedError):
            await session.post("segment/mapping/", body, repeatable=True, rows=1)
        await audiences.delete(session, server.advertiser_id, audience_id)


async def test_a_dead_token_is_told_to_log_in_again(server: Server) -> None:
    async with server.client() as tiktok:
        with pytest.raises(CredentialError) as caught:
            await accounts.whoami(tiktok.acting_with(Secret("no-token-of-anybody")))

    assert caught.value.request_id
    assert "Log in again" in str(caught.value.hint)


async def test_an_account_of_somebody_else_is_named_as_not_permitted(server: Server) -> None:
    async with server.client() as tiktok:
        session = tiktok.acting_with(Secret(server.token))
        with pytest.raises((PermissionDeniedError, CredentialError), match=NOBODYS_ADVERTISER):
            await audiences.list_all(session, NOBODYS_ADVERTISER)


async def test_an_audience_that_is_not_there_is_an_invalid_request(server: Server) -> None:
    async with server.client() as tiktok:
        session = tiktok.acting_with(Secret(server.token))
        with pytest.raises(InvalidRequestError):
            await audiences.delete(session, server.advertiser_id, "7300000000000009999")


async def test_an_audience_that_an_ad_group_uses_cannot_be_deleted(server: Server) -> None:
    if server.is_real:
        pytest.skip("needs an ad group, which this tool does not create")
    async with server.client() as tiktok:
        session = tiktok.acting_with(Secret(server.token))
        audience_id = await streaming.create(session, server.advertiser_id, AUDIENCE_NAME)
        if server.local is not None:
            server.local.controls.add_ad_group(server.advertiser_id, "Spring", includes=[audience_id])
        found = await audiences.list_all(session, server.advertiser_id)
        uses = await usage.look_up(session, server.advertiser_id, found)
        with pytest.raises(InUseError):
            await audiences.delete(session, server.advertiser_id, audience_id)

    assert [use.name for use in uses[audience_id]] == ["Spring"]


async def test_who_put_an_audience_into_an_ad_group(server: Server) -> None:
    if server.is_real:
        pytest.skip("needs an ad group, which this tool does not create")
    async with server.client() as tiktok:
        session = tiktok.acting_with(Secret(server.token))
        applied = await streaming.create(session, server.advertiser_id, AUDIENCE_NAME)
        never = await streaming.create(session, server.advertiser_id, f"{AUDIENCE_NAME}, too")
        if server.local is not None:
            server.local.controls.add_ad_group(server.advertiser_id, "Spring", excludes=[applied], editor="scrubbed")
        found = await audiences.applications(session, server.advertiser_id, [applied, never])

    assert set(found) == {applied}
    told = found[applied]
    assert (told.adgroup_name, told.mode, told.editor) == ("Spring", "excludes", "scrubbed")
    assert told.adgroup_id.isdecimal()
    assert told.at is not None


async def test_the_log_of_an_audience_that_is_not_there_is_an_invalid_request(server: Server) -> None:
    async with server.client() as tiktok:
        session = tiktok.acting_with(Secret(server.token))
        with pytest.raises(InvalidRequestError):
            await audiences.applications(session, server.advertiser_id, ["7300000000000009999"])


@pytest.mark.parametrize("cassette", sorted(CASSETTES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_cassette_holds_no_token_and_no_real_host(cassette: Path) -> None:
    text = cassette.read_text(encoding="utf-8")

    assert TOKEN not in text
    assert "access-token" not in text.lower()
    assert set(re.findall(r"https?://([^/\s]+)", text)) == {"tiktok.test"}
