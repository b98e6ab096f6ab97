"""What the figures were taken on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

_GIGABYTE: Final = 1_000_000_000
_PACKAGES: Final = ("reconciler", "duckdb", "ibis-framework", "pyarrow", "numpy", "httpx", "orjson", "pyspark")


def describe_machine() -> str:
    """Return processor, cores, memory and system in one line."""
    parts = [_processor(), f"{_cores()} cores"]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        parts.append(f"{memory / _GIGABYTE:.0f} GB of memory")
    return ", ".join([*parts, f"{platform.system()} {platform.release()}"])


def describe_versions() -> str:
    """Return the versions of Python and of the packages that do the work, in one line."""
    return ", ".join([f"Python {platform.python_version()}", *filter(None, map(_installed, _PACKAGES))])


def _installed(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def _cores() -> int:
    """Return the cores this process may use, which may be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
