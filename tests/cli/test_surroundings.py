"""What a shell, a scheduler or a locale may have set: results are still shown, and what machines read stays whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.project import Project


@pytest.mark.parametrize("columns", ["0", "1", "-5", "x"])
def test_no_width_swallows_what_is_told(project: Project, columns: str) -> None:
    planned = project.spawn("plan", "--sandbox", COLUMNS=columns)
    assert (planned.code, "buyers" in planned.out) == (0, True)
    refused = project.spawn("plan", "-c", "nowhere", COLUMNS=columns)
    assert (refused.code, "nowhere" in refused.err) == (1, True)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii"])
@pytest.mark.parametrize("form", ["json", "html", "markdown"])
def test_what_machines_read_is_utf8_whatever_the_locale(project: Project, form: str, encoding: str) -> None:
    project.declare({"buyers": {"name": "Kundén 😀"}})
    planned = project.spawn("plan", "--sandbox", "--format", form, PYTHONIOENCODING=encoding)
    assert planned.code == 0
    assert "Kundén 😀" in (json.dumps(json.loads(planned.out), ensure_ascii=False) if form == "json" else planned.out)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:00-05:00", "2026-13-01", "1x"])
def test_a_time_that_is_none_is_refused(project: Project, moment: str) -> None:
    ran = project("history", "--since", moment)
    assert ran.code == 1
    assert "is no time" in ran.err


@pytest.mark.parametrize("hours", ["99999999999", "nan", "inf", "87841"])
def test_the_local_tiktok_s_clock_stays_a_time(project: Project, hours: str) -> None:
    assert project.run("sandbox", "advance", hours).code == 1
    assert project.run("sandbox", "advance", "1").code == 0


def test_more_people_than_there_are_are_not_matched(project: Project) -> None:
    audience = project.tiktok.add_audience(project.account, "Buyers", "Partner Audience", cover_num=5000)
    ran = project.run("sandbox", "match", audience, "999999999999999999999999")
    assert ran.code == 1
    assert "unexpected" not in ran.text


def test_an_emptied_tiktok_still_has_the_accounts_that_are_declared(project: Project) -> None:
    assert project.run("sandbox", "reset", "--yes").code == 0
    assert project("plan").code == 0


@pytest.mark.parametrize("to", ["", "  ", ".", "./"])
def test_the_state_does_not_move_among_the_files(project: Project, to: str) -> None:
    before = sorted(each.name for each in project.folder.iterdir())
    ran = project.run("state", "migrate", "--to", to)
    assert ran.code == 1
    assert "is no place for a state" in ran.text
    assert sorted(each.name for each in project.folder.iterdir()) == before


@pytest.mark.parametrize(
    "environ",
    [
        {"OTEL_EXPORTER_OTLP_HEADERS": "x-honeycomb-team:sup3rs3cretvalue"},
        {"OTEL_EXPORTER_OTLP_TRACES_HEADERS": "sup3rs3cretvalue"},
        {"OTEL_EXPORTER_OTLP_HEADERS": "a=b,sup3rs3cretvalue"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1/?key=sup3rs3cretvalue"},
    ],
)
def test_no_complaint_about_a_collector_quotes_what_it_is_shown(project: Project, environ: dict[str, str]) -> None:
    ran = project.spawn(
        "state", "list", "--sandbox", "-vv", **{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", **environ}
    )
    assert ran.code == 0
    assert ran.err
    assert "sup3rs3cretvalue" not in ran.err
