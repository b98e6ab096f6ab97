"""The same job as a competent engineer writes it by hand, without an engine: the script this project stands against.

It reads Parquet in batches with PyArrow, normalises and hashes each id, drops blank and all-zero ones, keeps each
identifier once, counts people, takes the difference to the snapshot of the last delivery, streams what is new and what
has gone with eight requests in flight, and writes the new snapshot.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from hashlib import md5
from typing import TYPE_CHECKING, Final, TypeAlias

import httpx
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IN_FLIGHT: Final = 8
ROWS_PER_REQUEST: Final = 1000
ID_SCHEMA: Final = ("IDFA_MD5", "AAID_MD5")
NOBODY: Final = "00000000-0000-0000-0000-000000000000"

Row: TypeAlias = list[dict[str, object]]
Snapshot: TypeAlias = tuple[set[str], set[str]]
"""The digests TikTok holds, a set for each of `ID_SCHEMA`."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was done: distinct people, and rows added and removed."""

    people: int
    added: int
    removed: int


def deliver(source: Path, snapshot: Path, base_url: str, audience_id: str, advertiser_id: str) -> Delivered:
    """Make an audience hold the people of `source`, and note in `snapshot` what it holds.

    Args:
        source: Parquet with the columns ``mpid``, ``ios_idfa`` and ``gaid``.
        snapshot: What was delivered last; need not exist.
        base_url: Where TikTok is.
        audience_id: The audience.
        advertiser_id: Its account.
    """
    return asyncio.run(_deliver(source, snapshot, base_url, audience_id, advertiser_id))


async def _deliver(source: Path, snapshot: Path, base_url: str, audience_id: str, advertiser_id: str) -> Delivered:
    held = _read_snapshot(snapshot)
    wanted: Snapshot = (set(), set())
    people: set[int | str] = set()
    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    async with httpx.AsyncClient(base_url=base_url, limits=limits, timeout=60) as client:
        sender = _Sender(client, advertiser_id)
        added = await sender.send("add", _additions(source, held, wanted, people, [audience_id]))
        removed = await sender.send("delete", _removals(held, wanted, [audience_id]))
    _write_snapshot(snapshot, wanted)
    return Delivered(len(people), added, removed)


def _additions(
    source: Path, held: Snapshot, wanted: Snapshot, people: set[int | str], audience_ids: list[str]
) -> Iterator[Row]:
    """Yield a row for each person with something new, and note everything seen in `wanted` and `people`."""
    held_idfas, held_gaids = held
    wanted_idfas, wanted_gaids = wanted
    for batch in pq.ParquetFile(source).iter_batches(1 << 16, columns=["mpid", "ios_idfa", "gaid"]):
        for mpid, idfa, gaid in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            idfa_digest, gaid_digest = _digest(idfa), _digest(gaid)
            if idfa_digest is None and gaid_digest is None:
                continue
            people.add(mpid or idfa_digest or gaid_digest or "")
            row: Row = [{}, {}]
            if idfa_digest is not None and idfa_digest not in wanted_idfas:
                wanted_idfas.add(idfa_digest)
                if idfa_digest not in held_idfas:
                    row[0] = {"id": idfa_digest, "audience_ids": audience_ids}
            if gaid_digest is not None and gaid_digest not in wanted_gaids:
                wanted_gaids.add(gaid_digest)
                if gaid_digest not in held_gaids:
                    row[1] = {"id": gaid_digest, "audience_ids": audience_ids}
            if row[0] or row[1]:
                yield row


def _removals(held: Snapshot, wanted: Snapshot, audience_ids: list[str]) -> Iterator[Row]:
    for digest in held[0] - wanted[0]:
        yield [{"id": digest, "audience_ids": audience_ids}, {}]
    for digest in held[1] - wanted[1]:
        yield [{}, {"id": digest, "audience_ids": audience_ids}]


def _digest(identifier: str | None) -> str | None:
    if not identifier:
        return None
    normal = identifier.strip().lower()
    if not normal or normal == NOBODY:
        return None
    return md5(normal.encode(), usedforsecurity=False).hexdigest()


class _Sender:
    """Sends rows, a thousand a request and eight requests at a time."""

    def __init__(self, client: httpx.AsyncClient, advertiser_id: str) -> None:
        self._client = client
        self._advertiser_id = advertiser_id
        self._free = asyncio.Semaphore(IN_FLIGHT)

    async def send(self, action: str, rows: Iterator[Row]) -> int:
        """Send all of `rows`; return how many there were."""
        sent = 0
        batch: list[Row] = []
        async with asyncio.TaskGroup() as requests:
            for row in rows:
                batch.append(row)
                if len(batch) == ROWS_PER_REQUEST:
                    await self._free.acquire()
                    requests.create_task(self._post(action, batch))
                    sent += len(batch)
                    batch = []
            if batch:
                await self._free.acquire()
                requests.create_task(self._post(action, batch))
        return sent + len(batch)

    async def _post(self, action: str, batch: list[Row]) -> None:
        body = {
            "advertiser_ids": [self._advertiser_id],
            "action": action,
            "id_schema": ID_SCHEMA,
            "batch_data": batch,
        }
        try:
            response = await self._client.post(
                "segment/mapping/",
                content=orjson.dumps(body),
                headers={"Access-Token": "by-hand", "Content-Type": "application/json"},
            )
        finally:
            self._free.release()
        answer = orjson.loads(response.content)
        if answer["code"] != 0:
            raise RuntimeError(f"TikTok refused: {answer['message']}")


def _read_snapshot(path: Path) -> Snapshot:
    if not path.exists():
        return set(), set()
    table = pq.read_table(path)
    digests = table.column("digest").to_pylist()
    split = table.column("id_type").to_pylist().count(ID_SCHEMA[0])
    return set(digests[:split]), set(digests[split:])


def _write_snapshot(path: Path, held: Snapshot) -> None:
    id_types = [pa.repeat(name, len(digests)) for name, digests in zip(ID_SCHEMA, held, strict=True)]
    digests = [pa.array(each, pa.string()) for each in held]
    table = pa.table({"id_type": pa.chunked_array(id_types), "digest": pa.chunked_array(digests)})
    pq.write_table(table, path)
