"""Forges on loopback: what GitHub's and GitLab's REST APIs have in common as far as the tests stand in for them.

Stricter than the real ones: a field, a parameter or a path that they would ignore or that nobody here expects is
refused and written down, and a test that uses the fixture fails on it at its end.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping, Sequence

MOST_PER_PAGE: Final = 100
DEFAULT_PER_PAGE: Final = {"github": 30, "gitlab": 20}


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        path: Its segments, decoded, without the base of the API.
        headers: Names in lower case.
        query: Its parameters.
        body: Its JSON; empty where there is none.
    """

    method: str
    path: tuple[str, ...]
    headers: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {'/'.join(self.path)}"


class Refused(Exception):  # noqa: N818  # an answer, not a failure of the stand-in
    """An answer other than success.

    Args:
        status: Its status.
        document: Its JSON.
        headers: What it carries beside.
    """

    def __init__(self, status: int, document: object, **headers: str) -> None:
        super().__init__(status)
        self.status = status
        self.document = document
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Unexpected(Exception):  # noqa: N818  # what the test did, not what went wrong
    """What the real forge may bear and no test here should send."""


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next call that fits, once.

    Attributes:
        method: Of the call.
        part: What its path ends in.
        answer: The refusal in place of an answer; None breaks the connection.
        done: Whether the call has its effect all the same.
    """

    method: str
    part: str
    answer: Refused | None = None
    done: bool = False


@dataclass(slots=True)
class Answer:
    """What a call is answered with; `listed` is cut into pages."""

    status: int = 200
    document: object = None
    listed: Sequence[object] | None = None
    inside: str | None = None


@dataclass(slots=True)
class Forge:
    """What every stand-in has: a list of calls, of faults to come, and of what it did not expect.

    Attributes:
        url: The base of its API, once it runs.
        calls: What it was asked, with the status it answered; 0 for a broken connection.
        faults: What is going to go wrong.
        unexpected: What it refused that the real one would bear.
        before: Called with each call before it is carried out: what others do meanwhile.
    """

    url: str = ""
    calls: list[tuple[Call, int]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    before: Callable[[Call], None] | None = None

    flavour = "github"
    base = ""

    def carry_out(self, call: Call) -> Answer:
        """Do what a call asks; raises Refused or Unexpected."""
        raise NotImplementedError

    def made(self, method: str, part: str = "") -> list[Call]:
        """Return the calls of a method whose path ends in `part`."""
        return [call for call, _ in self.calls if call.method == method and "/".join(call.path).endswith(part)]

    def answer(self, call: Call) -> tuple[int, dict[str, str], object] | None:
        """Return status, headers and JSON; None breaks the connection."""
        fault = next(
            (each for each in self.faults if each.method == call.method and str(call).endswith(each.part)), None
        )
        try:
            if fault is not None:
                self.faults.remove(fault)
                if fault.done:
                    self.carry_out(call)
                if fault.answer is None:
                    self.calls.append((call, 0))
                    return None
                raise fault.answer
            if self.before is not None:
                self.before(call)
            answer = self.carry_out(call)
            headers: dict[str, str] = {}
            document = answer.document
            if answer.listed is not None:
                document, headers = self._page(call, answer.listed)
                if answer.inside is not None:
                    document = {"total_count": len(answer.listed), answer.inside: document}
            self.calls.append((call, answer.status))
            return answer.status, headers, document  # noqa: TRY300  # reads in the order it happens
        except Refused as refused:
            self.calls.append((call, refused.status))
            return refused.status, refused.headers, refused.document
        except Unexpected as problem:
            self.unexpected.append(f"{call}: {problem}")
            self.calls.append((call, 422))
            return 422, {}, {"message": f"unexpected: {problem}"}

    def _page(self, call: Call, listed: Sequence[object]) -> tuple[list[object], dict[str, str]]:
        size = int(call.query.get("per_page", DEFAULT_PER_PAGE[self.flavour]))
        page = int(call.query.get("page", 1))
        if not 1 <= size <= MOST_PER_PAGE or page < 1:
            raise Unexpected(f"per_page={size}, page={page}")
        last = max(1, -(-len(listed) // size))

        def link(number: int, relation: str) -> str:
            query = urlencode({**call.query, "page": number})
            return f'<{self.url}/{"/".join(call.path)}?{query}>; rel="{relation}"'

        links = [link(page + 1, "next")] if page < last else []
        links += [link(last, "last")] if last > 1 else []
        return list(listed[(page - 1) * size : page * size]), {"link": ", ".join(links)} if links else {}


F = TypeVar("F", bound=Forge)


def only(given: dict[str, Any], *names: str) -> None:
    """Refuse fields that nobody expects."""
    unknown = sorted(given.keys() - set(names))
    if unknown:
        raise Unexpected(f"unknown: {', '.join(unknown)}")


@dataclass(slots=True)
class Application(Generic[F]):
    """A stand-in as an ASGI application."""

    forge: F

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Callable[[], Any], send: Callable[[Any], Any]
    ) -> None:
        raw, more = b"", True
        while more:
            message = await receive()
            raw += message.get("body", b"")
            more = message.get("more_body", False)
        answered = self.forge.answer(self._call(scope, raw))
        if answered is None:  # an answer that is announced and never comes
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
            return
        status, headers, document = answered
        content = b"" if status == 204 else json.dumps(document).encode()
        told = {"content-type": "application/json", "content-length": str(len(content)), **headers}
        listed = [(name.encode(), value.encode()) for name, value in told.items()]
        await send({"type": "http.response.start", "status": status, "headers": listed})
        await send({"type": "http.response.body", "body": content})

    def _call(self, scope: MutableMapping[str, Any], raw: bytes) -> Call:
        path = scope["raw_path"].decode().removeprefix(self.forge.base)
        return Call(
            method=scope["method"],
            path=tuple(unquote(each) for each in path.strip("/").split("/")),
            headers={name.decode().lower(): value.decode() for name, value in scope["headers"]},
            query=dict(parse_qsl(scope["query_string"].decode(), strict_parsing=bool(scope["query_string"]))),
            body=json.loads(raw) if raw else {},
        )


@contextmanager
def serving(application: Application[F]) -> Iterator[str]:
    """Serve an application on loopback while the block runs; yields its address without a path.

    Its forge may be exchanged meanwhile: starting and stopping a server costs more than most tests.
    """
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # broken connections are what was asked for
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            application, log_config=None, access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def running(forge: F) -> Iterator[F]:
    """Serve a stand-in on loopback while the block runs."""
    with serving(Application(forge)) as address:
        forge.url = f"{address}{forge.base}"
        yield forge
