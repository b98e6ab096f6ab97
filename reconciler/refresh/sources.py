"""Checks that need the engine: does a source exist, has it the columns it maps, does `where` fit it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from reconciler.diagnostics import Diagnostic, error
from reconciler.errors import ReconcilerError
from reconciler.identity.columns import listed, may_be_shown
from reconciler.origin import FileOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.config.model import Audience, Config, Source
    from reconciler.identity import Engine


def check_sources(desired: Config, engine: Engine, *, targets: frozenset[str] = frozenset()) -> list[Diagnostic]:
    """Return an error for each source that cannot be read, column that is not there, and `where` that does not fit.

    Args:
        desired: What is declared.
        engine: What reads sources.
        targets: Addresses to limit the work to: what only others draw on is not looked at. Empty for all.
    """
    audiences = [each for each in desired.audiences.values() if not targets or each.address in targets]
    drawn_on = {each.source for each in audiences}
    found: list[Diagnostic] = []
    for source in desired.sources.values():
        if targets and source.key not in drawn_on:
            continue
        try:
            columns = engine.columns(source.origin)
        except ReconcilerError as problem:
            what = "path" if isinstance(source.origin, FileOrigin) else "connection"
            place = desired.place("sources", source.key, what)
            found.append(error(f"source {source.key}: {problem.message}", problem.hint or "", place))
            continue
        found += _missing_columns(source, columns, desired)
        found += _conditions(source, audiences, desired, engine)
    return found


def _missing_columns(source: Source, columns: Mapping[str, str], desired: Config) -> Iterator[Diagnostic]:
    by_folded = {name.casefold(): name for name in columns}
    for mapped in source.columns:
        wanted = {mapped.column: (f"{mapped.identity}", "column")}
        if mapped.when:
            wanted[mapped.when.column] = (f"the type of {mapped.identity}", "when")
        for column, (purpose, key) in wanted.items():
            if column.casefold() in by_folded:
                continue
            close = get_close_matches(column.casefold(), by_folded, n=1)
            hint = f'Did you mean "{by_folded[close[0]]}"? ' if close and may_be_shown(close[0]) else ""
            yield error(
                f'source {source.key}: no column "{column}" for {purpose} in {source.origin}',
                f"{hint}It has: {listed(columns)}.",
                desired.place("sources", source.key, "identities", str(mapped.identity), key),
            )


def _conditions(source: Source, audiences: Iterable[Audience], desired: Config, engine: Engine) -> Iterator[Diagnostic]:
    wheres = {each.address: each.where for each in audiences if each.source == source.key and each.where is not None}
    if not wheres:
        return
    problems = engine.check_wheres(source.origin, wheres.values())
    for address, where in wheres.items():
        if problem := problems.get(where):
            place = desired.place("audiences", address.removeprefix("audience."), "where")
            yield error(f"{address}: {problem.message}", problem.hint or "", place)
