"""The local TikTok over HTTP, as another process meets it."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.sandbox import TOKEN, Sandbox, SandboxError
from tests.sandbox.conftest import ADVERTISER, UPLOAD, cell, lines, md5, opened
from tests.sandbox.conftest import CREATE as CREATE_FROM_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = """
import sys
from pathlib import Path
from reconciler.sandbox import Sandbox

with Sandbox(Path(sys.argv[1])) as sandbox:
    sandbox.serve(port=0, on_ready=lambda url: print(url, flush=True))
print("ended", flush=True)
"""
CREATE = {"advertiser_id": ADVERTISER, "action": "create", "custom_audience_name": "Buyers"}


@contextmanager
def server_process(path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-c", SERVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def client_of(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Access-Token": TOKEN}, trust_env=False)


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with sandbox.serving() as url, client_of(url) as connected:
        yield connected


def test_it_answers_over_http(client: httpx.Client, sandbox: Sandbox) -> None:
    reply = opened(client.post("/segment/audience/", json=CREATE))

    assert reply.code == 0
    assert [each.audience_id for each in sandbox.controls.audiences(ADVERTISER)] == [reply.content["audience_id"]]


def test_a_missing_slash_is_not_redirected(client: httpx.Client) -> None:
    assert client.get("/user/info").status_code == 404


def test_a_list_in_a_query_arrives(client: httpx.Client) -> None:
    reply = opened(client.get("/advertiser/info/", params={"advertiser_ids": f'["{ADVERTISER}"]'}))

    assert reply.listed[0]["advertiser_id"] == ADVERTISER


@pytest.mark.parametrize(("kind", "written"), [("drop_before", 0), ("drop_after", 1)])
def test_a_connection_really_breaks(
    client: httpx.Client, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, kind: str, written: int
) -> None:
    sandbox.controls.add_fault(kind)

    with caplog.at_level(logging.DEBUG), pytest.raises(httpx.TransportError):
        client.post("/segment/audience/", json=CREATE)

    assert len(sandbox.controls.audiences(ADVERTISER)) == written
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []
    assert opened(client.get("/user/info/")).code == 0


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_a_broken_upload_can_be_done_again(client: httpx.Client, sandbox: Sandbox, kind: str) -> None:
    content = lines(range(40_000))  # more than a megabyte, so that it goes by way of the disk
    form = {"advertiser_id": ADVERTISER, "calculate_type": "IDFA_MD5", "file_signature": md5(content.decode())}
    sandbox.controls.add_fault(kind, path="file/upload")
    with pytest.raises(httpx.TransportError):
        client.post(UPLOAD, data=form, files={"file": ("people.csv", content)})

    uploaded = opened(client.post(UPLOAD, data=form, files={"file": ("people.csv", content)}))
    created = opened(
        client.post(
            CREATE_FROM_FILES,
            json={
                "advertiser_id": ADVERTISER,
                "custom_audience_name": "Buyers",
                "file_paths": [uploaded.content["file_path"]],
                "calculate_type": "IDFA_MD5",
            },
        )
    )

    assert sandbox.controls.member_count(created.content["custom_audience_id"]) == 40_000


def test_the_server_outlives_a_caller_that_goes_away(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    with sandbox.serving() as url, client_of(url) as client:
        address = httpx.URL(url)
        with socket.create_connection((address.host, address.port)) as caller:
            caller.sendall(b"POST /open_api/v1.3/segment/mapping/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")

        assert opened(client.get("/user/info/")).code == 0
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


def test_a_port_that_is_taken_is_named(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SandboxError, match=str(port)) as caught:
            sandbox.serve(port=port)

    assert "another port" in caught.value.hint


def test_controls_reach_a_server_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with server_process(path) as (_, url), client_of(url) as client, Sandbox(path) as sandbox:
        sandbox.ensure([ADVERTISER])
        audience_id = opened(client.post("/segment/audience/", json=CREATE)).content["audience_id"]
        sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=[audience_id])
        body = {"advertiser_id": ADVERTISER, "custom_audience_ids": [audience_id]}

        assert opened(client.post("/dmp/custom_audience/delete/", json=body)).code == 40002
        assert [each.code for each in sandbox.controls.requests()] == [0, 40002]


def test_what_was_answered_survives_the_server_s_death(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with server_process(path) as (process, url), client_of(url) as client, Sandbox(path) as sandbox:
        sandbox.ensure([ADVERTISER])
        audience_id = opened(client.post("/segment/audience/", json=CREATE)).content["audience_id"]
        body = {
            "advertiser_ids": [ADVERTISER],
            "action": "add",
            "id_schema": ["IDFA_MD5"],
            "batch_data": [[cell(md5(str(number)), audience_id)] for number in range(1000)],
        }
        assert opened(client.post("/segment/mapping/", json=body)).code == 0
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    with Sandbox(path) as sandbox:
        assert sandbox.controls.member_count(audience_id) == 1000


def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    with server_process(tmp_path / "sandbox.db") as (process, url), client_of(url) as client:
        assert opened(client.get("/user/info/")).code == 0
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=10)

    assert (process.returncode, output.strip(), errors) == (0, "ended", "")


def test_the_url_is_the_base_url_with_the_real_port(tmp_path: Path) -> None:
    with server_process(tmp_path / "sandbox.db") as (_, url):
        parsed = httpx.URL(url)

    assert (parsed.host, parsed.path) == ("127.0.0.1", "/open_api/v1.3")
    assert parsed.port
