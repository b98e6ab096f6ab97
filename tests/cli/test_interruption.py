"""A run that is stopped from outside, and streams that are not what a terminal gives, end in a sentence or in peace."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.project import Project


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize(("number", "how"), [("SIGINT", "default_int_handler"), ("SIGTERM", "SIG_DFL")])
def test_a_run_that_is_told_to_stop_stops_and_says_so(project: Project, number: str, how: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = applying(project, silent.getsockname()[1], number, how)
        with silent.accept()[0]:
            process.send_signal(getattr(signal, number))
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "Stopped." in err
    assert "Traceback" not in err
    assert not (project.folder / ".reconciler" / "state" / "lock.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_run_under_nohup_outlives_its_terminal(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as slow:
        process = applying(project, slow.getsockname()[1], "SIGHUP", "SIG_IGN")
        with slow.accept()[0] as connection:
            process.send_signal(signal.SIGHUP)
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "HTTP 404" in err


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such streams")
def test_a_reader_that_has_had_enough_and_closed_streams_are_no_reason_to_complain(project: Project) -> None:
    command = f"{sys.executable} -m reconciler plan --sandbox --skip-members"
    for line, out in ((f"{command} | true", ""), (f"{command} <&- >&- 2>&-; echo $?", "0\n")):
        done = subprocess.run(
            ["sh", "-c", line], cwd=project.folder, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.stdout, done.stderr) == (out, ""), line


def test_a_terminal_that_knows_no_umlauts_is_no_reason_to_stop(project: Project) -> None:
    project.tiktok.add_audience(project.account, "Grüße 🎉", "Partner Audience")
    ran = project.spawn("drift", "--sandbox", "--skip-members", PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert ran.code == 2
    assert "Gr\\xfc\\xdfe" in ran.out


def applying(project: Project, port: int, number: str, how: str) -> subprocess.Popen[str]:
    """Start an apply against whatever listens on `port`; at its start a signal is handled as named by `how`."""
    start = f"signal.signal(signal.{number}, signal.{how})"
    program = f"import signal, sys; {start}; from reconciler.cli import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.Popen(
        [sys.executable, "-c", program, "apply", "--skip-members", "--auto-approve"],
        cwd=project.folder,
        env={
            **os.environ,
            "TIKTOK_BASE_URL": f"http://127.0.0.1:{port}/open_api/v1.3",
            "TIKTOK_ACCESS_TOKEN": "some-token",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
