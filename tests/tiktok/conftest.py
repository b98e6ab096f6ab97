"""A TikTok that answers as it is told, and a clock that does not wait."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
from collections import deque
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from reconciler.secret import Secret
from reconciler.tiktok.client import TikTok
from tests.virtual_time import InstantLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.tiktok.client import Session

ADVERTISER = "7000000000000000001"
TOKEN = "a-token-that-nobody-may-read"
BASE_URL = "https://tiktok.test/open_api/v1.3"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run coroutine tests on virtual time; only recording talks to a real server and needs the real one."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in wanted}
    factory = None if "RECORD" in os.environ else InstantLoop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(pyfuncitem.obj(**arguments))
    return True


class FakeTikTok:
    """Answers each request with the next thing it was told; the last one answers whatever follows.

    Attributes:
        requests: What came, in order.
    """

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self._script: deque[Callable[[httpx.Request], httpx.Response]] = deque()
        self._routes: dict[str, Callable[[httpx.Request], httpx.Response]] = {}

    def answers(self, payload: Mapping[str, Any] | None = None) -> FakeTikTok:
        """Succeed with `payload`."""
        return self._then(lambda _: self.envelope(0, "OK", payload or {}))

    def refuses(self, code: int, message: str = "No.", payload: Mapping[str, Any] | None = None) -> FakeTikTok:
        """Answer with a code, under HTTP 200 as TikTok does."""
        return self._then(lambda _: self.envelope(code, message, payload or {}))

    def sends(self, response: httpx.Response) -> FakeTikTok:
        """Answer with something of any shape."""
        return self._then(lambda _: response)

    def breaks(self, error: Exception) -> FakeTikTok:
        """Fail in the transport."""

        def fail(_: httpx.Request) -> httpx.Response:
            raise error

        return self._then(fail)

    def routes(self, path: str, answer: Callable[[Mapping[str, str]], Mapping[str, Any]]) -> FakeTikTok:
        """Answer every request of `path` with a payload made from its query; goes before what is scripted."""
        self._routes[path] = lambda request: self.envelope(0, "OK", answer(dict(request.url.params)))
        return self

    def lists(
        self,
        path: str,
        records: list[Any],
        name: str = "list",
        where: Callable[[Mapping[str, str]], bool] = lambda _: True,
    ) -> FakeTikTok:
        """Serve `records` in pages; empty for queries that `where` is not true of."""

        def page(query: Mapping[str, str]) -> Mapping[str, Any]:
            kept = records if where(query) else []
            number, size = int(query["page"]), int(query["page_size"])
            return {
                name: kept[(number - 1) * size : number * size],
                "page_info": {
                    "page": number,
                    "page_size": size,
                    "total_number": len(kept),
                    "total_page": -(-len(kept) // size),
                },
            }

        return self.routes(path, page)

    def client(self, **options: Any) -> TikTok:
        """Return a client that talks to this."""
        return TikTok(BASE_URL, transport=httpx.MockTransport(self._answer), **options)

    def session(self, **options: Any) -> Session:
        """Return a session that talks to this."""
        return self.client(**options).acting_with(Secret(TOKEN))

    @property
    def last(self) -> httpx.Request:
        """The latest request."""
        return self.requests[-1]

    def calls(self, path: str) -> list[dict[str, str]]:
        """Return the queries of the requests of `path`."""
        return [dict(each.url.params) for each in self.requests if each.url.path == f"/open_api/v1.3/{path}"]

    @staticmethod
    def envelope(code: int, message: str, payload: Mapping[str, Any]) -> httpx.Response:
        """Return an answer in TikTok's envelope."""
        return httpx.Response(
            200, json={"code": code, "message": message, "request_id": "20240101REQUEST", "data": payload}
        )

    def sent(self) -> Any:
        """Return the JSON of the latest request."""
        return json.loads(self.last.content)

    def _then(self, step: Callable[[httpx.Request], httpx.Response]) -> FakeTikTok:
        self._script.append(step)
        return self

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        route = self._routes.get(request.url.path.removeprefix("/open_api/v1.3/"))
        if route is not None:
            return route(request)
        step = self._script.popleft() if len(self._script) > 1 else self._script[0]
        return step(request)


@pytest.fixture
def fake() -> FakeTikTok:
    """A TikTok that was told nothing yet."""
    return FakeTikTok()


@pytest.fixture
def advertiser_id() -> str:
    """The account that tests act on."""
    return ADVERTISER


@pytest.fixture
def token() -> str:
    """The token of `FakeTikTok.session`, as it must never be seen."""
    return TOKEN
