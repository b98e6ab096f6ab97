"""Who is wanted, and what TikTok may hold of an audience by now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.identity import Delivered
from reconciler.refresh.members import delivered, read_members
from reconciler.state.model import Members, State
from tests.apply.pieces import NOW, delivery_begun, owned, resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.config import Config
    from reconciler.identity import Engine

SNAPSHOT = Members("a" * 64, 20, 20, NOW)


def locate(digest: str) -> Path:
    return Path("/sets", digest[0])


class Watching:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int, int]] = []

    def reading(self, source: str, audiences: int, position: int, total: int) -> None:
        self.told.append((source, audiences, position, total))


def test_nothing_was_delivered_to_what_does_not_exist() -> None:
    assert delivered(None, owned(), locate) == Delivered()


def test_nothing_was_delivered_to_what_was_never_filled() -> None:
    assert delivered(resource(), owned(), locate) == Delivered()


def test_the_snapshot_is_what_was_delivered() -> None:
    assert delivered(resource(members=SNAPSHOT), owned(), locate) == Delivered(Path("/sets/a"))


def test_every_delivery_that_was_begun_may_have_left_something() -> None:
    begun = [delivery_begun(), replace(delivery_begun(), target="c" * 64)]
    held = delivered(resource(members=SNAPSHOT), owned(pending=begun), locate)

    assert held == Delivered(Path("/sets/a"), (Path("/sets/b"), Path("/sets/c")))


def test_a_delivery_to_another_audience_left_nothing_here() -> None:
    assert delivered(resource("2"), owned(pending=[delivery_begun("1")]), locate) == Delivered()


def test_a_source_is_read_once_for_all_its_audiences(config: Config, engine: Engine, tmp_path: Path) -> None:
    watcher = Watching()
    wanted = read_members(config, State("lineage"), engine, locate, tmp_path, watcher=watcher)

    assert watcher.told == [("customers", 2, 1, 1)]
    assert {address: facts.wanted.users for address, facts in wanted.facts.items()} == {
        "audience.buyers": 19,
        "audience.everybody": 30,
    }
    assert {address: facts.delta.add for address, facts in wanted.facts.items()} == {
        "audience.buyers": 19,
        "audience.everybody": 30,
    }
    assert wanted.sets.keys() == {facts.wanted.digest for facts in wanted.facts.values()}
    assert all(path.is_file() for path in wanted.sets.values())


def test_only_targets_are_read(config: Config, engine: Engine, tmp_path: Path) -> None:
    wanted = read_members(config, State("lineage"), engine, locate, tmp_path, targets=frozenset({"audience.everybody"}))

    assert wanted.facts.keys() == {"audience.everybody"}


def test_an_audience_without_a_source_is_left_alone(
    declare: Callable[..., Config], engine: Engine, tmp_path: Path
) -> None:
    config = declare(
        ("    source: customers\n    where: ltv > 10\n", '    import: "7300000000000000042"\n'),
    )
    wanted = read_members(config, State("lineage"), engine, locate, tmp_path)

    assert wanted.facts.keys() == {"audience.everybody"}


def test_what_was_delivered_under_an_old_key_counts_under_the_new_one(
    declare: Callable[..., Config], engine: Engine, tmp_path: Path
) -> None:
    config = declare(("  buyers:", "  customers:"))
    moved = declare(
        files=(tmp_path / "audiences.yaml").read_text() + "moved:\n  - {from: audience.old, to: audience.customers}\n"
    )
    first = read_members(config, State("lineage"), engine, locate, tmp_path).facts["audience.customers"].wanted
    kept = tmp_path / "kept.parquet"
    (tmp_path / "customers.parquet").rename(kept)
    old = resource("1", "audience.old", members=Members(first.digest, first.users, first.total, NOW))
    facts = read_members(moved, owned(old), engine, lambda _: kept, tmp_path).facts["audience.customers"]

    assert (facts.delta.add, facts.delta.remove, facts.delta.delivered_users) == (0, 0, 19)
