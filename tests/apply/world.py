"""A small world to apply plans in: a local TikTok, a state on disk, sources of made-up people, and no waiting.

People are numbers, sets of people are sets of numbers: each has one identifier, the MD5 of the number.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from reconciler.apply import run
from reconciler.apply.lockwatch import LockWatch
from reconciler.apply.order import accounts
from reconciler.apply.progress import Silent
from reconciler.apply.workbench import Workbench
from reconciler.config import Advertiser, Audience, Config, Lifecycle, Move, Removal, Source
from reconciler.identifiers import Hash, Identity, MappedColumn
from reconciler.origin import FileOrigin
from reconciler.plan.build import build
from reconciler.refresh.accounts import Sessions, read_accounts
from reconciler.refresh.gather import People, gather
from reconciler.sandbox import BASE_PATH, TOKEN, Sandbox
from reconciler.state.local import LocalStore
from reconciler.state.repository import StateStore
from reconciler.tiktok.client import TikTok
from tests.credentials import token_for_all
from tests.virtual_time import instantly

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    import httpx

    from reconciler.apply.model import Applied, Outcome
    from reconciler.apply.progress import Progress
    from reconciler.identity import Engine
    from reconciler.plan.model import Action, Plan
    from reconciler.sandbox import LoggedRequest
    from reconciler.state.model import State
    from reconciler.state.store import Store

T = TypeVar("T")

US: Final = "7000000000000000001"
EU: Final = "7000000000000000002"
ACCOUNTS: Final = {"us": US, "eu": EU}
THE_TIME: Final = 1_767_225_600.0
STREAMING: Final = "Partner Audience"
BATCH: Final = 20
"""Rows of one request: what takes TikTok many requests takes many here, with few people."""


def member(number: int) -> str:
    """Return the identifier of a person."""
    return hashlib.md5(b"person %d" % number).hexdigest()


@dataclass
class World:
    """Everything an apply touches, and what is declared.

    Attributes:
        folder: Where its files are.
        engine: Computes sets.
        store: Keeps the state; a test may put one in between.
        transport: Carries requests; a test may put one in between.
    """

    folder: Path
    engine: Engine
    sandbox: Sandbox
    store: Store
    transport: httpx.AsyncBaseTransport
    config: Config
    progress: Progress = field(default_factory=Silent)

    @classmethod
    def at(cls, folder: Path, engine: Engine) -> World:
        """Open the world in `folder`; a new one has two empty accounts."""
        sandbox = Sandbox(folder / "sandbox.db", clock=lambda: THE_TIME)
        sandbox.ensure(ACCOUNTS.values())
        advertisers = {key: Advertiser(key, advertiser_id) for key, advertiser_id in ACCOUNTS.items()}
        config = Config(state_url=str(folder / "state"), rows_per_request=BATCH, advertisers=advertisers)
        return cls(folder, engine, sandbox, LocalStore(folder / "state"), sandbox.transport(), config)

    def copy(self, folder: Path) -> World:
        """Return the same world again, in a folder of its own. This one's local TikTok must be closed."""
        shutil.copytree(self.folder, folder)
        return replace(World.at(folder, self.engine), config=self.config)

    # What is declared -------------------------------------------------------------------------------------------

    def declare(self, key: str, people: Iterable[int] | None, **fields: Any) -> None:
        """Declare an audience of these people, in account us unless told; in place of what was declared so."""
        source = None if people is None else self._source(people)
        fields = {
            "advertiser": "us",
            "name": key.capitalize(),
            "lifecycle": Lifecycle(max_removal_percent=100),
            **fields,
        }
        audience = Audience(
            key, source=source.key if source else None, identities=(Identity.IDFA,) if source else (), **fields
        )
        sources = {**self.config.sources, **({source.key: source} if source else {})}
        self.config = replace(self.config, sources=sources, audiences={**self.config.audiences, key: audience})

    def undeclare(self, key: str) -> None:
        """Take an audience out of the files."""
        left = {each: audience for each, audience in self.config.audiences.items() if each != key}
        self.config = replace(self.config, audiences=left)

    def hand_over(self, key: str) -> None:
        """Stop managing an audience, leaving it on TikTok."""
        self.undeclare(key)
        self.config = replace(self.config, removed=(*self.config.removed, Removal(f"audience.{key}", destroy=False)))

    def move(self, key: str, to: str) -> None:
        """Give an audience another key."""
        audience = self.config.audiences[key]
        self.undeclare(key)
        moved = (*self.config.moved, Move(f"audience.{key}", f"audience.{to}"))
        audiences = {**self.config.audiences, to: replace(audience, key=to)}
        self.config = replace(self.config, audiences=audiences, moved=moved)

    def _source(self, people: Iterable[int]) -> Source:
        """Return a source of these people; the same people are the same file."""
        numbers = sorted(set(people))
        key = "people_" + hashlib.md5(repr(numbers).encode()).hexdigest()
        path = self.folder.parent / f"{key}.parquet"
        if not path.exists():
            columns = {"mpid": pa.array(numbers, pa.int64()), "idfa": pa.array(map(member, numbers), pa.string())}
            pq.write_table(pa.table(columns), path)
        mapped = (MappedColumn(Identity.MPID, "mpid"), MappedColumn(Identity.IDFA, "idfa", Hash.MD5, hashed=True))
        return Source(key, FileOrigin(str(path), path.name), mapped)

    # Plan and apply ---------------------------------------------------------------------------------------------

    @property
    def state_store(self) -> StateStore:
        """The state, in the store."""
        return StateStore(self.store)

    @property
    def state(self) -> State:
        """The state as it stands."""
        return self.state_store.read().state

    def tiktok(self, *, before_write: Callable[[], Awaitable[None]] | None = None) -> TikTok:
        """Return a client of the local TikTok."""
        return TikTok(
            f"http://local.tiktok{BASE_PATH}", tier="ultimate", transport=self.transport, before_write=before_write
        )

    def plan(self, *, skip_members: bool = False, targets: Iterable[str] = ()) -> Plan:
        """Make a plan and stage what it delivers."""
        owned, scratch = self.state, self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        people = None if skip_members else People(self.engine, self._locate, scratch)

        async def read() -> Any:
            async with self.tiktok() as tiktok:
                held = token_for_all(self.config, TOKEN)
                return await gather(self.config, owned, tiktok, held, people=people, targets=frozenset(targets))

        gathered = instantly(read())
        plan = build(gathered.inputs, plan_id=str(uuid4()), now=datetime.now(UTC))
        wanted = {each.members.set_digest for each in plan.actions if each.members and each.does_something}
        self.state_store.stage(plan.plan_id, plan.lineage, plan.serial, wanted)
        for digest in wanted:
            self.state_store.put_set(gathered.sets[digest])
        return plan

    def apply(self, plan: Plan | None = None, *, skip_blocked: bool = False) -> Applied:
        """Apply a plan, a fresh one unless given, as `reconciler apply` does."""
        plan = plan or self.plan()
        store = self.state_store
        with store.lock("test"):
            state = store.open(lineage=plan.lineage)
            run.check(plan, state.state, skip_blocked=skip_blocked)

            async def work() -> Applied:
                async with self.tiktok(before_write=LockWatch(state).still_ours) as tiktok:
                    held = token_for_all(self.config, TOKEN)
                    sessions = Sessions(tiktok, accounts(plan, state.state), held)
                    remotes = await read_accounts(sessions, self.config)
                    bench = Workbench(
                        sessions,
                        state,
                        self.engine,
                        self._locate,
                        self.progress,
                        rows_per_request=self.config.rows_per_request,
                        now=self.sandbox.controls.now,
                    )
                    return await run.apply(plan, remotes, bench)

            return instantly(work())

    def _locate(self, digest: str) -> Path:
        return self.state_store.set_path(digest, self.folder)

    def mend(self, how: Callable[[State], State]) -> None:
        """Change the state by hand, as `reconciler state …` does."""
        store = self.state_store
        with store.lock("mend"):
            state = store.open()
            state.save(how(state.state))

    # What came of it --------------------------------------------------------------------------------------------

    def audiences(self, account: str = US) -> dict[str, str]:
        """Return name by id of what the account has created."""
        return {each.audience_id: each.name for each in self.sandbox.controls.audiences(account)}

    def people_in(self, audience_id: str) -> set[str]:
        """Return the identifiers an audience holds."""
        return {identifier for _, identifier in self.sandbox.controls.members(audience_id)}

    def id_of(self, key: str) -> str:
        """Return the audience that the state holds at a key."""
        return self.state.resources[f"audience.{key}"].audience_id

    def requests(self, path: str, method: str = "POST") -> list[LoggedRequest]:
        """Return what was asked at `path`, in order."""
        return [each for each in self.sandbox.controls.requests() if path in each.path and each.method == method]

    def close(self) -> None:
        """Close the local TikTok's file."""
        self.sandbox.close()


def members(numbers: Iterable[int]) -> set[str]:
    """Return the identifiers of people."""
    return {member(each) for each in numbers}


def outcome_of(applied: Applied, key: str) -> Outcome:
    """Return what became of an action."""
    (outcome,) = [each for each in applied.outcomes if each.address == f"audience.{key}"]
    return outcome


def action_at(plan: Plan, key: str) -> Action:
    """Return the action at a key."""
    (action,) = [each for each in plan.actions if each.address == f"audience.{key}"]
    return action


def assert_one(world: World, name: str = "Buyers", account: str = US, people: range = range(30)) -> None:
    """Check that there is one audience of a name, with exactly these people, and nothing left to do."""
    found = {each.audience_id for each in world.sandbox.controls.audiences(account) if each.name == name}
    assert len(found) == 1
    assert world.people_in(*found) == members(people)
    assert world.state.pending == ()
    assert not world.plan().has_changes
