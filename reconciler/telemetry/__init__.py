"""Traces and metrics: tiny functions that do nothing until `reconciler.telemetry.exporting` gives them somewhere to go.

Nothing here imports OpenTelemetry, so a run that exports nothing pays for a few function calls only. What is told is
about the work: names of endpoints, addresses, counts and times; never a token and never an identifier of a person.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from reconciler import running

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Mapping
    from contextlib import AbstractContextManager

T = TypeVar("T")

Value: TypeAlias = "str | int | float | bool | None"
"""A value of an attribute; None leaves it out."""


class Span(Protocol):
    """A piece of work with a beginning and an end."""

    def set(self, **attributes: Value) -> None:
        """Tell more about it."""

    def rename(self, name: str) -> None:
        """Give it the name that could not be known when it began."""


class Sink(Protocol):
    """Where traces and metrics go; see `reconciler.telemetry.exporting`."""

    def span(self, name: str, attributes: Mapping[str, Value]) -> AbstractContextManager[Span]:
        """Return a span that begins and ends with the block."""

    def count(self, name: str, amount: float, attributes: Mapping[str, Value]) -> None:
        """Add to a counter."""

    def measure(self, name: str, value: float, attributes: Mapping[str, Value]) -> None:
        """Record a duration in seconds, or the state of something."""


class _Nothing:
    """The span of work that nobody traces."""

    def set(self, **attributes: Value) -> None:
        """Ignore it."""

    def rename(self, name: str) -> None:
        """Ignore it."""


@dataclass(slots=True)
class _Call:
    """One call of TikTok, which may take several requests."""

    path: str
    rows: int
    span: Span
    began: float = field(default_factory=monotonic)
    requests: int = 0
    busy: float = 0.0


_NOTHING = _Nothing()
_sink: Sink | None = None
_call: ContextVar[_Call | None] = ContextVar("call", default=None)


@contextmanager
def going_to(sink: Sink) -> Iterator[None]:
    """Send everything to `sink` while the block runs."""
    global _sink  # noqa: PLW0603  # of the process, as what it tells about is
    before, _sink = _sink, sink
    try:
        yield
    finally:
        _sink = before


def is_on() -> bool:
    """Whether anybody will see it."""
    return _sink is not None


@contextmanager
def span(name: str, **attributes: Value) -> Iterator[Span]:
    """Trace the block. Should it fail, the kind of its error is told, not its words.

    Args:
        name: What is done, the same each time: ``action``, ``refresh tiktok``.
        attributes: What it is done to. An underscore stands for a dot: ``tiktok_path`` is told as ``tiktok.path``.
    """
    if _sink is None:
        yield _NOTHING
        return
    with _sink.span(name, {**_about(), **attributes}) as begun:
        yield begun


async def within(name: str, work: Awaitable[T]) -> T:
    """Trace work that is awaited, and return what it returns."""
    with span(name):
        return await work


@contextmanager
def timed(name: str, metric: str) -> Iterator[None]:
    """Trace the block, and record how many seconds it took."""
    began, outcome = monotonic(), "error"
    try:
        with span(name):
            yield
        outcome = "ok"
    finally:
        measure(metric, monotonic() - began, outcome=outcome)


def count(name: str, amount: float = 1, **attributes: Value) -> None:
    """Add to a counter of `reconciler.telemetry.instruments`."""
    if _sink is not None:
        _sink.count(name, amount, attributes)


def measure(name: str, value: float, **attributes: Value) -> None:
    """Record a value of a histogram or gauge of `reconciler.telemetry.instruments`."""
    if _sink is not None:
        _sink.measure(name, value, attributes)


@contextmanager
def tiktok_call(method: str, path: str, *, rows: int, advertiser_id: str | None) -> Iterator[None]:
    """Trace one call of TikTok: however many requests it takes, and however long it waits between them."""
    if _sink is None:
        yield
        return
    with span(
        f"{method} {path}", tiktok_path=path, tiktok_rows=rows or None, tiktok_advertiser_id=advertiser_id
    ) as begun:
        call = _Call(path, rows, begun)
        token = _call.set(call)
        try:
            yield
            count("reconciler.tiktok.rows", rows, path=path)
        finally:
            _call.reset(token)
            retries, waited = max(0, call.requests - 1), max(0.0, monotonic() - call.began - call.busy)
            begun.set(tiktok_retries=retries, tiktok_wait_seconds=round(waited, 3))
            count("reconciler.tiktok.retries", retries, path=path)
            count("reconciler.tiktok.wait", waited, path=path)


def answered(*, code: int | None, request_id: str | None, seconds: float) -> None:
    """Tell how one request of the call that is under way ended; without a code there was no answer."""
    call = _call.get()
    if call is None:
        return
    call.requests += 1
    call.busy += seconds
    call.span.set(tiktok_code=code, tiktok_request_id=request_id)
    outcome = "none" if code is None else str(code)
    count("reconciler.tiktok.requests", path=call.path, code=outcome)
    measure("reconciler.tiktok.duration", seconds, path=call.path, code=outcome)


def _about() -> dict[str, Value]:
    addresses = running.addresses()
    return {"reconciler_address": ", ".join(addresses)} if addresses else {}
