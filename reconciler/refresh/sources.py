"""Checks that need the engine: does a source exist, has it the columns it maps, does `where` fit it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from reconciler.diagnostics import Diagnostic, error
from reconciler.errors import ReconcilerError

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
            columns = engine.columns(source.path)
        except ReconcilerError as problem:
            place = desired.place("sources", source.key, "path")
            message = problem.message.replace(source.path, source.declared_path)
            found.append(error(f"source {source.key}: {message}", problem.hint or "", place))
            continue
        found += _missing_columns(source, columns, desired)
        found += _conditions(source, audiences, desired, engine)
    return found


def _missing_columns(source: Source, columns: Mapping[str, str], desired: Config) -> Iterator[Diagnostic]:
    by_folded = {name.casefold(): name for name in columns}
    for mapped in source.columns:
        if mapped.column.casefold() in by_folded:
            continue
        close = get_close_matches(mapped.column.casefold(), by_folded, n=1)
        hint = f'Did you mean "{by_folded[close[0]]}"? ' if close else ""
        yield error(
            f'source {source.key}: no column "{mapped.column}" for {mapped.identity} in {source.declared_path}',
            f"{hint}It has: {', '.join(columns)}.",
            desired.place("sources", source.key, "identities", str(mapped.identity), "column"),
        )


def _conditions(source: Source, audiences: Iterable[Audience], desired: Config, engine: Engine) -> Iterator[Diagnostic]:
    for audience in audiences:
        if audience.source != source.key or audience.where is None:
            continue
        try:
            engine.check_where(source.path, audience.where)
        except ReconcilerError as problem:
            place = desired.place("audiences", audience.key, "where")
            yield error(f"{audience.address}: {problem.message}", problem.hint or "", place)
