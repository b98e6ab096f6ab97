"""A world small enough to be held in the hand, and what an apply makes of it: pure, and by the design alone.

It reads a world as a refresh would, and does what a plan says as an apply would. What TikTok refuses, it refuses:
such a refusal is a mistake of the plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Final

from reconciler.identifiers import IdType
from reconciler.identity.model import Delta, SetSummary
from reconciler.plan.attributes import DELIVERED_KIND
from reconciler.plan.inputs import Inputs, MemberFacts
from reconciler.plan.model import Action, ActionKind
from reconciler.plan.moves import follow
from reconciler.plan.recovery import settle
from reconciler.plan.scope import accounts, accounts_with_deletions, at_declared_addresses
from reconciler.state.model import Deposed, Members, PendingCreate, PendingDelivery, Resource, State
from reconciler.tiktok.model import Audience, Remote
from tests.plan.conftest import BEFORE, NOW

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from reconciler.config.model import Config
    from reconciler.plan.model import Plan

People = frozenset[int]

PEOPLE_EACH: Final = 400
"""Each number in a set stands for so many people, of one identifier each."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything there is.

    Attributes:
        files: What is declared.
        remotes: TikTok's accounts, usage known in all of them.
        state: What is owned.
        wanted: Address → the people its source holds.
        held: Audience id → the people in it.
        sets: Digest → people.
    """

    files: Config
    remotes: Mapping[str, Remote]
    state: State
    wanted: Mapping[str, People] = field(default_factory=dict)
    held: Mapping[str, People] = field(default_factory=dict)
    sets: Mapping[str, People] = field(default_factory=dict)


def digest(people: People) -> str:
    return "set of " + " ".join(map(str, sorted(people)))


def refreshed(world: World, *, skip_members: bool = False, targets: frozenset[str] = frozenset()) -> Inputs:
    """Read a world: the accounts that matter, and usage only where the scope of a plan asks for it."""
    looked_up = accounts_with_deletions(world.files, world.state)
    actual = {
        each: world.remotes[each] if each in looked_up else replace(world.remotes[each], usage=None)
        for each in accounts(world.files, world.state)
    }
    resources = at_declared_addresses(world.files, world.state)
    members = {
        each.address: _facts(world, each.address, resources.get(each.address))
        for each in world.files.audiences.values()
        if each.source
    }
    return Inputs(world.files, actual, world.state, None if skip_members else members, targets)


def _facts(world: World, address: str, resource: Resource | None) -> MemberFacts:
    wanted = world.wanted[address]
    certain, possible = _delivered(world, resource)
    users = len(wanted) * PEOPLE_EACH
    delta = Delta(
        add=len(wanted - certain) * PEOPLE_EACH,
        remove=len(possible - wanted) * PEOPLE_EACH,
        delivered_identifiers=len(possible) * PEOPLE_EACH,
        delivered_users=len(possible) * PEOPLE_EACH,
        users_out=len(possible - wanted) * PEOPLE_EACH,
    )
    return MemberFacts(SetSummary(digest(wanted), users, users, {IdType.IDFA_MD5: users}), delta)


def _delivered(world: World, resource: Resource | None) -> tuple[People, People]:
    """Return who is certainly in an audience, and who may be."""
    if resource is None:
        return frozenset(), frozenset()
    certain = possible = world.sets[resource.members.snapshot] if resource.members else frozenset()
    for pending in world.state.pending:
        if isinstance(pending, PendingDelivery) and pending.audience_id == resource.audience_id:
            certain &= world.sets[pending.target]
            possible |= world.sets[pending.target]
    return certain, possible


def applied(world: World, plan: Plan) -> World:
    """Return the world after `plan`, blocked actions left out."""
    doing = [action for action in plan.actions if action.does_something and not action.is_blocked]
    apply = _Apply(world, {action.resource_address for action in doing})
    for action in sorted(doing, key=lambda each: (not each.is_deposed, each.address)):
        apply.do(action)
    return apply.world()


class _Apply:
    def __init__(self, world: World, addresses: AbstractSet[str]) -> None:
        self._before = world
        self._remotes = dict(world.remotes)
        self._held = dict(world.held)
        self._new_ids = count(max([8999, *map(int, world.held)]) + 1)
        self._resources = dict(at_declared_addresses(world.files, world.state))
        followed = follow(world.files, settle(world.state, world.remotes).resources)
        self._resources |= {address: found for address, found in followed.resources.items() if address in addresses}
        settled = addresses | {followed.came_from[address] for address in addresses & followed.came_from.keys()}
        self._pending = [
            each for each in world.state.pending if not (isinstance(each, PendingCreate) and each.address in settled)
        ]

    def world(self) -> World:
        resources = dict(self._resources)
        state = replace(self._before.state, resources=resources, pending=tuple(self._pending))
        sets = {**self._before.sets, **{digest(people): people for people in self._before.wanted.values()}}
        return replace(self._before, remotes=self._remotes, state=state, held=self._held, sets=sets)

    def do(self, action: Action) -> None:
        match action.kind:
            case ActionKind.CREATE:
                self._create(action)
            case ActionKind.UPDATE:
                self._change(action)
            case ActionKind.IMPORT:
                self._adopt(action)
                self._change(action)
            case ActionKind.REPLACE:
                self._replace(action)
            case ActionKind.DELETE:
                self._delete(action.advertiser_id, action.audience_id or "")
                self._forget(action)
            case ActionKind.FORGET:
                self._forget(action)

    def _create(self, action: Action) -> None:
        after = action.after
        assert after is not None
        remote = self._remotes[after.advertiser_id]
        audience_id = str(next(self._new_ids))
        made = Audience(audience_id, after.name, DELIVERED_KIND[after.delivery], is_valid=True)
        self._remotes[after.advertiser_id] = replace(remote, audiences={**remote.audiences, audience_id: made})
        self._held[audience_id] = frozenset()
        former = self._resources.get(action.address)
        self._resources[action.address] = Resource(
            action.address,
            after.advertiser_id,
            audience_id,
            after.name,
            after.delivery,
            after.identities,
            after.prevent_destroy,
            deposed=former.deposed if former else (),
        )
        self._deliver(action)

    def _adopt(self, action: Action) -> None:
        before = action.before
        assert before is not None
        self._resources[action.address] = Resource(
            action.address,
            before.advertiser_id,
            action.audience_id or "",
            before.name,
            before.delivery,
            before.identities,
            before.prevent_destroy,
        )

    def _change(self, action: Action) -> None:
        after, resource = action.after, self._resources[action.address]
        assert after is not None
        remote = self._remotes[resource.advertiser_id]
        audience = remote.audiences[resource.audience_id]
        if audience.name != after.name:
            assert audience.is_creator, f"TikTok: {audience.audience_id} is not this account's to rename"
        named = replace(audience, name=after.name)
        self._remotes[resource.advertiser_id] = replace(
            remote, audiences={**remote.audiences, audience.audience_id: named}
        )
        self._resources[action.address] = replace(
            resource,
            name=after.name,
            delivery=after.delivery,
            identities=after.identities,
            prevent_destroy=after.prevent_destroy,
        )
        self._deliver(action)

    def _replace(self, action: Action) -> None:
        old = self._resources[action.address]
        self._create(action)
        if action.kept_by:
            made = self._resources[action.address]
            left = Deposed(old.advertiser_id, old.audience_id, old.name, BEFORE)
            self._resources[action.address] = replace(made, deposed=(*made.deposed, left))
        else:
            self._delete(old.advertiser_id, old.audience_id)

    def _deliver(self, action: Action) -> None:
        if action.members is None:
            return
        resource = self._resources[action.address]
        wanted = self._before.wanted[action.address]
        if resource.members is None and not self._is_under_way(resource):
            self._held[resource.audience_id] |= wanted  # nothing is known to be there, so nothing is taken out
        else:
            self._held[resource.audience_id] = wanted
        snapshot = Members(action.members.set_digest, action.members.users, action.members.identifiers, NOW)
        self._resources[action.address] = replace(resource, members=snapshot)
        self._pending = [
            each
            for each in self._pending
            if not (isinstance(each, PendingDelivery) and each.audience_id == resource.audience_id)
        ]

    def _is_under_way(self, resource: Resource) -> bool:
        return any(
            isinstance(each, PendingDelivery) and each.audience_id == resource.audience_id for each in self._pending
        )

    def _delete(self, advertiser_id: str, audience_id: str) -> None:
        remote = self._remotes[advertiser_id]
        assert not (remote.usage or {}).get(audience_id), f"TikTok: {audience_id} is in use"
        assert remote.audiences[audience_id].is_creator, f"TikTok: {audience_id} is not this account's to delete"
        left = {each: audience for each, audience in remote.audiences.items() if each != audience_id}
        self._remotes[advertiser_id] = replace(remote, audiences=left)
        self._held.pop(audience_id)

    def _forget(self, action: Action) -> None:
        address = action.resource_address
        if action.is_deposed:
            resource = self._resources[address]
            left = tuple(each for each in resource.deposed if each.audience_id != action.audience_id)
            self._resources[address] = replace(resource, deposed=left)
        else:
            gone = self._resources.pop(address)
            self._pending = [
                each
                for each in self._pending
                if not (isinstance(each, PendingDelivery) and each.audience_id == gone.audience_id)
            ]
