"""What applies have seen: read back as it was written, bounded, and never in anybody's way."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.seal import seal
from reconciler.state.errors import NotLockedError, UnusableHistoryError
from reconciler.state.history import bounded, dump, parse
from reconciler.state.history_model import MOST_SIGHTINGS, AccountSighting, AudienceHistory, History, Sighting
from reconciler.state.repository import HISTORY_NAME, open_state

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.state.repository import StateStore

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SEEN = History(
    "lineage",
    {"7001": AccountSighting(NOON, "STATUS_ENABLE", "ADMIN")},
    {"7301": AudienceHistory("Partner Audience", uses=("ad group 1 includes",), sightings=(Sighting(NOON, 0, 1200),))},
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
counts = st.integers(0, 2**53 - 1)
times = st.datetimes(timezones=st.just(UTC))
sightings = st.builds(Sighting, times, st.none() | counts, st.none() | counts, counts, counts)
audiences = st.builds(
    AudienceHistory,
    texts,
    st.booleans(),
    st.none() | st.lists(texts, max_size=3).map(tuple),
    st.lists(sightings, max_size=3).map(tuple),
    texts,
    st.none() | texts,
    st.none() | texts,
)
histories = st.builds(
    History,
    texts,
    st.dictionaries(texts, st.builds(AccountSighting, times, texts, texts), max_size=3),
    st.dictionaries(texts, audiences, max_size=3),
)


@pytest.fixture
def store(tmp_path: Path) -> StateStore:
    return open_state(str(tmp_path / "state"))


@given(histories)
@settings(deadline=None)
def test_what_was_written_is_read_back(history: History) -> None:
    assert parse(dump(history), history.lineage) == history


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "it is damaged"),
        (b"[]", "it is damaged"),
        (b'{"version": 1, "lineage": "lineage", "accounts": {}}', 'its "audiences" is missing'),
        (seal(dump(SEEN).replace(b'"matched":0', b'"matched":-1')), 'its "matched" is missing or of another kind'),
        (seal(dump(SEEN).replace(b'"matched":0', b'"matched":true')), 'its "matched" is missing or of another kind'),
        (seal(dump(SEEN).replace(b"2026-03-01", b"2026-02-31")), "it is damaged"),
        (seal(dump(SEEN).replace(b'"uses":["ad group 1 includes"]', b'"uses":[1]')), 'its "uses" is missing'),
        (seal(dump(SEEN).replace(b'"shared":false', b'"shared":"no"')), 'its "shared" is missing'),
        (
            seal(dump(SEEN).replace(b'"version":2', b'"version":3')),
            "it has format version 3; this version reads up to 2",
        ),
        (b"[" * 100_000, "it is damaged"),
    ],
)
def test_what_cannot_be_used_says_why(content: bytes, why: str) -> None:
    with pytest.raises(UnusableHistoryError, match=why) as caught:
        parse(content, "lineage", "/state/history.json")
    assert "/state/history.json" in caught.value.message


def test_a_history_from_before_names_were_kept_is_read() -> None:
    earlier = seal(dump(SEEN).replace(b'"name":null,', b""))
    assert earlier != dump(SEEN)
    assert parse(earlier, "lineage") == SEEN


def test_a_history_from_before_checksums_is_read() -> None:
    tree = json.loads(dump(SEEN))
    del tree["checksum"]
    assert parse(json.dumps({**tree, "version": 1}).encode(), "lineage") == SEEN
    with pytest.raises(UnusableHistoryError, match="checksum"):
        parse(json.dumps(tree).encode(), "lineage")


def test_a_history_of_another_state_tells_nothing() -> None:
    with pytest.raises(UnusableHistoryError, match="it belongs to a state of lineage lineage"):
        parse(dump(SEEN), "another")


def test_the_oldest_sightings_go_and_so_do_audiences_that_are_not_owned() -> None:
    many = tuple(Sighting(NOON + timedelta(days=day), day) for day in range(MOST_SIGHTINGS + 5))
    history = History("lineage", {}, {"1": AudienceHistory("kind", sightings=many), "2": AudienceHistory("kind")})
    kept = bounded(history, {"1"})
    assert list(kept.audiences) == ["1"]
    assert kept.audiences["1"].sightings == many[5:]
    assert kept.audiences["1"].last_seen == many[-1].at


def test_a_full_account_is_read_fast_enough_to_be_read_by_every_command() -> None:
    sightings_ = tuple(Sighting(NOON + timedelta(days=day), day, day, day, day) for day in range(MOST_SIGHTINGS))
    history = History("lineage", {}, {str(each): AudienceHistory("kind", sightings=sightings_) for each in range(400)})
    content = dump(history)
    assert len(content) < 5_000_000
    assert parse(content, "lineage") == history


def test_the_store_has_no_history_at_first(store: StateStore) -> None:
    assert store.history("lineage") == History("lineage")


def test_what_is_recorded_under_the_lock_is_read_without_it(store: StateStore) -> None:
    with store.lock("apply"):
        store.record(SEEN)
    assert store.history("lineage") == SEEN


def test_nothing_is_recorded_without_the_lock(store: StateStore) -> None:
    with pytest.raises(NotLockedError):
        store.record(SEEN)
    assert store.history("lineage") == History("lineage")


def test_a_history_that_cannot_be_used_is_told_and_counts_as_none(store: StateStore, tmp_path: Path) -> None:
    with store.lock("apply"):
        store.record(SEEN)
    (tmp_path / "state" / HISTORY_NAME).write_bytes(b"\0")
    told: list[UnusableHistoryError] = []
    assert store.history("lineage", warn=told.append) == History("lineage")
    assert len(told) == 1
    assert told[0].hint
