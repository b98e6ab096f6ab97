"""Sessions: a Spark on this machine, a driver of a cluster, or the client of a Spark Connect server."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import signal
import tempfile
import threading
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.identity.engines.spark.failures import of_spark
from reconciler.identity.engines.spark.url import is_connect, knock
from reconciler.identity.errors import EngineError, UnsupportedEngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession
    from pyspark.sql.connect.session import SparkSession as ConnectSession

    Session: TypeAlias = SparkSession | ConnectSession

_DRIVER: Final = {
    "spark.app.name": "reconciler",
    # What Spark logs about a task that failed quotes the value it failed on, which is somebody's.
    "spark.log.level": "OFF",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
_ALONE: Final = {
    # Nobody else has business with a Spark that is on this machine alone.
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
}
_MEANING: Final = {
    # As in DuckDB: what does not convert is an error, and no null in silence.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    # As sqlglot writes literals and names.
    "spark.sql.ansi.doubleQuotedIdentifiers": "false",
    # Nanoseconds, in which pandas writes times, are no type of Spark's.
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    # A file that has gone or is damaged is an error, not fewer people.
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
}

_CHATTER: Final = re.compile(r"\t|WARNING|NOTE|Using |Setting |To adjust |\S*spark-class: ")
"""Beginnings of lines that do not say why Java has not started."""


def start(url: str) -> Session:
    """Return a session of its own: its settings and views are nobody else's.

    Args:
        url: A checked URL.

    Raises:
        UnsupportedEngineError: There is no Java, or no cluster.
        EngineError: Spark does not start.
    """
    knock(url)
    _hush()
    session = _connected(url) if is_connect(url) else _driver(url).newSession()
    for name, value in _MEANING.items():
        session.conf.set(name, value)
    return session


def _hush() -> None:
    """Keep PySpark from writing errors to the terminal: they quote the value they are about, which is somebody's."""
    from pyspark.logger import PySparkLogger

    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        PySparkLogger.getLogger(name).disabled = True


def stop(session: Session) -> None:
    """End a session. A driver lives on for the next one, and ends with the process."""
    if _is_connected(session):
        session.stop()


def _is_connected(session: Session) -> bool:
    from pyspark.sql import SparkSession

    return not isinstance(session, SparkSession)


def _connected(url: str) -> ConnectSession:
    from pyspark.sql.connect.session import SparkSession as ConnectSession

    refused: tuple[type[Exception], ...] = (*of_spark(), OSError)
    try:
        session: ConnectSession = ConnectSession.builder.remote(url).create()
        session.version  # noqa: B018  # the first question shows whether it is one of Spark Connect that answers
    except refused:
        raise UnsupportedEngineError(
            f"what answers at {url} is no Spark Connect server of a version that fits",
            hint="A standalone cluster is spark://host:7077; Spark Connect listens on 15002.",
        ) from None
    return session


@cache
def _driver(url: str) -> SparkSession:
    """Return this process's driver; there can be one. One that is there already is used as it is."""
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    if running := SparkSession.getActiveSession():
        return running
    settings = _DRIVER | _folders() | (_ALONE if url.startswith("local") else {})
    conf = SparkConf().setMaster(url)
    for name, value in settings.items():
        conf.setIfMissing(name, value)
    _check_java()
    failing: tuple[type[Exception], ...] = (*of_spark(), OSError)
    with tempfile.TemporaryFile() as complaints, _interrupts_as_before():
        try:
            # The very words of Java are kept from the terminal; they are looked at if it does not start.
            gateway = launch_gateway(conf, {"stderr": complaints})  # type: ignore[no-untyped-call]  # PySpark's own
            SparkContext(conf=conf, gateway=gateway)
        except failing:
            complaints.seek(0)
            raise _did_not_start(url, complaints.read().decode(errors="replace")) from None
    return SparkSession.builder.getOrCreate()


def _folders() -> dict[str, str]:
    """Return where this process's Spark may put what it needs: for this user alone, and gone when the process ends."""
    folder = tempfile.mkdtemp(prefix="reconciler-spark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # Without the second it makes one in the working directory.
    return {"spark.local.dir": folder, "spark.sql.warehouse.dir": f"{folder}/warehouse"}


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if java is None:
        where = f"JAVA_HOME={home} has no bin/java" if home else "there is none on this machine"
        raise UnsupportedEngineError(
            f"Spark needs Java 17 or 21, and {where}",
            hint="Install one and set JAVA_HOME, or use sc://host:15002, which needs no Java here.",
        )


def _did_not_start(url: str, complaints: str) -> EngineError | UnsupportedEngineError:
    if "UnsupportedClassVersionError" in complaints:
        return UnsupportedEngineError(
            "Spark needs Java 17 or 21, and this machine's is older", hint="Set JAVA_HOME to a newer one."
        )
    said = [line.strip() for line in complaints.splitlines() if line.strip() and not _CHATTER.match(line)]
    why = f": {' '.join(said[:2])}" if said else ""
    return EngineError(f"Spark does not start at {url}{why}", hint="Does spark-submit --version run here?")


@contextmanager
def _interrupts_as_before() -> Iterator[None]:
    """Keep what Ctrl-C does: Spark would have it end its own jobs and nothing else."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)
