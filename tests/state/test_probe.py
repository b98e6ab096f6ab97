"""What a store is found out to be is said, whatever goes wrong with the tidying up after it."""

from __future__ import annotations

import pytest

from reconciler.state.errors import StoreError
from reconciler.state.remote.probe import writes_on_condition


class Denied:
    """A bucket in which nothing may be removed.

    Args:
        keeps: Whether it honours conditions.
        answers: Whether it takes any write at all.
    """

    def __init__(self, *, keeps: bool, answers: bool = True) -> None:
        self._keeps = keeps
        self._answers = answers
        self._content: dict[str, bytes] = {}

    def swap(self, name: str, content: bytes, expected: str | None) -> str | None:
        if not self._answers:
            raise StoreError("cannot write", hint="")
        there = self._content.get(name)
        if self._keeps and (None if there is None else there.decode()) != expected:
            return None
        self._content[name] = content
        return content.decode()

    def remove(self, name: str) -> None:
        raise StoreError("cannot remove", hint="")


def test_a_write_that_failed_is_what_is_told() -> None:
    store = Denied(keeps=True, answers=False)

    with pytest.raises(StoreError, match="cannot write"):
        writes_on_condition(store.swap, store.remove)


def test_a_store_that_keeps_no_condition_is_known_for_that() -> None:
    store = Denied(keeps=False)

    assert not writes_on_condition(store.swap, store.remove)


def test_where_all_else_is_well_it_is_told_that_nothing_can_be_removed() -> None:
    store = Denied(keeps=True)

    with pytest.raises(StoreError, match="cannot remove"):
        writes_on_condition(store.swap, store.remove)
