"""Measures and prints; asserts nothing.

To take one benchmark, and to take them all, 50 million people too, into benchmarks.md:

    python tests/benchmarks/run.py --only source_to_wire --people 2000000
    python tests/benchmarks/run.py --full --write
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table

from tests.benchmarks import churn, engines, growth, hashing, pace, sharing, source_to_wire, traffic
from tests.benchmarks.figures import NotMeasuredError, Scale
from tests.benchmarks.machine import describe_machine, describe_versions
from tests.benchmarks.project import CommandFailedError
from tests.benchmarks.results import Section, introduce, to_markdown
from tests.benchmarks.stages import WorkFailedError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from tests.benchmarks.figures import Figure

_ROOT: Final = Path(__file__).resolve().parents[2]
_KEPT: Final = _ROOT / ".benchmarks"
_PAGE: Final = _ROOT / "benchmarks.md"
_BENCHMARKS: Final = {
    module.__name__.rpartition(".")[2]: module
    for module in (source_to_wire, hashing, churn, growth, traffic, sharing, engines, pace)
}


def main() -> int:
    """Run what was asked for; return 1 where something that was to be measured did not do its work."""
    chosen = _parse()
    console = Console(width=None if sys.stdout.isatty() else 160)
    failed = 0
    if chosen.folder is not None:
        chosen.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="benchmarks-", dir=chosen.folder) as folder:
        for name in chosen.only or _BENCHMARKS:
            scale = Scale(Path(folder) / name, chosen.people, chosen.full, chosen.rounds)
            scale.folder.mkdir()
            try:
                section = _measure(_BENCHMARKS[name], scale)
            except (CommandFailedError, WorkFailedError) as problem:
                console.print(f"{name}: {problem}", markup=False)
                failed = 1
                continue
            finally:
                shutil.rmtree(scale.folder)
            console.print(_table(section))
            if chosen.write:
                section.save(_KEPT / f"{name}.json")
                _write_page()
    return failed


def _write_page() -> None:
    kept = [_KEPT / f"{name}.json" for name in _BENCHMARKS]
    _PAGE.write_text(to_markdown(Section.load(each) for each in kept if each.exists()), encoding="utf-8")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=_BENCHMARKS, help="this one; may be repeated")
    parser.add_argument("--people", type=int, help="how many people, instead of each benchmark's own number")
    parser.add_argument("--full", action="store_true", help="go up to 50 million people: some 30 GB of disk")
    parser.add_argument("--rounds", type=int, default=3, help="how often short measurements are taken")
    parser.add_argument("--folder", type=Path, help="where to work; the system's temporary folder by default")
    parser.add_argument("--write", action="store_true", help="keep the figures and write benchmarks.md")
    return parser.parse_args()


def _measure(module: ModuleType, scale: Scale) -> Section:
    title, about = introduce(module)
    figures: Iterable[Figure] = ()
    missing = ""
    try:
        figures = module.measure(scale)
    except NotMeasuredError as reason:
        missing = str(reason)
    command = " ".join(["python", "tests/benchmarks/run.py", *_options()])
    circumstances = (f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, `{command}`", describe_machine(), describe_versions())
    return Section(title, about, tuple(figures), missing, circumstances)


def _options() -> list[str]:
    """Return the options this was called with, but for the folder: where it worked matters to nobody."""
    given = sys.argv[1:]
    if "--folder" in given:
        at = given.index("--folder")
        del given[at : at + 2]
    return given


def _table(section: Section) -> Table:
    table = Table(title=section.title, caption=section.missing or None, title_justify="left")
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_column("remark")
    for each in section.figures:
        table.add_row(each.name, str(each), each.remark)
    return table


if __name__ == "__main__":
    sys.exit(main())
