"""Carries traces and metrics to an OpenTelemetry collector, where the environment names one.

Set up by OpenTelemetry's own variables: OTEL_EXPORTER_OTLP_ENDPOINT, or its _TRACES_ and _METRICS_ forms, turn it on;
headers, certificates, time-outs, sampling and resource attributes have theirs. Sent as OTLP over HTTP.
"""

from __future__ import annotations

import logging
import re
import threading
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from reconciler import __version__, running, telemetry
from reconciler.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.telemetry.sdk import Providers

PATIENCE_SECONDS: Final = 3.0
"""How long the end of a run waits for the collector, at most."""

_ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"

_HEADERS: Final = re.compile(r"OTEL_EXPORTER_OTLP_(?:\w+_)?HEADERS")
_ADDRESS: Final = re.compile(r"OTEL_EXPORTER_OTLP_(?:\w+_)?ENDPOINT")
_SEPARATOR: Final = re.compile("[=:]")

log = logging.getLogger(__name__)


@contextmanager
def exporting(environ: Mapping[str, str]) -> Iterator[None]:
    """Export what is told while the block runs, if the environment says where to.

    Nothing about it can fail the run or delay its end by more than `PATIENCE_SECONDS`: what goes wrong is one warning.
    """
    wanted = _wanted(environ)
    _held = _credentials(environ)  # known as secrets for as long as anybody may complain and quote them
    providers = _opened(wanted, environ) if any(wanted.values()) else None
    if providers is None:
        yield
        return
    with _only_the_first_complaint() as complain, ExitStack() as stack:
        stack.callback(_close, providers, complain)
        stack.enter_context(telemetry.going_to(providers.sink))
        yield


def _credentials(environ: Mapping[str, str]) -> list[Secret]:
    """Return what the collector is shown: its headers, well written or not, and the queries of its addresses."""
    found: list[str] = []
    for name, value in environ.items():
        if _HEADERS.fullmatch(name):
            found += [part for pair in value.split(",") for part in (pair, *_SEPARATOR.split(pair, maxsplit=1)[1:])]
        elif _ADDRESS.fullmatch(name):
            found += value.partition("?")[1:]
    return [Secret(spelled.strip()) for each in found for spelled in {each, unquote(each)}]


def _wanted(environ: Mapping[str, str]) -> dict[str, bool]:
    """Return which of the signals are to be exported."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return {}
    return {
        signal: bool(environ.get(_ENDPOINT) or environ.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"))
        and environ.get(f"OTEL_{signal}_EXPORTER", "otlp").strip().lower() != "none"
        for signal in ("TRACES", "METRICS")
    }


def _opened(wanted: Mapping[str, bool], environ: Mapping[str, str]) -> Providers | None:
    try:
        from reconciler.telemetry.sdk import otlp

        attributes = {"service.version": __version__, "reconciler.run": running.current().id}
        named = "OTEL_SERVICE_NAME" in environ or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
        return otlp(
            attributes if named else {"service.name": "reconciler", **attributes},
            traces=wanted["TRACES"],
            metrics=wanted["METRICS"],
        )
    except ImportError:
        log.warning(
            "%s is set, but what exports is not installed: in a checkout of reconciler, pip install '.[otel]'",
            _ENDPOINT,
        )
    except Exception as problem:  # seeing less is no reason to do less
        log.warning("traces and metrics are not exported: %s: %s", type(problem).__name__, problem)
    return None


def _close(providers: Providers, complain: Callable[[str], None]) -> None:
    """Send what is left. Whoever does not take it in time has to do without."""
    threads = [threading.Thread(target=each, daemon=True, name="telemetry") for each in providers.shutdowns]
    until = monotonic() + PATIENCE_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - monotonic()))
    if any(thread.is_alive() for thread in threads):
        complain(f"no answer within {PATIENCE_SECONDS:.0f} seconds")


@contextmanager
def _only_the_first_complaint() -> Iterator[Callable[[str], None]]:
    """Tell once that the collector does not take what it is sent, whatever the exporters say how often."""
    told = threading.Event()

    def complain(why: str) -> None:
        if not told.is_set():
            told.set()
            log.warning("the collector did not take all traces and metrics; the run itself is not affected: %s", why)

    class Once(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            complain(record.getMessage())

    once = Once(logging.WARNING)
    chatty = [logging.getLogger(name) for name in ("opentelemetry", "urllib3")]
    before = [(each, each.propagate) for each in chatty]
    for logger in chatty:
        logger.propagate = False
        logger.addHandler(once)
    try:
        yield complain
    finally:
        told.set()
        for logger, propagate in before:
            logger.propagate = propagate
            logger.removeHandler(once)
