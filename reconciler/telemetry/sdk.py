"""OpenTelemetry's side of `reconciler.telemetry`: spans and instruments of its SDK. Needs the extra ``otel``."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode

from reconciler import __version__
from reconciler.telemetry.instruments import INSTRUMENTS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from opentelemetry import metrics, trace
    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.trace import SpanProcessor

    from reconciler.telemetry import Value


@dataclass(frozen=True, slots=True)
class Providers:
    """What is open.

    Attributes:
        sink: Where to tell.
        shutdowns: Each sends what is left of one signal, and may take as long as the collector does.
    """

    sink: OpenTelemetry
    shutdowns: tuple[Callable[[], object], ...]


def otlp(attributes: Mapping[str, str], *, traces: bool, metrics: bool) -> Providers:
    """Return what exports as OTLP over HTTP, set up by the variables of the environment."""
    processors = [BatchSpanProcessor(OTLPSpanExporter())] if traces else []
    readers = [PeriodicExportingMetricReader(OTLPMetricExporter())] if metrics else []
    return providers(attributes, processors, readers)


def providers(
    attributes: Mapping[str, str], processors: Sequence[SpanProcessor], readers: Sequence[MetricReader]
) -> Providers:
    """Return what tells these processors and readers. The providers of the process as a whole are left alone.

    Args:
        attributes: What all of it is about: the service and its version.
        processors: Take the spans; with none there are none.
        readers: Take the metrics.
    """
    resource = Resource.create(dict(attributes))
    tracing = TracerProvider(resource=resource, shutdown_on_exit=False)
    for processor in processors:
        tracing.add_span_processor(processor)
    metering = MeterProvider(readers, resource=resource, shutdown_on_exit=False)
    sink = OpenTelemetry(tracing.get_tracer("reconciler", __version__), metering.get_meter("reconciler", __version__))
    return Providers(sink, (tracing.shutdown, metering.shutdown))


class OpenTelemetry:
    """Tells a tracer and a meter; a `reconciler.telemetry.Sink`."""

    def __init__(self, tracer: trace.Tracer, meter: metrics.Meter) -> None:
        self._tracer = tracer
        made: dict[str, Callable[[float, dict[str, str | int | float | bool]], None]] = {}
        for name, each in INSTRUMENTS.items():
            match each.kind:
                case Kind.COUNTER:
                    made[name] = meter.create_counter(name, each.unit, each.about).add
                case Kind.HISTOGRAM:
                    made[name] = meter.create_histogram(name, each.unit, each.about).record
                case Kind.GAUGE:
                    made[name] = meter.create_gauge(name, each.unit, each.about).set
        self._instruments = made

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Value]) -> Iterator[OpenSpan]:
        """Trace the block."""
        with self._tracer.start_as_current_span(
            name, attributes=_dotted(attributes), record_exception=False, set_status_on_exception=False
        ) as begun:
            try:
                yield OpenSpan(begun)
            except BaseException as problem:
                kind = type(problem).__name__  # its words may hold anything
                begun.set_status(Status(StatusCode.ERROR, kind))
                begun.set_attribute("error.type", kind)
                raise

    def count(self, name: str, amount: float, attributes: Mapping[str, Value]) -> None:
        """Add to a counter."""
        self._instruments[name](amount, _known(attributes))

    def measure(self, name: str, value: float, attributes: Mapping[str, Value]) -> None:
        """Record a value."""
        self._instruments[name](value, _known(attributes))


class OpenSpan:
    """A span of the SDK; a `reconciler.telemetry.Span`."""

    __slots__ = ("_span",)

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def set(self, **attributes: Value) -> None:
        """Tell more about it."""
        self._span.set_attributes(_dotted(attributes))

    def rename(self, name: str) -> None:
        """Give it another name."""
        self._span.update_name(name)


def _known(attributes: Mapping[str, Value]) -> dict[str, str | int | float | bool]:
    return {name: value for name, value in attributes.items() if value is not None}


def _dotted(attributes: Mapping[str, Value]) -> dict[str, str | int | float | bool]:
    """Return attributes by the names they are told by: the first underscore of each is a dot."""
    return {name.replace("_", ".", 1): value for name, value in _known(attributes).items()}
