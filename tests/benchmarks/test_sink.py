"""The sink counts right, however what it is sent arrives, and keeps the limits it is told to keep."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import httpx
import orjson
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.sink import Connection, Service, serving
from tests.benchmarks.tally import ROWS_A_SECOND, Tally, Turnstile

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(chunk))


def _body(rows: int) -> bytes:
    row = [{"id": "0" * 32, "audience_ids": ["1", "2"]}, {}]
    return orjson.dumps({"action": "add", "id_schema": ["IDFA_MD5", "AAID_MD5"], "batch_data": [row] * rows})


def _post(body: bytes) -> bytes:
    return b"POST /segment/mapping/ HTTP/1.1\r\nHost: here\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def _receive(connection: Connection, arriving: bytes) -> None:
    """Hand bytes over as the event loop does: at most what the connection has room for."""
    while arriving:
        buffer = connection.get_buffer(-1)
        taken = arriving[: len(buffer)]
        buffer[: len(taken)] = taken
        connection.buffer_updated(len(taken))
        arriving = arriving[len(taken) :]


@given(rows=st.lists(st.integers(1, 50), min_size=1, max_size=5), seed=st.data())
def test_requests_are_counted_however_they_are_cut(rows: Sequence[int], seed: st.DataObject) -> None:
    stream = b"".join(_post(_body(each)) for each in rows)
    cuts = sorted(seed.draw(st.sets(st.integers(1, len(stream) - 1), max_size=20)))
    service, wire = Service(), Wire()
    connection = Connection(service)
    connection.connection_made(wire)
    for start, end in pairwise([0, *cuts, len(stream)]):
        _receive(connection, stream[start:end])
    tally = service.turnstile.tally
    assert (tally.requests, tally.rows, tally.wire_bytes) == (len(rows), sum(rows), len(stream))
    assert tally.body_bytes == sum(len(_body(each)) for each in rows)
    assert len(wire.written) == len(rows)


def test_a_body_larger_than_the_first_buffer_is_taken_whole() -> None:
    service = Service()
    connection = Connection(service)
    connection.connection_made(Wire())
    _receive(connection, _post(_body(10_000)) + _post(_body(3)))
    assert service.turnstile.tally.rows == 10_003


def test_a_tally_is_read_back_as_it_was() -> None:
    turnstile = Turnstile(enforces=True)
    for rows in (ROWS_A_SECOND, 1, 5):
        turnstile.admit(10, memoryview(_body(rows)))
    assert Tally.load(turnstile.tally.dump()) == turnstile.tally


def test_more_than_the_basic_tier_allows_in_a_second_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_000_000_000.5)
    turnstile = Turnstile(enforces=True)
    assert [turnstile.admit(0, memoryview(_body(rows))) for rows in (ROWS_A_SECOND, 1)] == [True, False]
    monkeypatch.setattr("time.time", lambda: 1_000_000_001.0)
    assert turnstile.admit(0, memoryview(_body(1)))
    assert turnstile.tally.by_second == {1_000_000_000: ROWS_A_SECOND, 1_000_000_001: 1}
    assert turnstile.tally.refused_after == [0.0]


def test_more_than_the_basic_tier_allows_in_a_minute_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    turnstile = Turnstile(enforces=True)
    body = memoryview(_body(ROWS_A_SECOND))
    taken = []
    for second in (0, *range(60)):
        monkeypatch.setattr("time.time", lambda now=1_020_000_000.0 + second: now)
        taken.append(turnstile.admit(0, body))
    # The second request is too much for its second, and with it the last one for the minute.
    assert taken == [True, False, *[True] * 58, False]


def test_it_serves_a_process_of_its_own() -> None:
    with serving() as sink, httpx.Client(base_url=sink.base_url) as client:
        assert client.post("segment/mapping/", content=_body(7)).json()["code"] == 0
        assert (sink.tally().requests, sink.tally().rows) == (1, 7)
        sink.reset()
        assert sink.tally() == Tally()


def test_what_it_does_not_know_it_refuses() -> None:
    with serving() as sink:
        assert httpx.get(f"{sink.base_url}/nowhere/").json()["code"] == 40008


def test_audiences_made_are_listed() -> None:
    query = {"advertiser_id": "7", "page": "1", "page_size": "100"}
    made = {"advertiser_id": "7", "action": "create", "custom_audience_name": "Everybody"}
    with serving() as sink, httpx.Client(base_url=sink.base_url) as client:
        audience_id = client.post("segment/audience/", json=made).json()["data"]["audience_id"]
        listed = client.get("dmp/custom_audience/list/", params=query).json()["data"]
    assert [(each["audience_id"], each["name"]) for each in listed["list"]] == [(audience_id, "Everybody")]
    assert listed["page_info"]["total_number"] == 1
