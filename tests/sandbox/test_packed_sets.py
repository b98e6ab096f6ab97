"""Sets of identifiers: what is in them after any steps, and how many people that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.sandbox import packed_sets
from reconciler.sandbox.database import Database
from reconciler.sandbox.packed_sets import Combination, Sorter, hash_size
from tests.sandbox.conftest import md5

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _pytest.tmpdir import TempPathFactory

    from reconciler.sandbox.database import Transaction

TYPES = ("IDFA_MD5", "EMAIL_SHA256")
ROWS = st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.booleans()).filter(lambda row: row[1] or row[2]))
STEPS = st.lists(st.tuples(st.sampled_from(get_args(Combination)), st.lists(ROWS, min_size=1, max_size=3)), max_size=5)


def digest_of(person: int, id_type: str) -> bytes:
    return bytes.fromhex(md5(f"{person} {id_type}") * 2)[: hash_size(id_type)]


def identifiers(rows: Sequence[tuple[int, bool, bool]]) -> set[tuple[str, str]]:
    return {
        (id_type, digest_of(person, id_type).hex())
        for person, *has in rows
        for id_type, wanted in zip(TYPES, has, strict=True)
        if wanted
    }


def keep(transaction: Transaction, holder_id: str, rows: Sequence[tuple[int, bool, bool]]) -> None:
    """Keep rows whose user is always the person, whichever identifiers a row has."""
    for position, id_type in enumerate(TYPES, 1):
        sorter = Sorter(id_type)
        people = [row[0] for row in rows if row[position]]
        users = [digest_of(person, TYPES[0])[: packed_sets.USER_SIZE] for person in people]
        sorter.add([digest_of(person, id_type) for person in people], users)
        sorter.keep(transaction, holder_id)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_a_set_is_what_its_steps_leave_and_its_users_are_the_people_in_it(
    steps: list[tuple[Combination, list[list[tuple[int, bool, bool]]]]], tmp_path_factory: TempPathFactory
) -> None:
    expected: set[tuple[str, str]] = set()
    database = Database(tmp_path_factory.mktemp("sets") / "sandbox.db")
    with database.transaction() as transaction:
        for number, (action, contents) in enumerate(steps):
            names = [f"file {number} {each}" for each in range(len(contents))]
            for name, rows in zip(names, contents, strict=True):
                keep(transaction, name, rows)
            packed_sets.combine(transaction, "audience", action, names)
            named = identifiers([row for rows in contents for row in rows])
            expected = {"APPEND": expected | named, "REMOVE": expected - named, "REPLACE": named}[action]

        held = list(packed_sets.members(transaction, "audience"))
        users = packed_sets.count_users(transaction, "audience")

        people = {person for person in range(10) if identifiers([(person, True, True)]) & expected}
        assert len(held) == packed_sets.count_identifiers(transaction, "audience") == len(expected)
        assert set(held) == expected
        assert users == len(people)
        assert packed_sets.has_users(transaction, "audience", users) is (users > 0)
        assert not packed_sets.has_users(transaction, "audience", users + 1)
    database.close()


def test_a_set_that_was_dropped_is_empty_and_no_other_is(tmp_path_factory: TempPathFactory) -> None:
    database = Database(tmp_path_factory.mktemp("sets") / "sandbox.db")
    with database.transaction() as transaction:
        for holder_id in ("kept", "dropped"):
            keep(transaction, holder_id, [(1, True, True)])

        packed_sets.drop(transaction, "dropped")

        assert packed_sets.count_identifiers(transaction, "dropped") == 0
        assert packed_sets.count_identifiers(transaction, "kept") == 2
    database.close()
