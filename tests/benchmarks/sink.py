"""An HTTP server that takes what is sent as fast as it comes and keeps none of it, in a process of its own.

It reads bodies into one buffer a connection and answers every ``segment/mapping/`` with success. The few control
requests of an apply are answered too, so that the command line can be pointed at it.

    python tests/benchmarks/sink.py                 # prints its port; ends when its standard input does
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import httpx

from tests.benchmarks.control import Accounts
from tests.benchmarks.tally import Tally, Turnstile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MAPPING: Final = b"/segment/mapping/"
_TALLY: Final = b"/tally/"
_RESET: Final = b"/reset/"
_LARGEST_HEAD: Final = 1 << 16
_ENDING: Final = b"\r\n\r\n"
_DONE: Final = b'{"code":0,"message":"OK","request_id":"0000000000000000","data":{}}'
_TOO_FREQUENT: Final = (
    b'{"code":40100,"message":"Requests made too frequently.","request_id":"0000000000000000","data":{}}'
)


class Service:
    """What all connections share: the counts, the accounts, and where bodies are kept if they are."""

    def __init__(self, new_turnstile: Callable[[], Turnstile] = Turnstile, keep: Path | None = None) -> None:
        self.turnstile = new_turnstile()
        self._new_turnstile = new_turnstile
        self._accounts = Accounts()
        self._keep = keep
        self._numbers = count()

    def answer(self, method: bytes, target: bytes, head_bytes: int, body: memoryview) -> bytes:
        """Return the body of the answer to one request."""
        if target == _MAPPING:
            if not self.turnstile.admit(head_bytes, body):
                return _TOO_FREQUENT
            if self._keep is not None:
                (self._keep / f"{next(self._numbers):06}.json").write_bytes(body)
            return _DONE
        if target == _TALLY:
            return self.turnstile.tally.dump()
        if target == _RESET:
            self.turnstile = self._new_turnstile()
            return _DONE
        return self._accounts.answer(method.decode(), target.decode(), bytes(body))


class Connection(asyncio.BufferedProtocol):
    """One connection: request after request, each read straight into a buffer that is used again."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._head = bytearray(_LARGEST_HEAD)
        self._head_filled = 0
        self._head_length = 0
        self._body = bytearray(1 << 18)
        self._body_filled = 0
        self._body_length: int | None = None  # None while the head is being read
        self._request = (b"", b"")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes go."""
        if self._body_length is None:
            return memoryview(self._head)[self._head_filled :]
        return memoryview(self._body)[self._body_filled : self._body_length]

    def buffer_updated(self, nbytes: int) -> None:
        """Go on with `nbytes` more."""
        if self._body_length is not None:
            self._body_filled += nbytes
            self._finish()
            return
        self._head_filled += nbytes
        while self._begin():
            self._finish()

    def _begin(self) -> bool:
        """Read a head if it is there whole, and what has come of the body with it."""
        end = self._head.find(_ENDING, 0, self._head_filled)
        if end < 0:
            return False
        lines = bytes(self._head[:end]).split(b"\r\n")
        method, target, _version = lines[0].split(b" ")
        length = next((int(line[15:]) for line in lines if line[:15].lower() == b"content-length:"), 0)
        self._request = method, target
        self._head_length = end + len(_ENDING)
        if len(self._body) < length:
            self._body = bytearray(length)
        self._body_filled = min(length, self._head_filled - self._head_length)
        taken = self._head_length + self._body_filled
        self._body[: self._body_filled] = self._head[self._head_length : taken]
        self._head[: self._head_filled - taken] = self._head[taken : self._head_filled]
        self._head_filled -= taken
        self._body_length = length
        return True

    def _finish(self) -> None:
        """Answer, if the body is there whole."""
        if self._body_length is None or self._body_filled < self._body_length:
            return
        body = memoryview(self._body)[: self._body_length]
        answer = self._service.answer(*self._request, self._head_length, body)
        self._body_length = None
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer)
        )


@dataclass(frozen=True, slots=True)
class Sink:
    """A running sink, seen from outside."""

    base_url: str

    def tally(self) -> Tally:
        """Return what it has counted since the last reset."""
        return Tally.load(httpx.get(f"{self.base_url}/tally/").content)

    def reset(self) -> None:
        """Count from nothing again."""
        httpx.post(f"{self.base_url}/reset/").raise_for_status()


@contextmanager
def serving(*, counts_rows: bool = True, enforces: bool = False, keep: Path | None = None) -> Iterator[Sink]:
    """Run a sink in a process of its own while the block lasts.

    Args:
        counts_rows: Whether rows are counted, not requests and bytes alone.
        enforces: Whether it holds its callers to the basic tier.
        keep: A folder to write each body of ``segment/mapping/`` to, in the order they came; None keeps nothing.
    """
    command = [sys.executable, "-m", "tests.benchmarks.sink"]
    options = [
        *(["--no-rows"] if not counts_rows else []),
        *(["--enforce"] if enforces else []),
        *(["--keep", str(keep)] if keep else []),
    ]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [*command, *options], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Sink(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.stdin.close()


async def _serve(service: Service) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(service), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-rows", action="store_true", help="count no rows")
    parser.add_argument("--enforce", action="store_true", help="hold callers to the basic tier")
    parser.add_argument("--keep", type=Path, help="a folder to write bodies to")
    chosen = parser.parse_args()
    turnstile = partial(Turnstile, counts_rows=not chosen.no_rows, enforces=chosen.enforce)
    asyncio.run(_serve(Service(turnstile, chosen.keep)))


if __name__ == "__main__":
    main()
