from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler import schemas
from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.plan.document import PlanFileError, diagnostic_document, dump, parse, to_json
from reconciler.plan.drift.document import DriftFileError, drift_document, parse_drift
from reconciler.plan.drift.model import Drift, Drifted, DriftKind
from reconciler.plan.encode import encode
from reconciler.plan.model import Action, ActionKind, Attributes, Block, Change, Guard, MemberChange, Plan

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT = "7000000000000000001"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STREAMED = Attributes("Lapsed buyers", ACCOUNT, "streaming", ("idfa", "gaid"))


def create(address: str = "audience.lapsed_buyers") -> Action:
    members = MemberChange("a" * 64, None, users=1200, identifiers=2400, add=2400, remove=0)
    return Action(
        address, ActionKind.CREATE, "acme_us", ACCOUNT, after=STREAMED, members=members, reason="not on TikTok yet"
    )


def delete(*blocks: Block) -> Action:
    return Action(
        "audience.obsolete",
        ActionKind.DELETE,
        "acme_us",
        ACCOUNT,
        audience_id="7300000000000000042",
        before=STREAMED,
        reason="no longer declared",
        blocked_by=blocks,
    )


def plan(*actions: Action, **fields: Any) -> Plan:
    return Plan("3f9d0c", "9d8e", 4, NOON, actions, **fields)


# Everything a plan can hold, made up. Lone surrogates are left out: UTF-8, and so JSON, has no form for them.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ids = st.from_regex(r"[0-9]{1,20}", fullmatch=True)
addresses = st.from_regex(r"audience\.[a-z][a-z0-9_]{0,12}", fullmatch=True)
counts = st.integers(0, 2**53)
lists = st.lists(texts, max_size=3).map(tuple)
attributes = st.builds(Attributes, texts, ids, st.sampled_from(["streaming", "file"]), lists, st.booleans())
values = st.one_of(texts, st.booleans(), st.none(), lists)
member_changes = st.builds(
    MemberChange, st.from_regex(r"[0-9a-f]{64}", fullmatch=True), st.none() | counts, counts, counts, counts, counts
)
blocks = st.builds(Block, st.sampled_from(Guard), texts, lists, texts)
locations = st.builds(Location, texts, st.integers(1, 10**6), st.integers(1, 10**6))
diagnostics = st.builds(Diagnostic, st.sampled_from(Severity), texts, texts, st.none() | locations)


@st.composite
def actions(draw: st.DrawFn) -> Action:
    kind = draw(st.sampled_from(ActionKind))
    makes, ends = kind is ActionKind.CREATE, kind in {ActionKind.DELETE, ActionKind.FORGET}
    deposed = draw(st.just("") | ids.map(lambda id_: f" (deposed {id_})"))
    return Action(
        address=draw(addresses) + deposed,
        kind=kind,
        advertiser=draw(texts),
        advertiser_id=draw(ids),
        audience_id=draw(st.none() | ids) if makes else draw(ids),
        before=None if makes else draw(attributes),
        after=None if ends else draw(attributes),
        changes=draw(st.lists(st.builds(Change, texts, values, values), max_size=3).map(tuple)),
        members=draw(st.none() | member_changes),
        reason=draw(texts),
        blocked_by=draw(st.lists(blocks, max_size=2).map(tuple)),
        previous_address=draw(st.none() | addresses),
        kept_by=draw(lists),
    )


plans = st.builds(
    Plan,
    plan_id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    lineage=texts,
    serial=counts,
    created_at=st.datetimes(timezones=st.just(UTC)),
    actions=st.lists(actions(), max_size=4, unique_by=lambda action: action.address).map(tuple),
    diagnostics=st.lists(diagnostics, max_size=3).map(tuple),
    skipped_members=st.booleans(),
    targets=lists,
)


@given(plans)
@settings(deadline=None)
def test_a_plan_is_read_back_exactly_as_it_was_written(made: Plan) -> None:
    assert parse(to_json(made)) == made


@given(plans)
@settings(deadline=None)
def test_every_plan_satisfies_the_published_schema(made: Plan) -> None:
    Draft202012Validator(schemas.load("plan")).validate(orjson.loads(to_json(made)))


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(deadline=None)
def test_bytes_that_are_no_plan_are_refused_with_a_way_out(raw: bytes) -> None:
    with pytest.raises(PlanFileError) as caught:
        parse(raw)
    assert caught.value.hint


def test_the_json_says_what_the_plan_says_in_a_stable_order() -> None:
    in_use = Block(Guard.IN_USE, "1 use of it on TikTok", ('ad group "Spring" (18) includes it',), "Take it out.")
    assert dump(plan(create(), delete(in_use))) == {
        "format_version": 1,
        "plan_id": "3f9d0c",
        "lineage": "9d8e",
        "serial": 4,
        "created_at": "2026-03-01T12:00:00Z",
        "summary": {
            "create": 1,
            "update": 0,
            "replace": 0,
            "delete": 1,
            "import": 0,
            "forget": 0,
            "noop": 0,
            "blocked": 1,
        },
        "actions": [
            {
                "address": "audience.lapsed_buyers",
                "action": "create",
                "advertiser": "acme_us",
                "advertiser_id": ACCOUNT,
                "audience_id": None,
                "before": None,
                "after": {
                    "name": "Lapsed buyers",
                    "advertiser_id": ACCOUNT,
                    "delivery": "streaming",
                    "identities": ["idfa", "gaid"],
                    "prevent_destroy": False,
                    "retention_in_days": None,
                    "audience_sub_type": "NORMAL",
                },
                "changes": [],
                "members": {
                    "users": 1200,
                    "users_before": None,
                    "identifiers": 2400,
                    "add": 2400,
                    "remove": 0,
                    "set": "a" * 64,
                    "recipe": None,
                },
                "reason": "not on TikTok yet",
                "blocked_by": [],
                "previous_address": None,
                "kept_by": [],
                "location": None,
            },
            {
                "address": "audience.obsolete",
                "action": "delete",
                "advertiser": "acme_us",
                "advertiser_id": ACCOUNT,
                "audience_id": "7300000000000000042",
                "before": {
                    "name": "Lapsed buyers",
                    "advertiser_id": ACCOUNT,
                    "delivery": "streaming",
                    "identities": ["idfa", "gaid"],
                    "prevent_destroy": False,
                    "retention_in_days": None,
                    "audience_sub_type": "NORMAL",
                },
                "after": None,
                "changes": [],
                "members": None,
                "reason": "no longer declared",
                "blocked_by": [
                    {
                        "guard": "in_use",
                        "message": "1 use of it on TikTok",
                        "details": ['ad group "Spring" (18) includes it'],
                        "way_out": "Take it out.",
                    }
                ],
                "previous_address": None,
                "kept_by": [],
                "location": None,
            },
        ],
        "diagnostics": [],
        "skipped_members": False,
        "targets": [],
    }


def test_a_plan_file_is_indented_utf8_that_ends_in_a_newline() -> None:
    written = to_json(plan(targets=("audience.kündigt",)))
    assert written.startswith(b'{\n  "checksum": "sha256:')
    assert "audience.kündigt".encode() in written
    assert written.endswith(b"}\n")


def test_a_name_with_half_a_surrogate_pair_does_not_keep_a_plan_from_being_written() -> None:
    raw = to_json(plan(delete(Block(Guard.IN_USE, "used by \ud83d"))))
    assert parse(raw).actions[0].blocked_by[0].message == "used by \ufffd"


def test_encode_leaves_everything_but_half_surrogates_as_it_is() -> None:
    assert orjson.loads(encode({"name": "\ud800", "nested": [{"count": 1, "none": None}]})) == {
        "name": "\ufffd",
        "nested": [{"count": 1, "none": None}],
    }


def test_a_finding_without_a_place_has_a_null_location() -> None:
    assert diagnostic_document(Diagnostic(Severity.WARNING, "unknown role")) == {
        "severity": "warning",
        "summary": "unknown role",
        "detail": "",
        "location": None,
    }


def altered(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return a plan file whose contents somebody changed, and who left the checksum out."""
    document = orjson.loads(to_json(plan(create())))
    del document["checksum"]
    change(document)
    return orjson.dumps(document)


def test_a_saved_plan_damaged_in_any_byte_is_refused() -> None:
    whole = to_json(plan(create()))
    for at, byte in enumerate(whole):
        for other in (byte ^ 1, byte ^ 32, ord("7") if byte != ord("7") else ord("3")):
            with pytest.raises(PlanFileError):
                parse(whole[:at] + bytes([other]) + whole[at + 1 :])
        with pytest.raises(PlanFileError):
            parse(whole[:at] + whole[at + 1 :])
        with pytest.raises(PlanFileError):
            parse(whole[:at])


def test_text_that_is_not_json_is_named_as_such() -> None:
    with pytest.raises(PlanFileError, match=r"^audiences\.yaml is not JSON: .*line 1 column 1") as caught:
        parse(b"version: 1\n", name="audiences.yaml")
    assert caught.value.hint == "Make one with `reconciler plan --out FILE`."


@pytest.mark.parametrize("raw", [b"{}", b"[]", b"null", b"7", b'{"version": 1, "serial": 4, "resources": {}}'])
def test_other_json_is_not_taken_for_a_plan(raw: bytes) -> None:
    with pytest.raises(PlanFileError, match="the plan file is JSON, but not a plan of reconciler"):
        parse(raw)


def test_a_plan_of_a_newer_version_is_refused_even_where_its_shape_has_changed() -> None:
    raw = altered(lambda document: document.update(format_version=2, something_new=True))
    with pytest.raises(PlanFileError, match="has format version 2; this version of reconciler reads up to 1") as caught:
        parse(raw)
    assert caught.value.hint == "Use the version of reconciler that made it, or plan again with this one."


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d["actions"][0]["members"].update(add=-1), r"actions\[0\]\.members\.add: -1 is less than"),
        (lambda d: d["actions"][0].update(action="destroy"), r"actions\[0\]\.action: 'destroy' is not one of"),
        (lambda d: d["actions"][0].update(advertiser_id=7), r"actions\[0\]\.advertiser_id: 7 is not of type 'string'"),
        (lambda d: d["actions"][0].update(after=None), r"actions\[0\]\.after: None is not of type 'object'"),
        (lambda d: d["actions"][0].update(note="ok"), r"actions\[0\]: Additional properties .*'note'"),
        (lambda d: d["actions"][0].update(address="audience.X"), r"actions\[0\]\.address: 'audience.X' does not match"),
        (lambda d: d.pop("serial"), "'serial' is a required property"),
        (lambda d: d.update(format_version="1"), "format_version: 1 was expected"),
        (lambda d: d.update(created_at="2026-02-31T00:00:00Z"), "created_at: day"),
        (lambda d: d.update(created_at="yesterday"), "created_at: 'yesterday' does not match"),
        (lambda d: d["summary"].update(create=0), "summary: it does not count the actions that follow"),
        (lambda d: d["actions"].append(d["actions"][0]), "actions: an address stands there twice"),
    ],
)
def test_a_plan_that_was_changed_by_hand_is_refused_and_the_place_named(
    change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    with pytest.raises(PlanFileError, match=f"^the plan file is damaged: {reason}") as caught:
        parse(altered(change))
    assert caught.value.hint == "It was changed after it was made. Plan again: a plan file is never edited by hand."


def test_a_damaged_value_is_not_repeated_at_length() -> None:
    with pytest.raises(PlanFileError) as caught:
        parse(altered(lambda document: document.update(serial="9" * 100_000)))
    assert len(caught.value.message) < 300


def test_a_plan_of_before_recipes_is_read() -> None:
    document = dump(plan(create()))
    (action,) = cast("list[dict[str, dict[str, object]]]", document["actions"])
    del action["members"]["recipe"]
    (read,) = parse(encode(document)).actions
    assert read == create()


def test_a_plan_cut_short_is_not_json() -> None:
    raw = to_json(plan(create()))
    with pytest.raises(PlanFileError, match="is not JSON"):
        parse(raw[: len(raw) // 2])


@pytest.mark.parametrize("name", ["plan", "drift"])
def test_the_schemas_are_valid_themselves(name: str) -> None:
    Draft202012Validator.check_schema(schemas.load(name))


moments = st.datetimes(timezones=st.just(UTC))
drifted = st.builds(
    Drifted,
    st.sampled_from(DriftKind),
    st.none() | addresses,
    texts,
    ids,
    st.none() | ids,
    texts,
    before=st.none() | texts,
    after=st.none() | texts,
    details=lists,
    since=st.none() | moments,
    last_seen=st.none() | moments,
    by=st.none() | texts,
    remedy=texts,
    location=st.none() | locations,
)
drifts = st.builds(Drift, moments, st.lists(drifted, max_size=4).map(tuple), counts, st.booleans())


@given(drifts)
@settings(deadline=None)
def test_every_drift_satisfies_the_published_schema(drift: Drift) -> None:
    Draft202012Validator(schemas.load("drift")).validate(orjson.loads(encode(drift_document(drift))))


@given(drifts)
@settings(deadline=None)
def test_every_drift_is_read_back_as_it_was_written(drift: Drift) -> None:
    assert parse_drift(encode(drift_document(drift)), "drift.json") == drift


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{", "drift.json is not JSON"),
        (b"[]", "drift.json is JSON, but not a drift report"),
        (b'{"format_version": 1, "checked_at": "", "drift": []}', "has format version 1"),
        (b'{"format_version": 2, "checked_at": "", "drift": []}', "drift.json is damaged"),
    ],
)
def test_what_is_no_drift_report_is_refused_by_name_with_the_way_to_make_one(raw: bytes, why: str) -> None:
    with pytest.raises(DriftFileError, match=re.escape(why)) as caught:
        parse_drift(raw, "drift.json")
    assert caught.value.hint


def test_a_drift_report_of_a_day_that_never_was_is_damaged() -> None:
    raw = encode(drift_document(Drift(NOON, (), checked=0))).replace(b"2026-03-01", b"2026-02-31")
    with pytest.raises(DriftFileError, match="is damaged"):
        parse_drift(raw, "drift.json")


def test_drift_is_counted_by_kind_and_listed() -> None:
    renamed = Drifted(
        DriftKind.RENAMED,
        "audience.vip",
        "acme_us",
        ACCOUNT,
        "73",
        'renamed from "A" to "B"',
        "A",
        "B",
        ("a line",),
        since=NOON,
        by="ann@example.com",
        remedy="apply renames it",
        location=Location("audiences.yaml", 4, 3),
    )
    document = drift_document(Drift(NOON, (renamed,), checked=3, skipped_members=True))
    assert document.pop("summary") == {**{str(kind): 0 for kind in DriftKind}, "renamed": 1}
    assert document == {
        "format_version": 2,
        "checked_at": "2026-03-01T12:00:00Z",
        "checked": 3,
        "skipped_members": True,
        "drift": [
            {
                "kind": "renamed",
                "address": "audience.vip",
                "advertiser": "acme_us",
                "advertiser_id": ACCOUNT,
                "audience_id": "73",
                "summary": 'renamed from "A" to "B"',
                "before": "A",
                "after": "B",
                "details": ["a line"],
                "since": "2026-03-01T12:00:00Z",
                "last_seen": None,
                "by": "ann@example.com",
                "remedy": "apply renames it",
                "location": {"file": "audiences.yaml", "line": 4, "column": 3},
            }
        ],
    }
