"""How the audiences are doing, as a table that reads at 80 columns."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from reconciler.report.lines import blank, write
from reconciler.report.symbols import QUIET, WARNING
from reconciler.report.visible import quoted, visible
from reconciler.report.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

    from reconciler.plan.status import StatusRow

_WIDEST: Final = 1000
"""Columns a table may take where nothing limits it, such as a file or a pipe."""


def render_status(rows: Sequence[StatusRow], console: Console) -> None:
    """Print a table an account, then every problem, and last the counts."""
    by_account = sorted(rows, key=lambda row: (row.account, row.address))
    for account, group in groupby(by_account, key=lambda row: row.account):
        write(console, Text(visible(account), "bold"))
        console.print(_Whole(_table(group)), crop=False)
        blank(console)
    problems = [row for row in by_account if row.problem]
    for row in problems:
        line = Text.assemble((visible(row.address), "bold"), f": {visible(row.problem)}")
        write(console, line, first=Text.assemble(("! ", WARNING)), rest="    ")
    if problems:
        blank(console)
    write(console, Text(_last_line(rows), "bold"))


class _Whole:
    """A table without spaces at the ends of its lines, at its natural width where no terminal limits it."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not console.is_terminal:
            natural = Measurement.get(console, options.update_width(_WIDEST), self._table).maximum
            options = options.update_width(natural)
        for line in console.render_lines(self._table, options, pad=False):
            yield from _stripped(line)
            yield Segment.line()


def _stripped(line: list[Segment]) -> list[Segment]:
    kept = list(line)
    while kept and not kept[-1].text.strip():
        kept.pop()
    if kept:
        kept[-1] = Segment(kept[-1].text.rstrip(), kept[-1].style)
    return kept


def _table(rows: Iterable[StatusRow]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 1, 0), header_style=QUIET)
    for title in ("Audience", "Delivered", "Matched", "Expires"):
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(_audience(row), _delivered(row), _matched(row), _expires(row))
    return table


def _audience(row: StatusRow) -> Text:
    identified = Text(visible(row.audience_id), QUIET) if row.audience_id else Text("not created yet", WARNING)
    return _stacked(Text(visible(row.address), "bold"), Text(quoted(row.name)), identified)


def _delivered(row: StatusRow) -> Text:
    if row.delivered_users is None:
        return Text("nothing yet", QUIET)
    lines = [Text(count(row.delivered_users, "person"))]
    if row.delivered_identifiers is not None:
        lines.append(Text(count(row.delivered_identifiers, "identifier"), QUIET))
    if row.delivered_at is not None:
        lines.append(Text(f"on {row.delivered_at:%Y-%m-%d}", QUIET))
    return _stacked(*lines)


def _matched(row: StatusRow) -> Text:
    if row.cover_num is None:
        return Text("not there" if row.is_known else "unknown", WARNING)
    rate = f" ({row.match_rate:.0%})" if row.match_rate is not None else ""
    ready = Text("ready", "green") if row.is_valid else Text("not ready", WARNING)
    return _stacked(Text(f"{row.cover_num:,}{rate}"), ready, Text(visible(row.kind.removesuffix(" Audience")), QUIET))


def _expires(row: StatusRow) -> Text:
    return Text(f"{row.expires_at:%Y-%m-%d}") if row.expires_at else Text("-", QUIET)


def _stacked(*lines: Text) -> Text:
    return Text("\n").join(lines)


def _last_line(rows: Sequence[StatusRow]) -> str:
    if not rows:
        return "No audiences are managed yet."
    ready = sum(row.is_valid is True for row in rows)
    return f"{count(len(rows), 'audience')}, {ready:,} ready."
