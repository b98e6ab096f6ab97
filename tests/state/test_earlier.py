"""Documents of earlier versions are read, and what was under way in them is not lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.state.document import dump, parse
from reconciler.state.earlier import UNKNOWN_ROUTE
from reconciler.state.errors import DamagedStateError, NewerStateError
from reconciler.state.model import PendingCreate, PendingDelivery, Place
from reconciler.state.tree import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENTS: Final = Path(__file__).parent / "documents"
"""One document of each version there has been, as that version wrote it."""

FIRST_VERSION: Mapping[str, Any] = json.loads((DOCUMENTS / "v1.json").read_bytes())


def first_version(**fields: object) -> bytes:
    return json.dumps({**FIRST_VERSION, **fields}).encode()


def test_every_version_there_has_been_has_a_document_here() -> None:
    kept = {json.loads(each.read_bytes())["version"]: each.name for each in DOCUMENTS.iterdir()}
    assert kept == {version: f"v{version}.json" for version in range(1, VERSION + 1)}


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_every_version_there_has_been_is_read_whole_and_written_as_the_newest(version: int) -> None:
    content = (DOCUMENTS / f"v{version}.json").read_bytes()
    written = json.loads(dump(parse(content)))
    assert written["version"] == VERSION
    before = json.loads(content)
    assert {**written, **dict.fromkeys(CHANGED)} == {**before, **dict.fromkeys(CHANGED)} or version == 1
    assert written["resources"].keys() == before["resources"].keys()
    assert [each["address"] for each in written["pending"]] == [each["address"] for each in before["pending"]]


CHANGED: Final = ("version", "checksum")
"""What writing alone changes."""


def test_what_was_owned_is_owned() -> None:
    state = parse(first_version())
    owned = state.resources["audience.lapsed_buyers"]

    assert (state.lineage, state.serial) == (FIRST_VERSION["lineage"], 7)
    assert (owned.audience_id, owned.prevent_destroy) == ("7300000000000000042", True)
    assert owned.members is not None
    assert owned.members.snapshot == "ab" * 32
    assert (owned.retention_in_days, owned.audience_sub_type) == (None, "NORMAL")


def test_a_create_that_was_under_way_still_is() -> None:
    create, _ = parse(first_version()).pending

    assert isinstance(create, PendingCreate)
    assert (create.name, create.retention_in_days, create.audience_sub_type) == ("New ones", None, "NORMAL")


def test_a_delivery_that_was_under_way_starts_anew() -> None:
    _, delivery = parse(first_version()).pending

    assert isinstance(delivery, PendingDelivery)
    assert delivery.target == "cd" * 32
    assert delivery.place == Place(UNKNOWN_ROUTE)


def test_it_is_written_as_the_version_of_now() -> None:
    state = parse(first_version())

    assert json.loads(dump(state))["version"] == VERSION
    assert parse(dump(state)) == state


@pytest.mark.parametrize("rows_done", [-1, "4000", None, True])
def test_a_delivery_that_made_no_sense_then_makes_none_now(rows_done: object) -> None:
    pending = [{**FIRST_VERSION["pending"][1], "rows_done": rows_done}]
    with pytest.raises(DamagedStateError):
        parse(first_version(pending=pending))


json_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.sampled_from(sorted(FIRST_VERSION)), json_trees)
def test_whatever_is_damaged_in_it_ends_in_a_clear_error_or_a_state(key: str, tree: object) -> None:
    try:
        state = parse(first_version(**{key: tree}))
    except (DamagedStateError, NewerStateError):
        return
    assert parse(dump(state)) == state
