"""The journal: an object a run under ``runs/`` in the state's store, named so that their order is the order of time.

Each run writes its own object and no other's, so the journal needs no lock; only what is old is swept under it.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import orjson

from reconciler import seal
from reconciler.state.errors import StateError
from reconciler.state.fields import Fields
from reconciler.state.journal_model import RunRecord, RunStatus, Step
from reconciler.state.times import dump_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.state.store import Store

FOLDER: Final = "runs/"
MOST_RUNS: Final = 1_000
"""How many runs are kept: an apply an hour for six weeks."""

VERSION: Final = 1
"""The format this version writes, and the only one it reads."""

_TIME: Final = "%Y%m%dT%H%M%S%fZ"
_NAME: Final = re.compile(rf"{FOLDER}(?P<time>\d{{8}}T\d{{12}}Z)-(?P<run>[0-9a-f]{{1,32}})\.json")


class UnusableRecordError(StateError):
    """A record of the journal is damaged, or of another version. The others are none the worse for it."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"the record {place} cannot be read: {reason}",
            hint="It tells of a past run and nothing depends on it; remove it if it bothers you.",
        )


class Journal:
    """The journal of a state.

    Args:
        store: The store the state is kept in.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, record: RunRecord) -> None:
        """Write the record of a run, in place of what it wrote before.

        Raises:
            StoreError: The store itself failed.
        """
        self._store.put(_name(record), dump(record))

    def newest_first(
        self,
        *,
        since: datetime | None = None,
        run: str = "",
        warn: Callable[[UnusableRecordError], None] | None = None,
    ) -> Iterator[RunRecord]:
        """Yield the runs, newest first; each is read when it is asked for.

        Args:
            since: Leave out what began before.
            run: Only those whose id begins so.
            warn: Told of what cannot be read, which is left out.

        Raises:
            StoreError: The store itself failed.
        """
        for name in reversed(self._names()):
            began, found = _read_name(name)
            if since is not None and began < since:
                return
            if not found.startswith(run):
                continue
            try:
                stored = self._store.get(name)
                if stored is not None:  # else it was swept in between
                    yield parse(stored.content, f"{self._store.url}/{name}")
            except UnusableRecordError as unusable:
                if warn is not None:
                    warn(unusable)

    def sweep(self) -> int:
        """Remove all but the newest `MOST_RUNS`, and return how many. Hold the lock."""
        return sum(self._store.delete(name) for name in self._names()[:-MOST_RUNS])

    def _names(self) -> list[str]:
        return [name for name in self._store.names(FOLDER) if _NAME.fullmatch(name)]


def dump(record: RunRecord) -> bytes:
    """Return the document of a record: sealed JSON, indented for those who look into the store.

    Raises:
        ValueError: A time has no zone.
    """
    tree = {
        **asdict(record),
        "started": dump_time(record.started),
        "ended": None if record.ended is None else dump_time(record.ended),
    }
    whole = {seal.FIELD: seal.UNSEALED, "version": VERSION, **tree}
    return seal.seal(orjson.dumps(whole, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def parse(content: bytes, place: str) -> RunRecord:
    """Return the record that `content` holds.

    Args:
        content: The document's bytes.
        place: What to call it in errors.

    Raises:
        UnusableRecordError: It is damaged, or of another version.
    """
    try:
        if not seal.is_sealed(content):
            raise UnusableRecordError(place, "it has no checksum")
        fields = Fields(orjson.loads(content))
        version = fields.count("version")
        if version != VERSION:
            raise UnusableRecordError(place, f"it has format version {version}; this version reads {VERSION}")
        return _record(fields)
    except (ValueError, RecursionError) as why:  # orjson's own error is a ValueError
        raise UnusableRecordError(place, f"it is damaged ({why})") from why


def _record(fields: Fields) -> RunRecord:
    ended = fields.optional_text("ended")
    return RunRecord(
        run=fields.text("run"),
        command=fields.text("command"),
        arguments=fields.texts("arguments"),
        who=fields.text("who"),
        where=fields.text("where"),
        tool_version=fields.text("tool_version"),
        started=parse_time(fields.text("started")),
        status=RunStatus(fields.text("status")),
        lock_id=fields.optional_text("lock_id"),
        ended=None if ended is None else parse_time(ended),
        plan_id=fields.optional_text("plan_id"),
        serial_before=fields.optional_count("serial_before"),
        serial_after=fields.optional_count("serial_after"),
        steps=tuple(_step(each) for each in fields.listed("steps")),
        rows=fields.count("rows"),
        requests=fields.count("requests"),
        seconds=fields.number("seconds"),
        exit_code=fields.optional_count("exit_code"),
        error=fields.text("error"),
    )


def _step(fields: Fields) -> Step:
    return Step(
        fields.text("address"),
        fields.text("kind"),
        fields.text("outcome"),
        fields.text("message"),
        fields.count("added"),
        fields.count("removed"),
    )


def _name(record: RunRecord) -> str:
    return f"{FOLDER}{record.started.astimezone(UTC).strftime(_TIME)}-{record.run}.json"


def _read_name(name: str) -> tuple[datetime, str]:
    """Return when the run of that object began, and its id."""
    found = _NAME.fullmatch(name)
    assert found is not None, f"{name} is not of the journal"  # noqa: S101  # `_names` lets no other pass
    try:
        return datetime.strptime(found["time"], _TIME).replace(tzinfo=UTC), found["run"]
    except ValueError:  # digits, but no time: whatever it is, it is read and told of
        return datetime.max.replace(tzinfo=UTC), found["run"]
