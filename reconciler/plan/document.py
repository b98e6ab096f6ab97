"""The plan as JSON: what `plan --format json` prints, `plan --out` saves, and `show` and `apply` read back.

The shape is the one of ``schemas/plan.schema.json``; what is written is read back exactly as it was. What is saved
carries a checksum over its own bytes: an apply does what was reviewed, to the letter.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from reconciler import seal
from reconciler.plan.decode import damaged
from reconciler.plan.encode import encode, location_document, timestamp
from reconciler.plan.model import FORMAT_VERSION
from reconciler.plan.reading import PLAN_FILE, PlanFileError, checked, plan_of

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.model import Action, Attributes, Block, MemberChange, Plan, Summary

__all__ = ["PlanFileError", "diagnostic_document", "dump", "parse", "to_json"]


def to_json(plan: Plan) -> bytes:
    """Return `plan` as the bytes of a plan file, sealed: the same plan gives the same bytes."""
    return seal.seal(encode({seal.FIELD: seal.UNSEALED, **dump(plan)}))


def parse(raw: bytes, *, name: str = "the plan file") -> Plan:
    """Read a plan file.

    Args:
        raw: The whole file.
        name: What to call it in an error: its path, for example.

    Raises:
        PlanFileError: It is not JSON, not a plan, from a newer version, or damaged.
    """
    document = checked(raw, name)
    try:
        if not seal.is_sealed(raw) and seal.FIELD in document:
            raise damaged(name, "its checksum is out of place", PLAN_FILE)
    except seal.BrokenSealError as broken:
        raise damaged(name, str(broken), PLAN_FILE) from None
    try:
        plan = plan_of(document)
    except ValueError as why:  # the schema lets the 31st of February pass, the calendar does not
        raise damaged(name, f"created_at: {why}", PLAN_FILE) from None
    addresses = {action.address for action in plan.actions}
    if len(addresses) < len(plan.actions):
        raise damaged(name, "actions: an address stands there twice", PLAN_FILE)
    if document["summary"] != _summary(plan.summary):
        raise damaged(name, "summary: it does not count the actions that follow", PLAN_FILE)
    return plan


def dump(plan: Plan) -> dict[str, object]:
    """Return `plan` as plain values, ready for JSON; None stands where there is nothing to say."""
    return {
        "format_version": FORMAT_VERSION,
        "plan_id": plan.plan_id,
        "lineage": plan.lineage,
        "serial": plan.serial,
        "created_at": timestamp(plan.created_at),
        "summary": _summary(plan.summary),
        "actions": [_action(action) for action in plan.actions],
        "diagnostics": [diagnostic_document(diagnostic) for diagnostic in plan.diagnostics],
        "skipped_members": plan.skipped_members,
        "targets": list(plan.targets),
    }


def diagnostic_document(diagnostic: Diagnostic) -> dict[str, object]:
    """Return one finding as plain values: ``severity``, ``summary``, ``detail`` and ``location`` or None."""
    return {
        "severity": str(diagnostic.severity),
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
        "location": location_document(diagnostic.location),
    }


def _summary(summary: Summary) -> dict[str, int]:
    return {name.removesuffix("_"): number for name, number in asdict(summary).items()}


def _action(action: Action) -> dict[str, object]:
    return {
        "address": action.address,
        "action": str(action.kind),
        "advertiser": action.advertiser,
        "advertiser_id": action.advertiser_id,
        "audience_id": action.audience_id,
        "before": _attributes(action.before),
        "after": _attributes(action.after),
        "changes": [
            {"path": change.path, "before": _plain(change.before), "after": _plain(change.after)}
            for change in action.changes
        ],
        "members": _members(action.members),
        "reason": action.reason,
        "blocked_by": [_block(block) for block in action.blocked_by],
        "previous_address": action.previous_address,
        "kept_by": list(action.kept_by),
        "location": location_document(action.location),
    }


def _attributes(attributes: Attributes | None) -> dict[str, object] | None:
    if attributes is None:
        return None
    return {name: _plain(value) for name, value in asdict(attributes).items()}


def _members(members: MemberChange | None) -> dict[str, object] | None:
    if members is None:
        return None
    return {
        "users": members.users,
        "users_before": members.users_before,
        "identifiers": members.identifiers,
        "add": members.add,
        "remove": members.remove,
        "set": members.set_digest,
        "recipe": members.recipe,
    }


def _block(block: Block) -> dict[str, object]:
    return {
        "guard": str(block.guard),
        "message": block.message,
        "details": list(block.details),
        "way_out": block.way_out,
    }


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
