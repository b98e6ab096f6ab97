"""What a sound document becomes, and what is left of one that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.config import Audience, Delivery, FileOptions, Lifecycle, Move, Policy, RateTier, Removal
from reconciler.identifiers import Hash, Identity, MappedColumn
from reconciler.origin import FileOrigin
from reconciler.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from tests.config.conftest import Read


def test_everything_declared_arrives(read: Read, folder: Path) -> None:
    config = read(
        """\
version: 1
state: {url: ../state}
engine: local[4]
rows_per_request: 10000
rate_limit: ultimate
advertisers:
  acme:
    advertiser_id: "7000000000000000001"
    access_token: ${TOKEN}
    business_center_id: "7100000000000000001"
    expect: {status: STATUS_ENABLE, currency: USD, business_center_id: "7100000000000000001"}
  globex: {advertiser_id: "7000000000000000002", profile: agency}
sources:
  people:
    path: ${DATA}/people.csv
    identities: {gaid: {column: g, hashed: sha256}, idfa: i, mpid: m, phone: p, email: {column: e, hash: sha256}}
audiences:
  buyers:
    advertiser: acme
    name: Buyers
    source: people
    where: ltv > 100
    identities: [email, idfa]
    delivery: file
    file: {retention_in_days: 180, audience_sub_type: REACH_FREQUENCY}
    lifecycle:
      {prevent_destroy: true, max_removal_percent: 12.5, minimum_users: 2000, minimum_match_percent: 2.5}
    import: "7300000000000000042"
moved: [{from: audience.old, to: audience.buyers}]
removed: [{from: audience.gone, destroy: false}]
policies:
  everything:
    advertisers: [acme]
    audiences: [buy*, sellers_?]
    maximum_people: 5000000
    forbidden_identities: [phone, gaid]
    name_pattern: "[A-Z].+"
    require_prevent_destroy: true
""",
        TOKEN="t0k3n",
        DATA="/data",
    ).config
    assert config.state_url == str(folder.parent / "state")
    assert (config.engine, config.rows_per_request) == ("local[4]", 10_000)
    assert config.rate_tier is RateTier.ULTIMATE
    acme = config.advertisers["acme"]
    assert (acme.advertiser_id, acme.business_center_id) == ("7000000000000000001", "7100000000000000001")
    assert acme.access_token == Secret("t0k3n")
    assert acme.expect == {
        "status": "STATUS_ENABLE",
        "currency": "USD",
        "business_center_id": "7100000000000000001",
    }
    assert (acme.profile, config.advertisers["globex"].profile) == (None, "agency")
    people = config.sources["people"]
    assert people.origin == FileOrigin("/data/people.csv", "${DATA}/people.csv")
    assert people.columns == (
        MappedColumn(Identity.MPID, "m"),
        MappedColumn(Identity.IDFA, "i", Hash.MD5),
        MappedColumn(Identity.GAID, "g", Hash.SHA256, hashed=True),
        MappedColumn(Identity.EMAIL, "e", Hash.SHA256),
        MappedColumn(Identity.PHONE, "p", Hash.SHA256),
    )
    assert config.audiences["buyers"] == Audience(
        key="buyers",
        advertiser="acme",
        name="Buyers",
        source="people",
        where="ltv > 100",
        identities=(Identity.IDFA, Identity.EMAIL),
        delivery=Delivery.FILE,
        file=FileOptions(retention_in_days=180, audience_sub_type="REACH_FREQUENCY"),
        lifecycle=Lifecycle(
            prevent_destroy=True, max_removal_percent=12.5, minimum_users=2000, minimum_match_percent=2.5
        ),
        import_id="7300000000000000042",
    )
    assert config.moved == (Move("audience.old", "audience.buyers"),)
    assert config.removed == (Removal("audience.gone", destroy=False),)
    assert config.policies == {
        "everything": Policy(
            key="everything",
            advertisers=("acme",),
            audiences=("buy*", "sellers_?"),
            maximum_people=5_000_000,
            forbidden_identities=(Identity.GAID, Identity.PHONE),
            name_pattern="[A-Z].+",
            require_prevent_destroy=True,
        )
    }


def test_defaults_are_filled_in(read: Read, base: str, folder: Path) -> None:
    config = read(base).config
    assert config.audiences["buyers"] == Audience(
        "buyers", "acme", "buyers", "people", identities=(Identity.IDFA, Identity.EMAIL)
    )
    assert config.state_url == str(folder / ".reconciler" / "state")
    assert (config.engine, config.rows_per_request, config.rate_tier) == ("duckdb", 1000, RateTier.BASIC)


@pytest.mark.parametrize(
    "engine",
    [
        *("duckdb", "local[*]", "local[1]", "local[16]", "spark://host:7077", "spark://10.0.0.1:7077"),
        *("sc://host:15002", "sc://host:15002/", "sc://host:15002/;token=abc;use_ssl=true", "sc://[::1]:15002"),
    ],
)
def test_an_engine_is_duckdb_or_a_spark(read: Read, base: str, engine: str) -> None:
    loaded = read(f"{base}engine: '{engine}'\n")
    assert loaded.diagnostics == ()
    assert loaded.config.engine == engine


def test_a_whole_number_may_have_a_point(read: Read, base: str) -> None:
    config = read(f"{base}    delivery: file\n    file: {{retention_in_days: 30.0}}\nrows_per_request: 1e3\n").config
    assert isinstance(config.rows_per_request, int)
    assert isinstance(config.audiences["buyers"].file.retention_in_days, int)


def test_an_adopted_audience_without_a_source_sends_nothing(read: Read, base: str) -> None:
    config = read(f"{base}  one: {{advertiser: acme, import: '7300000000000000042', delivery: file}}\n").config
    assert config.audiences["one"].identities == ()
    assert config.audiences["one"].delivery is Delivery.FILE


@pytest.mark.parametrize(
    ("url", "directory"),
    [("file:///var/state", "/var/state"), ("file:///var/my%20state", "/var/my state"), ("/var/./state", "/var/state")],
)
def test_a_state_may_be_an_absolute_directory_or_a_file_url(read: Read, base: str, url: str, directory: str) -> None:
    assert read(f"{base}state: {{url: '{url}'}}\n").config.state_url == directory


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("advertisers", "acme"), "3:3"),
        (("advertisers", "acme", "advertiser_id"), "4:20"),
        (("sources", "people", "path"), "7:11"),
        (("sources", "people", "identities", "idfa"), "8:36"),
        (("sources", "people", "identities", "gaid"), "8:42"),
        (("sources", "people", "identities", "gaid", "column"), "8:57"),
        (("audiences", "buyers"), "10:3"),
        (("audiences", "buyers", "where"), "13:12"),
        (("audiences", "buyers", "identities", 1), "14:24"),
        (("audiences", "buyers", "lifecycle", "minimum_users"), "10:3"),
        ((), "1:1"),
    ],
)
def test_every_node_has_its_place_or_that_of_the_one_above(
    read: Read, base: str, path: tuple[str | int, ...], place: str
) -> None:
    document = base.replace("email: email", "gaid: {column: g}")
    config = read(f"{document}    where: a > 1\n    identities: [idfa, gaid]\n").config
    assert str(config.place(*path)) == f"audiences.yaml:{place}"


@pytest.mark.parametrize(
    ("expect", "places"),
    [
        ("{status: STATUS_ENABLE, currency: USD}", {"status": "5:22", "currency": "5:47", "name": "5:5"}),
        ("\n      status: STATUS_ENABLE\n      currency: USD", {"status": "6:15", "currency": "7:17", "name": "5:5"}),
    ],
)
def test_an_expectation_has_its_place_and_one_that_is_not_written_that_of_the_others(
    read: Read, base: str, expect: str, places: dict[str, str]
) -> None:
    config = read(base.replace("sources:", f"    expect: {expect}\nsources:", 1)).config
    found = {name: str(config.place("advertisers", "acme", "expect", name)) for name in places}
    assert found == {name: f"audiences.yaml:{place}" for name, place in places.items()}


def test_sound_parts_remain_beside_faulty_ones(read: Read, base: str) -> None:
    config = read(f"""{base}\
  wrong: {{advertiser: acme, source: people, delivery: pigeon}}
  right: {{advertiser: acme, source: people}}
""").config
    assert list(config.audiences) == ["buyers", "right"]


def test_an_audience_goes_with_its_source_so_that_no_key_leads_nowhere(read: Read, base: str) -> None:
    config = read(base.replace("people.csv", "people.doc")).config
    assert (dict(config.sources), dict(config.audiences)) == ({}, {})
    assert "acme" in config.advertisers
