"""Runs a piece of work in a process of its own, so that its time and its peak memory are its own."""

from __future__ import annotations

import multiprocessing
import os
import resource
import statistics
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, ParamSpec, TypeVar

from tests.benchmarks.figures import NotMeasuredError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Spent(Generic[T_co]):
    """What a piece of work took.

    Attributes:
        seconds: Of wall clock, imports left out.
        peak: Resident memory at its highest in bytes, that of child processes (Spark's JVM) added.
        outcome: What it returned.
    """

    seconds: float
    peak: int
    outcome: T_co


class WorkFailedError(Exception):
    """A piece of work in another process raised; the message says what."""


def alone(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Spent[T]:
    """Run `work`, a function of a module, in a fresh process.

    Raises:
        WorkFailedError: It raised, or was killed.
        NotMeasuredError: It raised that.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.submit(_guarded, work, args, kwargs).result()
        except BrokenProcessPool:
            raise WorkFailedError(f"{work.__name__} was killed, perhaps for want of memory") from None


def timed(work: Callable[[], T]) -> Spent[T]:
    """Run `work` here and now. The peak is the process's so far."""
    return _timed(work, (), {})


def _guarded(work: Callable[..., T], args: tuple[object, ...], kwargs: dict[str, object]) -> Spent[T]:
    """Run `work`; what it raises becomes something that any process can read."""
    try:
        return _timed(work, args, kwargs)
    except NotMeasuredError:
        raise
    except Exception as error:
        raise WorkFailedError("".join(traceback.format_exception(error))) from None


def _timed(work: Callable[..., T], args: tuple[object, ...], kwargs: dict[str, object]) -> Spent[T]:
    began = time.perf_counter()
    outcome = work(*args, **kwargs)
    return Spent(time.perf_counter() - began, peak_memory(), outcome)


def peak_memory() -> int:
    """Return the most memory this process has had resident, and its children beside it, in bytes."""
    if Path("/proc/self/status").exists():
        # Not ru_maxrss: on Linux a process starts at what its parent had when it forked.
        return sum(_high_water(process) for process in _family(os.getpid()))
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def median(spent: Iterable[Spent[T]]) -> float:
    """Return the median of the seconds."""
    return statistics.median(each.seconds for each in spent)


def _family(process: int) -> Iterator[int]:
    yield process
    for thread in Path(f"/proc/{process}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from _family(int(child))


def _high_water(process: int) -> int:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0  # a child that has ended and not been waited for
