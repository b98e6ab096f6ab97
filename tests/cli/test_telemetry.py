"""Traces and metrics: what a run tells a collector, and that no collector can harm a run."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from reconciler import telemetry
from reconciler.telemetry import exporting
from reconciler.telemetry.sdk import providers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.sdk.trace import ReadableSpan

    from tests.cli.project import Project


@dataclass(frozen=True, slots=True)
class Told:
    """What was told while it was listened to."""

    spans: InMemorySpanExporter
    metrics: InMemoryMetricReader

    def named(self, name: str) -> list[ReadableSpan]:
        return [each for each in self.spans.get_finished_spans() if each.name == name]

    def points(self, name: str) -> list[tuple[dict[str, Any], Any]]:
        """Return the attributes and the value, or the number of values, of each point of a metric."""
        read = self.metrics.get_metrics_data()
        assert read is not None
        found = [
            each
            for resource in read.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for each in metric.data.data_points
        ]
        return [(dict(each.attributes or {}), getattr(each, "value", getattr(each, "count", None))) for each in found]


@pytest.fixture
def told() -> Iterator[Told]:
    listening = Told(InMemorySpanExporter(), InMemoryMetricReader())
    opened = providers({"service.name": "test"}, [SimpleSpanProcessor(listening.spans)], [listening.metrics])
    with telemetry.going_to(opened.sink):
        yield listening
    for shut in opened.shutdowns:
        shut()


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_a_command_is_one_trace_from_the_config_to_the_last_call(project: Project, told: Told) -> None:
    project.apply()
    (command,) = told.named("reconciler apply")
    assert attributes(command)["reconciler.exit_code"] == 0
    assert command.parent is None
    names = {each.name for each in told.spans.get_finished_spans()}
    assert {
        "read config", "plan", "refresh tiktok", "refresh source", "refresh members", "build plan", "apply",
        "action create", "POST segment/mapping/", "store get", "store swap",
    } <= names  # fmt: skip
    assert command.context is not None
    assert {each.context.trace_id for each in told.spans.get_finished_spans() if each.context} == {
        command.context.trace_id
    }


def test_a_call_tells_its_path_its_code_its_request_and_for_which_address(project: Project, told: Told) -> None:
    project.apply()
    calls = [attributes(each) for each in told.named("POST segment/mapping/")]
    assert sum(each["tiktok.rows"] for each in calls) == len(project.table)
    assert {each["tiktok.code"] for each in calls} == {0}
    assert {each["reconciler.address"] for each in calls} == {"audience.buyers"}
    assert all(each["tiktok.request_id"] and each["tiktok.retries"] == 0 for each in calls)


def test_members_and_sources_are_told_apart(project: Project, told: Told) -> None:
    project.plan()
    assert [attributes(each)["reconciler.source"] for each in told.named("refresh source")] == ["people"]
    assert [attributes(each)["reconciler.address"] for each in told.named("refresh members")] == ["audience.buyers"]


def test_what_fails_is_told_by_its_kind_and_not_in_its_words(project: Project, told: Told) -> None:
    assert project("state show", "audience.nobody").code == 1
    (command,) = told.named("reconciler state show")
    assert attributes(command)["error.type"] == "UnknownAddressError"
    with pytest.raises(ValueError, match="a secret"), telemetry.span("work"):
        raise ValueError("a secret")
    (work,) = told.named("work")
    assert not work.events
    assert work.status.description == "ValueError"


def test_metrics_count_what_was_done(project: Project, told: Told) -> None:
    project.apply()
    assert told.points("reconciler.actions") == [({"kind": "create", "outcome": "done"}, 1)]
    assert ({"direction": "added"}, 2 * len(project.table)) in told.points("reconciler.identifiers")
    rows = {each["path"]: amount for each, amount in told.points("reconciler.tiktok.rows")}
    assert rows["segment/mapping/"] == len(project.table)
    requests = told.points("reconciler.tiktok.requests")
    assert {each["code"] for each, _ in requests} == {"0"}
    assert {each["path"] for each, _ in requests} >= {"segment/mapping/", "dmp/custom_audience/list/"}
    for name in ("plan", "apply"):
        assert told.points(f"reconciler.{name}.duration") == [({"outcome": "ok"}, 1)]


def test_the_population_of_each_audience_is_told(project: Project, told: Told) -> None:
    project.structure().apply()
    project("status")
    ((about, people),) = told.points("reconciler.audience.population")
    assert about == {"address": "audience.buyers", "advertiser_id": project.account}
    assert people == 0


def test_a_request_that_had_to_be_repeated_is_counted(served: Project, told: Told) -> None:
    served.tiktok.add_fault("write_conflict", path="segment/mapping/", times=1)
    served.apply()
    assert ({"path": "segment/mapping/"}, 1) in told.points("reconciler.tiktok.retries")
    assert max(attributes(each)["tiktok.retries"] for each in told.named("POST segment/mapping/")) == 1


def test_nothing_told_holds_a_token_or_a_person(served: Project, told: Told) -> None:
    served.apply()
    everything = " ".join(each.to_json() for each in told.spans.get_finished_spans())
    everything += str(told.metrics.get_metrics_data())
    people = {value for row in served.table.to_pylist() for value in (row["idfa"], row["gaid"], str(row["mpid"]))}
    hashed = {each for _, each in served.hashed()}
    assert os.environ["TIKTOK_ACCESS_TOKEN"] not in everything
    assert not [each for each in people | hashed if each in everything]


@dataclass(slots=True)
class Collector:
    """A collector over HTTP: what it was sent, and what it answers."""

    url: str = ""
    status: int = 200
    spans: list[Any] = field(default_factory=list)
    metrics: list[Any] = field(default_factory=list)
    resources: list[dict[str, str]] = field(default_factory=list)
    hanging: threading.Event | None = None

    def take(self, path: str, body: bytes) -> None:
        if path == "/v1/traces":
            traces = ExportTraceServiceRequest.FromString(body)
            for each in traces.resource_spans:
                self.resources.append({one.key: one.value.string_value for one in each.resource.attributes})
                self.spans += [span for scope in each.scope_spans for span in scope.spans]
        elif path == "/v1/metrics":
            for measured in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self.metrics += [metric for scope in measured.scope_metrics for metric in scope.metrics]


@contextmanager
def collecting(collector: Collector) -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            if collector.hanging is not None:
                collector.hanging.wait(30)
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    collector.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        if collector.hanging is not None:
            collector.hanging.set()
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_collector_gets_traces_and_metrics_by_the_usual_variables(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collecting(Collector()) as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
        project.structure().apply()
    names = {each.name for each in collector.spans}
    assert {"reconciler apply", "plan", "apply", "action create"} <= names
    assert {"reconciler.actions", "reconciler.tiktok.requests"} <= {each.name for each in collector.metrics}
    assert collector.resources[0]["service.name"] == "reconciler"
    assert collector.resources[0]["deployment.environment"] == "test"


def test_traces_can_be_had_alone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with collecting(Collector()) as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{collector.url}/v1/traces")
        monkeypatch.setenv("OTEL_SERVICE_NAME", "ads")
        assert project("state list").code == 0
    assert [each.name for each in collector.spans][-1] == "reconciler state list"
    assert collector.metrics == []
    assert collector.resources[0]["service.name"] == "ads"


@pytest.mark.parametrize("trouble", ["refuses", "is down", "hangs", "is no address"])
def test_a_collector_in_trouble_costs_a_warning_and_a_moment(
    project: Project, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PATIENCE_SECONDS", 0.3)
    hanging = threading.Event() if trouble == "hangs" else None
    with collecting(Collector(status=400 if trouble == "refuses" else 200, hanging=hanging)) as collector:
        url = {"is down": "http://127.0.0.1:1", "is no address": "no address"}.get(trouble, collector.url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        began = monotonic()
        ran = project("state list")
        assert monotonic() - began < 10
    assert ran.code == 0
    assert len(ran.err.splitlines()) == 1
    assert "traces and metrics" in ran.err


def test_where_nothing_exports_one_warning_says_what_to_install(project: Project) -> None:
    (project.folder / "opentelemetry.py").write_text("raise ImportError('not installed')")
    ran = project.spawn(
        "state", "list", "--sandbox", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1", PYTHONPATH=str(project.folder)
    )
    assert ran.code == 0
    assert len(ran.err.splitlines()) == 1
    assert "pip install '.[otel]'" in ran.err


@pytest.mark.parametrize(
    "environ",
    [{}, {"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}],
)
def test_who_exports_nothing_imports_nothing(project: Project, environ: dict[str, str]) -> None:
    asking = (
        "import sys; from reconciler.cli import main; main(['--help']);"
        "sys.exit(any(each.startswith('opentelemetry') for each in sys.modules))"
    )
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"} if environ else {}
    done = subprocess.run(
        [sys.executable, "-c", asking], env={**os.environ, **environ, **endpoint}, capture_output=True, check=False
    )
    assert done.returncode == 0
