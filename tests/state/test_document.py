"""The state document: what is written is read back, and what cannot be read is refused and left alone."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler import schemas, seal
from reconciler.state.document import dump, parse
from reconciler.state.errors import DamagedStateError, NewerStateError, UnwritableStateError
from reconciler.state.model import Deposed, Members, PendingCreate, PendingDelivery, Place, Resource, Run, State
from reconciler.state.tree import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

MORNING = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

times = st.datetimes(timezones=st.just(UTC))
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
ids = st.text("0123456789", min_size=1, max_size=19)
plan_ids = st.text("abcdefABCDEF0123456789-_", min_size=1, max_size=64)
addresses = st.from_regex(r"audience\.[a-z][a-z0-9_]{0,20}", fullmatch=True)
identities = st.lists(st.sampled_from(["idfa", "gaid", "email", "phone"]), unique=True).map(tuple)
deliveries = st.sampled_from(["streaming", "file"])
counts = st.integers(min_value=0, max_value=2**53 - 1)
retentions = st.none() | st.integers(1, 365)
sub_types = st.sampled_from(["NORMAL", "REACH_FREQUENCY"])
resources = st.builds(
    Resource,
    address=addresses,
    advertiser_id=ids,
    audience_id=ids,
    name=st.text(),
    delivery=deliveries,
    identities=identities,
    prevent_destroy=st.booleans(),
    retention_in_days=retentions,
    audience_sub_type=sub_types,
    members=st.none() | st.builds(Members, digests, counts, counts, times, st.none() | digests),
    deposed=st.lists(st.builds(Deposed, ids, ids, st.text(), times), max_size=2).map(tuple),
)
creates = st.builds(
    PendingCreate,
    addresses,
    ids,
    st.text(),
    deliveries,
    identities,
    st.lists(ids, max_size=3).map(tuple),
    plan_ids,
    times,
    st.booleans(),
    retentions,
    sub_types,
)
places = st.none() | st.builds(Place, digests, counts, counts)
transfers = st.builds(PendingDelivery, addresses, ids, digests, places, plan_ids, times)
states = st.builds(
    State,
    lineage=st.uuids().map(str),
    serial=counts,
    resources=st.lists(resources, max_size=4).map(lambda owned: {each.address: each for each in owned}),
    pending=st.lists(creates | transfers, max_size=3).map(tuple),
    run=st.none() | st.builds(Run, plan_ids, counts),
)

LAPSED = Resource(
    address="audience.lapsed_buyers",
    advertiser_id="7000000000000000001",
    audience_id="7300000000000000042",
    name="Lapsed buyers é",
    delivery="streaming",
    identities=("idfa", "gaid"),
    prevent_destroy=True,
    retention_in_days=30,
    audience_sub_type="REACH_FREQUENCY",
    members=Members("ab" * 32, 18220, 30155, MORNING),
    deposed=(Deposed("7000000000000000001", "7300000000000000007", "Lapsed", MORNING),),
)
FULL = State(
    lineage="5f0c2c0e-7d5c-4d0a-9d6b-2f4f5e0f6a11",
    serial=7,
    resources={LAPSED.address: LAPSED},
    pending=(
        PendingCreate(
            "audience.new_ones",
            "7000000000000000001",
            "New ones",
            "streaming",
            ("gaid",),
            ("7300000000000000043",),
            "plan-3f2a",
            MORNING,
        ),
        PendingDelivery(
            "audience.lapsed_buyers",
            "7300000000000000042",
            "cd" * 32,
            Place("ef" * 32, partition=2, rows=4000),
            "plan-3f2a",
            MORNING,
        ),
    ),
    run=Run("plan-3f2a", 5),
)

GOLDEN = """\
{
  "checksum": "sha256:48a6e0c86214fc6260c500106d1c75edb7f4d3c83374ba72dafee25625b247e3",
  "lineage": "5f0c2c0e-7d5c-4d0a-9d6b-2f4f5e0f6a11",
  "pending": [
    {
      "address": "audience.new_ones",
      "advertiser_id": "7000000000000000001",
      "audience_sub_type": "NORMAL",
      "delivery": "streaming",
      "identities": [
        "gaid"
      ],
      "kind": "create",
      "known_ids": [
        "7300000000000000043"
      ],
      "name": "New ones",
      "plan_id": "plan-3f2a",
      "prevent_destroy": false,
      "retention_in_days": null,
      "since": "2026-03-01T09:30:00Z"
    },
    {
      "address": "audience.lapsed_buyers",
      "audience_id": "7300000000000000042",
      "kind": "delivery",
      "place": {
        "partition": 2,
        "route": "efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef",
        "rows": 4000
      },
      "plan_id": "plan-3f2a",
      "since": "2026-03-01T09:30:00Z",
      "target": "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
    }
  ],
  "resources": {
    "audience.lapsed_buyers": {
      "advertiser_id": "7000000000000000001",
      "audience_id": "7300000000000000042",
      "audience_sub_type": "REACH_FREQUENCY",
      "delivery": "streaming",
      "deposed": [
        {
          "advertiser_id": "7000000000000000001",
          "audience_id": "7300000000000000007",
          "name": "Lapsed",
          "since": "2026-03-01T09:30:00Z"
        }
      ],
      "identities": [
        "idfa",
        "gaid"
      ],
      "members": {
        "delivered_at": "2026-03-01T09:30:00Z",
        "identifiers": 30155,
        "snapshot": "abababababababababababababababababababababababababababababababab",
        "users": 18220
      },
      "name": "Lapsed buyers é",
      "prevent_destroy": true,
      "retention_in_days": 30
    }
  },
  "run": {
    "base_serial": 5,
    "plan_id": "plan-3f2a"
  },
  "serial": 7,
  "version": 3
}
"""


@given(states)
def test_what_is_written_is_read_back(state: State) -> None:
    assert parse(dump(state)) == state


@given(states)
def test_every_document_written_satisfies_the_published_schema(state: State) -> None:
    Draft202012Validator(dict(schemas.load("state"))).validate(json.loads(dump(state)))


@given(states, states)
def test_knowing_an_earlier_state_changes_no_byte(state: State, known: State) -> None:
    shared = replace(state, resources={**known.resources, **state.resources}, pending=known.pending + state.pending)
    assert dump(shared, known=known) == dump(shared)


@given(states)
def test_the_order_resources_were_added_in_does_not_show(state: State) -> None:
    backwards = replace(state, resources=dict(reversed(list(state.resources.items()))))
    assert dump(backwards) == dump(state)


def test_the_schema_is_a_valid_2020_12_schema() -> None:
    schema = schemas.load("state")
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(dict(schema))


LATER: dict[type, set[str]] = {
    Resource: {"imported"},
    Members: {"recipe"},
    Deposed: {"users", "identifiers"},
    PendingCreate: {"until"},
}
"""What earlier versions did not write."""


@pytest.mark.parametrize(
    ("definition", "noun"),
    [
        ("resource", Resource),
        ("members", Members),
        ("deposed", Deposed),
        ("pending_create", PendingCreate),
        ("pending_delivery", PendingDelivery),
        ("place", Place),
        ("run", Run),
    ],
)
def test_the_schema_knows_every_field_so_that_none_is_lost(definition: str, noun: type) -> None:
    defined = cast("dict[str, dict[str, dict[str, object]]]", schemas.load("state")["$defs"])[definition]
    own = {each.name for each in fields(noun)} - ({"address"} if noun is Resource else set())  # there it is the key
    assert set(defined["properties"]) - {"kind"} == own
    assert set(defined["required"]) - {"kind"} == own - LATER.get(noun, set())


def test_what_earlier_versions_did_not_write_is_kept_where_it_is_known() -> None:
    (old,), (intent, _) = LAPSED.deposed, FULL.pending
    assert isinstance(intent, PendingCreate)
    lapsed = replace(LAPSED, deposed=(replace(old, users=3, identifiers=4),))
    state = replace(FULL, resources={lapsed.address: lapsed}, pending=(replace(intent, until=MORNING),))

    assert parse(dump(state)) == state


def test_the_document_reads_as_documented() -> None:
    assert dump(FULL).decode() == GOLDEN


def test_the_golden_document_is_read() -> None:
    assert parse(GOLDEN.encode()) == FULL


def test_the_members_of_a_resource_that_was_never_delivered_are_null() -> None:
    state = replace(FULL, resources={LAPSED.address: replace(LAPSED, members=None)})
    assert json.loads(dump(state))["resources"]["audience.lapsed_buyers"]["members"] is None


@given(st.timedeltas(min_value=timedelta(hours=-12), max_value=timedelta(hours=12)))
def test_times_of_any_zone_are_kept_as_the_same_moment_in_utc(offset: timedelta) -> None:
    local = MORNING.astimezone(timezone(offset))
    members = Members("ab" * 32, 1, 1, local)
    read = parse(dump(replace(FULL, resources={LAPSED.address: replace(LAPSED, members=members)})))
    assert read.resources[LAPSED.address].members == Members("ab" * 32, 1, 1, MORNING)
    assert b"+" not in dump(read)


UNWRITABLE: Mapping[str, tuple[State, str]] = {
    "a time without a zone": (
        replace(
            FULL, pending=(PendingDelivery(LAPSED.address, "1", "ab" * 32, None, "p", MORNING.replace(tzinfo=None)),)
        ),
        "has no time zone",
    ),
    "a resource under another address": (replace(FULL, resources={"audience.other": LAPSED}), "stands under"),
    "text that is not Unicode": (replace(FULL, resources={LAPSED.address: replace(LAPSED, name="\ud800")}), "UTF-8"),
    "an address that is none": (
        replace(FULL, resources={"Lapsed": replace(LAPSED, address="Lapsed")}),
        "'Lapsed' does not match",
    ),
    "an unknown delivery": (
        replace(FULL, resources={LAPSED.address: replace(LAPSED, delivery="pigeon")}),
        "'pigeon' is not one of",
    ),
    "a plan id that leads elsewhere": (replace(FULL, run=Run("../../etc", 5)), "run"),
}


@pytest.mark.parametrize(("state", "reason"), UNWRITABLE.values(), ids=UNWRITABLE.keys())
def test_what_could_not_be_read_back_is_not_written(state: State, reason: str) -> None:
    with pytest.raises(UnwritableStateError, match=reason):
        dump(state)


def test_what_is_new_is_checked_even_beside_what_is_known() -> None:
    with pytest.raises(UnwritableStateError, match="pigeon"):
        dump(replace(FULL, resources={LAPSED.address: replace(LAPSED, delivery="pigeon")}), known=FULL)


def test_a_later_format_is_refused_with_both_numbers() -> None:
    later = GOLDEN.replace(f'"version": {VERSION}', f'"version": {VERSION + 1}').replace('"serial"', '"serial_number"')
    with pytest.raises(NewerStateError, match=f"version {VERSION + 1}; .* up to {VERSION}") as caught:
        parse(seal.seal(later.encode()))
    assert "Install" in (caught.value.hint or "")


DAMAGED: Mapping[str, tuple[str, str]] = {
    "empty": ("", "not JSON"),
    "cut off": (GOLDEN[:400], "checksum"),
    "cut off in its checksum": (GOLDEN[:40], "not JSON"),
    "a merge conflict": ("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>>\n", "not JSON"),
    "another kind of document": ("[]", "is not of type 'object'"),
    "no version": ('{"serial": 1}', "'version' is a required property|required"),
    "nested without end": ('{"version": 1, "lineage": ' + "[" * 1020 + "]" * 1020 + "}", "nested too deeply"),
}


@pytest.mark.parametrize(("text", "reason"), DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_document_is_refused_and_said_to_be_untouched(text: str, reason: str) -> None:
    with pytest.raises(DamagedStateError, match=reason) as caught:
        parse(text.encode(), "/srv/state/state.json")
    assert "/srv/state/state.json" in caught.value.message
    assert "untouched" in (caught.value.hint or "")


EDITS: Mapping[str, tuple[str, str]] = {
    "an unknown key": ('"serial": 7', '"serial": 7, "note": ""'),
    "a serial past what JSON numbers hold": ('"serial": 7', '"serial": 18446744073709551616'),
    "a negative serial": ('"serial": 7', '"serial": -7'),
    "a count that is text": ('"users": 18220', '"users": "18220"'),
    "an id that is a number": ('"audience_id": "7300000000000000042"', '"audience_id": 7300000000000000042'),
    "a digest that leads elsewhere": (f'"snapshot": "{"ab" * 32}"', '"snapshot": "../../../etc/passwd"'),
    "a digest cut short": ("cd" * 32, "cd" * 31),
    "a place on no route": (f'"route": "{"ef" * 32}"', '"route": ""'),
    "a partition before the first": ('"partition": 2', '"partition": -2'),
    "a life without end": ('"retention_in_days": 30', '"retention_in_days": 366'),
    "a use nobody knows": ("REACH_FREQUENCY", "REACH"),
    "a kind nobody knows": ('"kind": "delivery"', '"kind": "repaint"'),
    "a kind with another's fields": ('"kind": "delivery"', '"kind": "create"'),
    "a day that is not": ("2026-03-01T09:30:00Z", "2026-02-30T09:30:00Z"),
    "a time in no zone": ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00"),
    "an address that is none": ("audience.lapsed_buyers", "Lapsed buyers"),
    "the person key as an identity": ('"gaid"', '"mpid"'),
}


@pytest.mark.parametrize(("old", "new"), EDITS.values(), ids=EDITS.keys())
def test_a_document_edited_into_nonsense_is_refused(old: str, new: str) -> None:
    assert old in GOLDEN
    with pytest.raises(DamagedStateError):
        parse(seal.seal(GOLDEN.replace(old, new).encode()))


def test_a_fault_is_named_by_its_place() -> None:
    with pytest.raises(DamagedStateError, match=r"\$\.resources\['audience\.lapsed_buyers'\]\.name"):
        parse(seal.seal(GOLDEN.replace('"name": "Lapsed buyers é"', '"name": null').encode()))


@given(st.binary(max_size=200))
def test_no_bytes_end_in_anything_but_a_clear_error(content: bytes) -> None:
    with pytest.raises((DamagedStateError, NewerStateError)):
        parse(content)


json_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
KEYS = ["version", "lineage", "serial", "resources", "pending", "run"]


@given(st.sampled_from(KEYS), json_trees)
def test_no_tree_ends_in_anything_but_a_clear_error_or_a_state(key: str, tree: object) -> None:
    try:
        state = parse(seal.seal(json.dumps(json.loads(GOLDEN) | {key: tree}).encode()))
    except (DamagedStateError, NewerStateError):
        return
    assert parse(dump(state)) == state
