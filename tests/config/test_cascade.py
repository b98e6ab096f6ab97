"""One mistake, one error: nothing is concluded from what is wrong already."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.config.conftest import Read

_Path = tuple[str | int, ...]

_DOCUMENT: dict[str, Any] = {
    "version": 1,
    "state": {"url": "state"},
    "engine": "local[4]",
    "rows_per_request": 5000,
    "rate_limit": "premium",
    "advertisers": {
        "acme": {
            "advertiser_id": "7000000000000000001",
            "access_token": "token",
            "business_center_id": "7100000000000000001",
            "expect": {
                "status": "STATUS_ENABLE",
                "currency": "USD",
                "timezone": "UTC",
                "name": "Acme",
                "business_center_id": "7100000000000000001",
            },
        },
        "globex": {"advertiser_id": "7000000000000000002", "profile": "agency"},
    },
    "sources": {
        "people": {
            "path": "people.csv",
            "identities": {"mpid": "mpid", "idfa": {"column": "idfa", "hash": "sha256"}, "gaid": ["gaid", "gaid_2"]},
        },
        "lake": {
            "path": "s3://bucket/people",
            "format": "delta",
            "identities": {"idfa": {"column": ["a", "b"], "format": "json_array"}},
        },
        "warehouse": {
            "connection": "postgresql://db/crm",
            "query": "select type, value from people",
            "identities": {"idfa": {"column": "value", "hashed": "md5", "when": {"type": ["idfa", "ios"]}}},
        },
    },
    "audiences": {
        "buyers": {
            "advertiser": "acme",
            "name": "Buyers",
            "source": "people",
            "where": "ltv > 100",
            "identities": ["idfa", "gaid"],
            "delivery": "streaming",
            "lifecycle": {"prevent_destroy": True, "max_removal_percent": 10, "minimum_users": 2000},
        },
        "files": {
            "advertiser": "acme",
            "source": "lake",
            "delivery": "file",
            "file": {"retention_in_days": 90, "audience_sub_type": "REACH_FREQUENCY"},
        },
        "queried": {"advertiser": "globex", "source": "warehouse"},
        "adopted": {"advertiser": "acme", "import": "7300000000000000042", "delivery": "file"},
    },
    "moved": [{"from": "audience.old", "to": "audience.buyers"}],
    "removed": [{"from": "audience.gone", "destroy": False}],
}
_CHOSEN_BY_PEOPLE = {
    *((section, key) for section in ("advertisers", "sources", "audiences") for key in _DOCUMENT[section]),
    ("sources", "warehouse", "identities", "idfa", "when", "type"),
}


def _paths(tree: object, path: _Path = ()) -> Iterator[_Path]:
    if path:
        yield path
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _paths(value, (*path, key))
    elif isinstance(tree, list):
        for index, item in enumerate(tree):
            yield from _paths(item, (*path, index))


def _parent(tree: Any, path: _Path) -> Any:
    for step in path[:-1]:
        tree = tree[step]
    return tree


def _value(path: _Path) -> object:
    return _parent(_DOCUMENT, path)[path[-1]]


def _errors(read: Read, document: object) -> list[str]:
    return [str(each) for each in read(json.dumps(document)).diagnostics if each.is_error]


_ALL = list(_paths(_DOCUMENT))
_TEXTS = [each for each in _ALL if isinstance(_value(each), str)]
_KEYS = [each for each in _ALL if isinstance(each[-1], str) and each not in _CHOSEN_BY_PEOPLE]


def _named(path: _Path) -> str:
    return ".".join(map(str, path))


def test_the_document_itself_is_sound(read: Read) -> None:
    assert read(json.dumps(_DOCUMENT)).diagnostics == ()


@pytest.mark.parametrize("path", _TEXTS, ids=_named)
def test_an_unset_variable_is_one_error(read: Read, path: _Path) -> None:
    document = copy.deepcopy(_DOCUMENT)
    _parent(document, path)[path[-1]] = "${NOT_SET}"
    assert len(_errors(read, document)) == 1


@pytest.mark.parametrize("path", _ALL, ids=_named)
@pytest.mark.parametrize("value", [None, -0.5], ids=["null", "number"])
def test_a_value_of_the_wrong_type_is_one_error(read: Read, path: _Path, value: object) -> None:
    document = copy.deepcopy(_DOCUMENT)
    _parent(document, path)[path[-1]] = value
    assert len(_errors(read, document)) == 1


@pytest.mark.parametrize("path", _KEYS, ids=_named)
def test_a_misspelt_key_is_one_error(read: Read, path: _Path) -> None:
    document = copy.deepcopy(_DOCUMENT)
    parent = _parent(document, path)
    parent[f"{path[-1]}x"] = parent.pop(path[-1])
    assert len(_errors(read, document)) == 1


@pytest.mark.parametrize(
    "path",
    [
        ("version",),
        ("advertisers", "acme", "advertiser_id"),
        ("sources", "people", "path"),
        ("sources", "people", "identities"),
        ("sources", "people", "identities", "idfa", "column"),
        ("sources", "lake", "path"),
        ("sources", "warehouse", "connection"),
        ("sources", "warehouse", "query"),
        ("sources", "warehouse", "identities", "idfa", "when", "type"),
        ("audiences", "files", "delivery"),
        ("audiences", "buyers", "advertiser"),
        ("audiences", "buyers", "source"),
        ("moved", 0, "from"),
        ("moved", 0, "to"),
        ("removed", 0, "from"),
        ("removed", 0, "destroy"),
    ],
    ids=_named,
)
def test_a_missing_key_is_one_error(read: Read, path: _Path) -> None:
    document = copy.deepcopy(_DOCUMENT)
    del _parent(document, path)[path[-1]]
    assert len(_errors(read, document)) == 1
