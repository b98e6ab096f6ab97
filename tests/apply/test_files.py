"""A set travels as customer files and ends up on TikTok exactly, whatever was there and whatever went wrong before.

People are numbers: each has an IDFA, and every third one a GAID too.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.apply import files, uploads
from reconciler.apply.create import ensure_created
from reconciler.apply.files import NobodyError, change_sub_type, deliver_files
from reconciler.apply.progress import Silent
from reconciler.apply.workbench import Workbench
from reconciler.config import Config, FileOptions
from reconciler.config import Delivery as DeclaredDelivery
from reconciler.identifiers import Hash, Identity, IdType, MappedColumn
from reconciler.identity import Engine
from reconciler.identity.model import Selection
from reconciler.origin import FileOrigin
from reconciler.plan.model import Action, ActionKind, Attributes, MemberChange
from reconciler.refresh.accounts import Sessions, read_accounts
from reconciler.refresh.members import delivered
from reconciler.sandbox import BASE_PATH, TOKEN, Sandbox
from reconciler.secret import Secret
from reconciler.state.model import Resource, State
from reconciler.tiktok import file_text
from reconciler.tiktok import files as tiktok_files
from reconciler.tiktok.client import TikTok
from reconciler.tiktok.errors import CalculateTypeError, FileRefusedError, InvalidRequestError, NotEditableError
from tests.apply import world as whole_world
from tests.apply.death import Death
from tests.apply.death import Killed as Died
from tests.credentials import tokens
from tests.virtual_time import instantly

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator

    from reconciler.identity import SetSummary
    from reconciler.sandbox.audiences import Audience

Runner: TypeAlias = "Callable[[Coroutine[Any, Any, Workbench]], Workbench]"

US: Final = "7000000000000000001"
ADDRESS: Final = "audience.buyers"
THE_TIME: Final = 1_767_225_600.0
FILE: Final = "Customer File Audience"
UPLOAD, CREATE, UPDATE = "file/upload/", "custom_audience/create/", "custom_audience/update/"
FILE_PEOPLE: Final = 400
"""People of one file in most of these tests; three files make a call."""
SEVERAL = (Identity.IDFA, Identity.GAID)


def digest(kind: str, number: int, hash_: Hash = Hash.MD5) -> str:
    return hashlib.new(hash_.value, b"%s of %d" % (kind.encode(), number)).hexdigest()


def members(people: Iterable[int], *id_types: IdType) -> set[tuple[str, str]]:
    """Return what an audience of these people holds, as the local TikTok tells it."""
    held = id_types or (IdType.IDFA_MD5,)
    return {
        (each.name, digest(each.identity.value, person, each.hash))
        for each in held
        for person in people
        if each.identity is Identity.IDFA or person % 3 == 0
    }


class Killed(BaseException):
    """The process is dead."""


class MemoryState:
    """The state, open; remembers each one that was saved."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.saved: list[State] = []
        self.on_save: Callable[[], None] = lambda: None

    def save(self, state: State) -> None:
        self.state = state
        self.saved.append(state)
        self.on_save()


async def _at_once(_: str) -> None:
    pass


class Wire(httpx.AsyncBaseTransport):
    """Remembers what goes to TikTok, and lets a test come in between.

    Attributes:
        sent: Path and JSON body of each write; no body for an upload.
        before: Given the path of each request; what it returns is the answer.
        after: Called when a write has been done, before its answer arrives.
        held: Given the path of each request, which goes on when it returns.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.sent: list[tuple[str, Any]] = []
        self.before: Callable[[str], httpx.Response | None] = lambda _: None
        self.after: Callable[[], None] = lambda: None
        self.held: Callable[[str], Awaitable[None]] = _at_once

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        answer = self.before(path)
        if request.method == "POST":
            is_json = request.headers["content-type"] == "application/json"
            self.sent.append((path, json.loads(await request.aread()) if is_json else None))
        await self.held(path)
        answer = answer or await self._inner.handle_async_request(request)
        if request.method == "POST":
            self.after()
        return answer

    @property
    def calls(self) -> list[str]:
        """What the writes were, in order: ``upload``, ``create``, or what an update does."""
        return [
            "upload" if UPLOAD in path else "create" if CREATE in path else body.get("action", "other")
            for path, body in self.sent
        ]

    def bodies(self, path: str) -> list[Any]:
        return [body for each, body in self.sent if path in each]


class Said(Silent):
    """Remembers what a person is told, and whom they see arrive."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.expected = self.arrived = 0

    def said(self, action: Action, message: str) -> None:
        self.lines.append(message)

    def delivering(self, action: Action, identifiers: int) -> None:
        self.expected += identifiers

    def delivered(self, action: Action, identifiers: int) -> None:
        self.arrived += identifiers


@dataclass
class World:
    """One account, one audience that is declared, and no waiting: a pause moves TikTok's clock."""

    sets: Sets
    sandbox: Sandbox
    state: MemoryState = field(default_factory=lambda: MemoryState(State("lineage")))
    said: Said = field(default_factory=Said)
    paused: list[float] = field(default_factory=list)
    hash: Hash = Hash.MD5

    def __post_init__(self) -> None:
        self.sandbox.ensure([US])
        self.sandbox.controls.set_processing(0)
        self.wire = Wire(self.sandbox.transport())

    @property
    def resource(self) -> Resource:
        return self.state.state.resources[ADDRESS]

    @property
    def there(self) -> set[tuple[str, str]]:
        """What the audience holds."""
        return set(self.sandbox.controls.members(self.resource.audience_id))

    @property
    def audience(self) -> Audience:
        (found,) = self.sandbox.controls.audiences(US)
        return found

    def want(
        self, people: Iterable[int], identities: tuple[Identity, ...] = (Identity.IDFA,), **attributes: Any
    ) -> Action:
        """Return the action that a plan would have for an audience of these people."""
        resource = self.state.state.resources.get(ADDRESS)
        summary = self.sets.of(people, identities, self.hash)
        there = delivered(resource, self.state.state, self.sets.locate)
        delta = self.sets.engine.delta(there, self.sets.locate(summary.digest))
        change = MemberChange(summary.digest, None, summary.users, summary.total, delta.add, delta.remove)
        names = tuple(each.value for each in identities)
        after = Attributes("Buyers", US, "file", names, **attributes)
        if resource is None:
            return Action(ADDRESS, ActionKind.CREATE, "us", US, after=after, members=change)
        before = replace(after, audience_sub_type=self.audience.sub_type)
        return Action(ADDRESS, ActionKind.UPDATE, "us", US, resource.audience_id, before, after, members=change)

    def apply(self, action: Action, plan_id: str = "plan", run: Runner = instantly) -> Workbench:
        """Do what `reconciler apply` does for the action."""

        async def work() -> Workbench:
            async with TikTok(f"http://local.tiktok{BASE_PATH}", tier=None, transport=self.wire) as tiktok:
                sessions = Sessions(tiktok, [US], tokens({US: Secret(TOKEN)}))
                bench = Workbench(
                    sessions,
                    self.state,  # type: ignore[arg-type]  # stands in for the one in a store
                    self.sets.engine,
                    self.sets.locate,
                    progress=self.said,
                    pause=self._pause,
                    now=self.sandbox.controls.now,
                )
                if action.kind is ActionKind.CREATE:
                    await ensure_created(bench, action, await read_accounts(sessions, Config("")), plan_id)
                else:
                    await change_sub_type(bench, action)
                if action.members:
                    await deliver_files(bench, action, action.members, plan_id)
                return bench

        return run(work())

    def hold(self, people: Iterable[int], identities: tuple[Identity, ...] = (Identity.IDFA,)) -> None:
        """Make the audience hold these people, as wanted, and forget how."""
        self.apply(self.want(people, identities))
        self.wire.sent.clear()
        self.state.saved.clear()

    def adopt(self, **audience: Any) -> None:
        """Own an audience that someone else has made, of nobody knows whom."""
        audience_id = self.sandbox.controls.add_audience(US, "Buyers", FILE, **audience)
        resource = Resource(ADDRESS, US, audience_id, "Buyers", "file", ("idfa",))
        self.state.state = State("lineage", resources={ADDRESS: resource})

    async def _pause(self, seconds: float) -> None:
        self.paused.append(seconds)
        self.sandbox.controls.advance(seconds / 3600)


class Sets:
    """Makes sets of people, each once.

    Args:
        engine: What makes them.
        folder: Where they are kept.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self._folder = folder
        self._made: dict[tuple[object, ...], SetSummary] = {}

    def of(self, people: Iterable[int], identities: tuple[Identity, ...], hash_: Hash) -> SetSummary:
        """Return the set of these people; `locate` tells its file."""
        numbers = list(people)
        asked = (hashlib.md5(repr(numbers).encode()).digest(), identities, hash_)
        if asked not in self._made:
            self._made[asked] = self._make(numbers, identities, hash_)
        return self._made[asked]

    def locate(self, set_digest: str) -> Path:
        return self._folder / f"{set_digest}.parquet"

    def _make(self, people: list[int], identities: tuple[Identity, ...], hash_: Hash) -> SetSummary:
        idfas = [digest("idfa", each, hash_) for each in people]
        gaids = [digest("gaid", each, hash_) if each % 3 == 0 else None for each in people]
        columns = {
            "mpid": pa.array(people, pa.int64()),
            "idfa": pa.array(idfas, pa.string()),
            "gaid": pa.array(gaids, pa.string()),
        }
        source = self._folder / "source.parquet"
        pq.write_table(pa.table(columns), source)
        mapped = [MappedColumn(Identity.MPID, "mpid")]
        mapped += [MappedColumn(each, each.value, hash_, hashed=True) for each in SEVERAL]
        origin = FileOrigin(str(source), source.name)
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            built = self.engine.build(origin, mapped, {"wanted": Selection(None, identities)}, Path(scratch))["wanted"]
            (Path(scratch) / "wanted.parquet").replace(self.locate(built.digest))
        return built


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sets]:
    with Engine(tmp_path_factory.mktemp("engine"), threads=1) as engine:
        yield Sets(engine, tmp_path_factory.mktemp("sets"))


@pytest.fixture
def world(tmp_path: Path, sets: Sets) -> Iterator[World]:
    with Sandbox(tmp_path / "sandbox.db", clock=lambda: THE_TIME) as sandbox:
        yield World(sets, sandbox)


@pytest.fixture(autouse=True)
def _small_files(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "slow" in request.keywords:
        return
    monkeypatch.setattr(uploads, "ROWS", FILE_PEOPLE)
    each_batch_alone = lambda rows, layout: (part for batch in rows for part in file_text.parts([batch], layout))  # noqa: E731
    monkeypatch.setattr(uploads, "parts", each_batch_alone)
    monkeypatch.setattr(tiktok_files, "MOST_FILES", 3)


def assert_holds(world: World, people: Iterable[int], *id_types: IdType) -> None:
    """Check that the audience holds these people exactly, and that the state says so and nothing is under way."""
    wanted = members(people, *id_types)
    assert world.there == wanted
    assert world.state.state.pending == ()
    assert world.resource.members is not None
    assert world.resource.members.identifiers == len(wanted)


# Create -----------------------------------------------------------------------------------------------------------


def test_an_audience_is_made_of_its_people(world: World) -> None:
    bench = world.apply(world.want(range(1100)))

    assert_holds(world, range(1100))
    assert world.audience.calculate_type == "IDFA_MD5"
    assert world.wire.calls == ["upload", "upload", "upload", "create"]
    assert (bench.tally.added, bench.tally.removed, bench.tally.rows) == (1100, 0, 1100)


def test_what_one_call_does_not_take_is_appended(world: World) -> None:
    bench = world.apply(world.want(range(3000)))

    assert_holds(world, range(3000))
    assert world.wire.calls == [*["upload"] * 3, "create", *["upload"] * 3, "APPEND", *["upload"] * 2, "APPEND"]
    assert (bench.tally.added, bench.tally.rows) == (3000, 3000)


def test_the_intent_is_written_after_the_files_are_there_and_before_the_create(world: World) -> None:
    seen: list[tuple[str, int]] = []
    world.wire.before = lambda path: seen.append((path.rsplit("/", 2)[1], len(world.state.saved)))
    world.apply(world.want(range(1100)))

    assert [saved for name, saved in seen if name == "upload"] == [0, 0, 0]
    assert [saved for name, saved in seen if name == "create"] == [1]
    (intent,) = world.state.saved[0].pending
    assert intent.address == ADDRESS


def test_people_of_several_identities_are_reached_by_each(world: World) -> None:
    world.apply(world.want(range(1100), SEVERAL))

    assert_holds(world, range(1100), IdType.IDFA_MD5, IdType.GAID_MD5)
    assert world.audience.calculate_type == "MULTIPLE_TYPES"


def test_identifiers_of_several_declared_identities_may_come_later(world: World) -> None:
    nobody_with_a_gaid = [each for each in range(2000) if each % 3]
    world.hold(nobody_with_a_gaid, SEVERAL)
    world.apply(world.want(range(1900), SEVERAL))

    assert_holds(world, range(1900), IdType.IDFA_MD5, IdType.GAID_MD5)


def test_the_hash_of_a_source_decides_the_type(world: World) -> None:
    world.hash = Hash.SHA256
    world.apply(world.want(range(1100)))

    assert_holds(world, range(1100), IdType.IDFA_SHA256)
    assert world.audience.calculate_type == "IDFA_SHA256"


def test_an_audience_lives_as_long_and_is_for_what_was_declared(world: World) -> None:
    world.apply(world.want(range(1100), retention_in_days=30, audience_sub_type="REACH_FREQUENCY"))

    assert (world.audience.retention_in_days, world.audience.sub_type) == (30, "REACH_FREQUENCY")


@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "server_error", "http_500"])
def test_a_create_whose_answer_was_lost_makes_one_audience_of_the_right_people(world: World, fault: str) -> None:
    world.sandbox.controls.add_fault(fault, path=CREATE)
    world.apply(world.want(range(1100)))

    assert len(world.sandbox.controls.audiences(US)) == 1
    assert_holds(world, range(1100))


def test_an_audience_found_by_its_name_holds_nobody_else(world: World) -> None:
    """Someone made one of the same name at the very moment that the answer to ours was lost before it was done."""
    action = world.want(range(1100))
    world.sandbox.controls.add_fault("drop_before", path=CREATE)

    def made_by_someone_else(path: str) -> None:
        if CREATE in path and not world.sandbox.controls.audiences(US):
            world.sandbox.controls.add_audience(US, "Buyers", FILE, calculate_type="IDFA_MD5")

    world.wire.before = made_by_someone_else
    world.apply(action)

    assert world.wire.calls[-1] == "REPLACE"
    assert_holds(world, range(1100))


@pytest.mark.parametrize("looked_at", [True, False])
def test_without_people_no_audience_is_made(world: World, looked_at: bool) -> None:
    nobody = world.want([])
    action = nobody if looked_at else Action(ADDRESS, ActionKind.CREATE, "us", US, after=nobody.after)
    with pytest.raises(NobodyError, match="nobody") as caught:
        world.apply(action)

    assert world.wire.sent == []
    assert world.state.saved == []
    assert ADDRESS in caught.value.message
    assert caught.value.hint


# Update -----------------------------------------------------------------------------------------------------------


def test_who_came_is_appended_and_who_left_is_removed_in_this_order(world: World) -> None:
    world.hold(range(1200))
    bench = world.apply(world.want(range(100, 1500)))

    assert_holds(world, range(100, 1500))
    assert world.wire.calls == ["upload", "APPEND", "upload", "REMOVE"]
    assert (bench.tally.added, bench.tally.removed, bench.tally.rows) == (300, 100, 400)


@pytest.mark.parametrize(
    ("people", "calls"),
    [
        (range(1300), ["upload", "APPEND"]),
        (range(100, 1200), ["upload", "REMOVE"]),
        (range(1200), []),
    ],
)
def test_only_what_differs_travels(world: World, people: range, calls: list[str]) -> None:
    world.hold(range(1200))
    world.apply(world.want(people))

    assert world.wire.calls == calls
    assert_holds(world, people)


def test_an_identifier_that_changes_hands_without_coming_or_going_costs_no_file(world: World) -> None:
    world.hold(range(1200), SEVERAL)
    world.apply(world.want([*range(3, 1200), 1200, 1203], SEVERAL))

    assert_holds(world, [*range(3, 1200), 1200, 1203], IdType.IDFA_MD5, IdType.GAID_MD5)
    assert world.wire.calls == ["upload", "APPEND", "upload", "REMOVE"]


@pytest.mark.parametrize(("come", "replaces"), [(600, False), (602, True)])
def test_everybody_is_replaced_where_more_than_half_would_travel(world: World, come: int, replaces: bool) -> None:
    world.hold(range(come, 1200 + come))
    bench = world.apply(world.want(range(come // 2, 1200 + come // 2)))

    assert ("REPLACE" in world.wire.calls) == replaces
    assert_holds(world, range(come // 2, 1200 + come // 2))
    assert (bench.tally.added, bench.tally.removed) == (come // 2, come // 2)


def test_an_adopted_audience_is_emptied_of_whoever_was_in_it(world: World) -> None:
    world.hold(range(5000, 6200))
    world.state.state = State("lineage", resources={ADDRESS: replace(world.resource, members=None)})
    world.apply(world.want(range(3000)))

    assert world.wire.calls == [*["upload"] * 3, "REPLACE", *["upload"] * 3, "APPEND", *["upload"] * 2, "APPEND"]
    assert_holds(world, range(3000))


def test_an_audience_goes_on_in_the_files_it_was_made_of(world: World) -> None:
    world.adopt(calculate_type="MULTIPLE_TYPES")
    world.apply(world.want(range(1100)))

    assert_holds(world, range(1100))


def test_an_audience_of_mixed_mobile_ids_takes_both(world: World) -> None:
    world.adopt(calculate_type="FIRST_MD5")
    world.apply(world.want(range(1100), SEVERAL))

    there = members(range(1100), IdType.IDFA_MD5, IdType.GAID_MD5)
    assert world.there == {("FIRST_MD5", hashed) for _, hashed in there}


def test_identifiers_that_an_audience_was_not_made_of_are_not_sent(world: World) -> None:
    world.hold(range(1200))
    world.hash = Hash.SHA256
    with pytest.raises(CalculateTypeError, match="takes IDFA_MD5 files") as caught:
        world.apply(world.want(range(1200)))

    assert world.wire.sent == []
    assert "another key" in str(caught.value.hint)
    assert world.there == members(range(1200))


def test_fewer_than_tiktok_keeps_is_refused_in_its_own_words(world: World) -> None:
    world.hold(range(1200))
    with pytest.raises(InvalidRequestError, match="fewer than 1000 users"):
        world.apply(world.want(range(900)))

    assert world.there == members(range(1200))
    world.apply(world.want(range(1100)))
    assert_holds(world, range(1100))


def test_nobody_cannot_be_put_into_a_file(world: World) -> None:
    world.hold(range(1200))
    with pytest.raises(NobodyError, match="nobody is wanted"):
        world.apply(world.want([]))

    assert world.wire.sent == []


def test_what_an_audience_is_for_is_changed_once_and_recorded(world: World) -> None:
    world.hold(range(1200))
    world.apply(world.want(range(1200), audience_sub_type="REACH_FREQUENCY"))
    world.apply(world.want(range(1200), audience_sub_type="REACH_FREQUENCY"))

    assert world.audience.sub_type == "REACH_FREQUENCY"
    assert world.resource.audience_sub_type == "REACH_FREQUENCY"
    assert len(world.wire.sent) == 1


# Waiting ----------------------------------------------------------------------------------------------------------


def test_each_update_waits_until_the_one_before_has_been_processed(world: World) -> None:
    world.sandbox.controls.set_processing(3600)
    world.apply(world.want(range(1200)))
    world.apply(world.want(range(100, 1300)))

    assert_holds(world, range(100, 1300))
    assert sum(world.paused) >= 2 * 3600
    assert all("still processing" in line for line in world.said.lines)


def test_the_pauses_grow(world: World) -> None:
    world.sandbox.controls.set_processing(3600)
    world.apply(world.want(range(1200)))
    world.sandbox.controls.set_processing(0)
    world.apply(world.want(range(1300)))

    assert world.paused == sorted(world.paused)
    assert max(world.paused) == files.LONGEST_PAUSE_SECONDS
    assert len(world.said.lines) < len(world.paused)


def test_waiting_has_an_end(world: World) -> None:
    world.hold(range(1200))
    world.sandbox.controls.set_processing(10 * 24 * 3600)
    world.apply(world.want(range(1300)))
    with pytest.raises(NotEditableError, match="not editable"):
        world.apply(world.want(range(1400)))

    assert files.LONGEST_WAIT_SECONDS <= sum(world.paused) <= files.LONGEST_WAIT_SECONDS + files.LONGEST_PAUSE_SECONDS
    assert world.there == members(range(1300))


def test_nobody_waits_for_an_audience_that_is_too_small_for_good(world: World) -> None:
    world.apply(world.want(range(500)))
    world.sandbox.controls.advance(hours=48)
    with pytest.raises(NotEditableError, match="not editable") as caught:
        world.apply(world.want(range(1200)))

    assert world.paused == []
    assert "replace it" in str(caught.value.hint)


def test_a_task_that_is_not_ready_is_waited_for_too(world: World) -> None:
    world.hold(range(1200))
    world.sandbox.controls.add_fault("not_ready", path=UPDATE, times=3)
    world.apply(world.want(range(1300)))

    assert_holds(world, range(1300))
    assert len(world.paused) == 3


def refusal(code: int, message: str) -> httpx.Response:
    return httpx.Response(200, json={"code": code, "message": message, "request_id": "1", "data": {}})


def expire(world: World, path: str, times: int) -> None:
    """Let uploaded files have expired when they are used."""

    def before(asked: str) -> httpx.Response | None:
        nonlocal times
        if path not in asked or times == 0:
            return None
        times -= 1
        return refusal(40910, "The file has expired.")

    world.wire.before = before


@pytest.mark.parametrize("path", [CREATE, UPDATE])
def test_files_that_have_expired_are_uploaded_again(world: World, path: str) -> None:
    expire(world, path, times=2)
    world.apply(world.want(range(3000)))

    assert_holds(world, range(3000))
    assert world.wire.calls.count("upload") == 8 + 2 * 3
    assert world.said.arrived == world.said.expected == 3000


def test_files_that_always_expire_are_not_uploaded_for_ever(world: World) -> None:
    world.hold(range(1200))
    expire(world, UPDATE, times=1_000_000)
    with pytest.raises(FileRefusedError, match="expired"):
        world.apply(world.want(range(1300)))

    assert world.wire.calls.count("upload") == uploads.MOST_UPLOADS


def test_a_file_that_tiktok_does_not_take_stops_the_delivery_before_anything_changes(world: World) -> None:
    world.hold(range(1200))
    world.wire.before = lambda path: refusal(40908, "Wrong file.") if UPLOAD in path else None
    with pytest.raises(FileRefusedError, match="Wrong file"):
        world.apply(world.want(range(1300)))

    assert world.state.saved == []
    assert world.there == members(range(1200))


# Interruptions ----------------------------------------------------------------------------------------------------


def test_files_are_uploaded_four_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiktok_files, "MOST_FILES", 50)
    monkeypatch.setattr(uploads, "ROWS", 100)
    all_four = asyncio.Barrier(4)
    under_way: list[int] = [0]

    async def held(path: str) -> None:
        if UPLOAD in path:
            under_way.append(under_way[-1] + 1)
            await asyncio.wait_for(all_four.wait(), timeout=30)
            under_way.append(under_way[-1] - 1)

    world.wire.held = held
    world.apply(world.want(range(1200)), run=asyncio.run)

    assert world.wire.calls == [*["upload"] * 12, "create"]
    assert max(under_way) == 4


def test_what_a_delivery_set_out_to_do_is_noted_before_the_first_update(world: World) -> None:
    world.hold(range(1200))
    noted: list[tuple[object, ...]] = []
    world.wire.before = lambda path: noted.append(world.state.state.pending) if UPDATE in path else None
    action = world.want(range(1300))
    world.apply(action, "the plan")

    ((pending,),) = noted
    assert action.members is not None
    assert (pending.target, pending.place, pending.plan_id) == (action.members.set_digest, None, "the plan")  # type: ignore[attr-defined]  # a delivery


BEFORE, AFTER, LATER = range(1200), range(100, 1500), range(50, 1450)


def die_at(world: World, moment: int) -> None:
    """Let the process die right after its `moment`-th write, here or on TikTok, before it learns that it was done."""
    left = moment

    def written() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    world.wire.after = world.state.on_save = written


@pytest.mark.parametrize("wanted_then", [AFTER, LATER], ids=["the same", "another set"])
@pytest.mark.parametrize("held", [None, BEFORE], ids=["create", "update"])
def test_after_a_death_at_any_moment_the_next_run_ends_with_exactly_who_is_wanted(
    tmp_path: Path, sets: Sets, held: range | None, wanted_then: range
) -> None:
    for moment in count(1):
        with Sandbox(tmp_path / f"{moment}.db", clock=lambda: THE_TIME) as sandbox:
            world = World(sets, sandbox)
            if held:
                world.hold(held)
            action = world.want(AFTER)
            die_at(world, moment)
            with suppress(Killed):
                world.apply(action)
                break
            die_at(world, 0)
            world.apply(world.want(wanted_then))

            assert_holds(world, wanted_then)
            assert len(sandbox.controls.audiences(US)) == 1
    assert moment > 6


# Through plan and apply -------------------------------------------------------------------------------------------


class GoingBy(Silent):
    """Lets an hour go by whenever a person is told to wait."""

    def __init__(self, world: whole_world.World) -> None:
        self._world = world

    def said(self, action: Action, message: str) -> None:
        self._world.sandbox.controls.advance(hours=1)


@pytest.fixture
def whole(tmp_path: Path, engine: Engine) -> Iterator[whole_world.World]:
    """Everything from the files that people write to TikTok; files are processed for an hour, which goes by."""
    folder = tmp_path / "whole"
    folder.mkdir()
    world = whole_world.World.at(folder, engine)
    world.sandbox.controls.set_processing(3600)
    world.progress = GoingBy(world)
    yield world
    world.close()


def declare(world: whole_world.World, people: Iterable[int], **file: Any) -> None:
    """Declare an audience delivered by files."""
    world.declare("buyers", people, delivery=DeclaredDelivery.FILE, file=FileOptions(**file))


def people_of(world: whole_world.World) -> set[str]:
    return world.people_in(world.id_of("buyers"))


def apply_later(world: whole_world.World) -> None:
    """Apply when everything before has been processed, and see that nothing is left to do."""
    world.sandbox.controls.advance(hours=48)
    assert world.apply().succeeded
    assert not world.plan().has_changes


def test_what_is_declared_is_there_after_create_append_remove_and_replace(whole: whole_world.World) -> None:
    for people in (range(1100), range(1300), range(100, 1300), range(2000, 3500)):
        declare(whole, people)
        apply_later(whole)

        assert people_of(whole) == whole_world.members(people)
    assert len(whole.audiences()) == 1


def test_files_and_streams_do_not_get_into_each_others_way(whole: whole_world.World) -> None:
    declare(whole, range(1100))
    whole.declare("visitors", range(50))
    apply_later(whole)

    assert people_of(whole) == whole_world.members(range(1100))
    assert whole.people_in(whole.id_of("visitors")) == whole_world.members(range(50))


def test_what_an_audience_is_for_changes_in_place_and_its_retention_by_a_new_one(whole: whole_world.World) -> None:
    declare(whole, range(1100))
    apply_later(whole)
    made = whole.id_of("buyers")
    declare(whole, range(1100), audience_sub_type="REACH_FREQUENCY")
    apply_later(whole)
    assert whole.id_of("buyers") == made

    declare(whole, range(1100), audience_sub_type="REACH_FREQUENCY", retention_in_days=30)
    apply_later(whole)
    (audience,) = whole.sandbox.controls.audiences(US)
    assert audience.audience_id != made
    assert (audience.sub_type, audience.retention_in_days) == ("REACH_FREQUENCY", 30)
    assert people_of(whole) == whole_world.members(range(1100))


@pytest.mark.slow
def test_a_process_that_dies_at_any_moment_loses_and_doubles_nothing(tmp_path: Path, engine: Engine) -> None:
    for moment in count(1):
        folder = tmp_path / str(moment)
        folder.mkdir()
        world = whole_world.World.at(folder, engine)
        world.sandbox.controls.set_processing(0)
        untouched = world.store, world.transport
        declare(world, range(1100))
        plan = world.plan()
        death = Death(moment)
        death.threaten(world)
        with suppress(Died):
            world.apply(plan)
        world.store, world.transport = untouched
        if lock := world.state_store.read_lock():
            world.state_store.unlock(lock.id)
        apply_later(world)
        whole_world.assert_one(world, people=range(1100))
        world.close()
        if not death.struck:
            break
    assert moment > 6


# At size ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_set_of_more_than_50_megabytes_arrives_whole_in_several_parts(world: World) -> None:
    """1.6 million people are 53 MB of hashes."""
    world.apply(world.want(range(1_600_000)))
    assert world.wire.calls == ["upload", "upload", "create"]
    assert_holds(world, range(1_600_000))

    world.apply(world.want(range(1000, 1_600_500)))
    assert_holds(world, range(1000, 1_600_500))
