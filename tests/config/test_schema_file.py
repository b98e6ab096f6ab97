"""The JSON Schema that editors and this tool share."""

from __future__ import annotations

import re
from dataclasses import asdict, fields
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from reconciler import schemas
from reconciler.config import Config, Delivery, FileOptions, Lifecycle, Policy, RateTier
from reconciler.identifiers import Form, Hash, Identity
from reconciler.origin import Format

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SCHEMA: dict[str, Any] = schemas.load("audiences")


def _subschemas(schema: dict[str, Any], path: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    if schema.keys() != {"$ref"}:
        yield path, schema
    for group in ("properties", "$defs"):
        for name, each in schema.get(group, {}).items():
            yield from _subschemas(each, f"{path}/{group}/{name}")
    if isinstance(schema.get("items"), dict):
        yield from _subschemas(schema["items"], f"{path}/items")
    for index, each in enumerate(schema.get("anyOf", [])):
        yield from _subschemas(each, f"{path}/anyOf/{index}")


_ALL = dict(_subschemas(_SCHEMA))


def test_it_is_valid_2020_12() -> None:
    assert _SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(_SCHEMA)


@pytest.mark.parametrize("path", _ALL)
def test_every_part_tells_an_editor_what_it_is(path: str) -> None:
    assert _ALL[path].keys() >= {"title", "description", "examples"}


@pytest.mark.parametrize("path", _ALL)
def test_examples_and_defaults_validate(path: str) -> None:
    part = _ALL[path]
    validator = Draft202012Validator({**part, "$defs": _SCHEMA["$defs"]})
    for example in [*part["examples"], *([part["default"]] if "default" in part else [])]:
        validator.validate(example)


@pytest.mark.parametrize("path", [path for path, part in _ALL.items() if part.get("type") == "object"])
def test_every_mapping_refuses_keys_it_does_not_know(path: str) -> None:
    part = _ALL[path]
    assert part["additionalProperties"] is False or "propertyNames" in part


@pytest.mark.parametrize("path", [path for path, part in _ALL.items() if "pattern" in part])
def test_every_pattern_says_what_it_wants(path: str) -> None:
    re.compile(_ALL[path]["pattern"])
    assert _ALL[path]["patternErrorMessage"].endswith(".")


@pytest.mark.parametrize("path", [path for path, part in _ALL.items() if "pattern" in part and path != "#/$defs/key"])
def test_an_editor_accepts_a_reference_to_the_environment(path: str) -> None:
    Draft202012Validator(_ALL[path]).validate("${NAME:-default}")


def test_its_words_are_those_of_the_model() -> None:
    root, defs = _SCHEMA["properties"], _SCHEMA["$defs"]
    audience = defs["audience"]["properties"]
    assert root["rate_limit"]["enum"] == list(RateTier)
    assert audience["delivery"]["enum"] == list(Delivery)
    sent = [each for each in Identity if each is not Identity.MPID]
    assert audience["identities"]["items"]["enum"] == sent
    policy = defs["policy"]["properties"]
    assert policy["forbidden_identities"]["items"]["enum"] == sent
    assert list(policy) == [each.name for each in fields(Policy) if each.name != "key"]
    assert list(defs["source"]["properties"]["identities"]["properties"]) == list(Identity)
    assert defs["source"]["properties"]["format"]["enum"] == list(Format)
    column = defs["mapped_column"]["anyOf"][2]["properties"]
    assert column["hash"]["enum"] == column["hashed"]["enum"] == list(Hash)
    assert column["format"]["enum"] == list(Form)


def test_its_defaults_are_those_of_the_model() -> None:
    lifecycle = _SCHEMA["$defs"]["audience"]["properties"]["lifecycle"]
    assert lifecycle["default"] == asdict(Lifecycle())
    for name, part in lifecycle["properties"].items():
        assert part["default"] == getattr(Lifecycle(), name)
    for name in ("engine", "rows_per_request"):
        assert _SCHEMA["properties"][name]["default"] == getattr(Config(state_url=""), name)
    policy = _SCHEMA["$defs"]["policy"]["properties"]
    assert policy["require_prevent_destroy"]["default"] == Policy("").require_prevent_destroy
    sub_type = _SCHEMA["$defs"]["audience"]["properties"]["file"]["properties"]["audience_sub_type"]
    assert sub_type["default"] == FileOptions().audience_sub_type


@pytest.mark.parametrize(
    ("keys", "valid"),
    [
        ({"path": "a.csv"}, True),
        ({"connection": "pg://h/d", "query": "select 1"}, True),
        ({}, False),
        ({"connection": "pg://h/d"}, False),
        ({"path": "a.csv", "connection": "pg://h/d", "query": "select 1"}, False),
    ],
)
def test_an_editor_tells_files_from_a_query(keys: dict[str, str], valid: bool) -> None:
    source = Draft202012Validator({**_SCHEMA["$defs"]["source"], "$defs": _SCHEMA["$defs"]})
    assert source.is_valid({"identities": {"idfa": "idfa"}, **keys}) is valid


def test_an_installed_package_brings_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_schemas").mkdir()
    (tmp_path / "_schemas" / "audiences.schema.json").write_text('{"title": "installed"}')
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    assert schemas.load("audiences") == {"title": "installed"}


def test_a_schema_that_is_not_there_says_so() -> None:
    with pytest.raises(schemas.SchemaMissingError, match='no schema "nonsense"'):
        schemas.load("nonsense")
