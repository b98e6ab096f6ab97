"""Whatever people write, loading ends in findings: it never raises, and every finding has a real place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config import load

if TYPE_CHECKING:
    from pathlib import Path

_SECRET = "s3cr3t-0xC0FFEE"
_WORDS = [
    *"version state url engine rate_limit advertisers sources audiences moved removed".split(),  # noqa: SIM905
    *"advertiser_id access_token profile business_center_id expect status currency timezone".split(),  # noqa: SIM905
    *"path identities mpid idfa gaid email phone column hash hashed md5 sha256".split(),  # noqa: SIM905
    *"advertiser name source where delivery lifecycle import streaming file".split(),  # noqa: SIM905
    *"prevent_destroy max_removal_percent minimum_users from to destroy".split(),  # noqa: SIM905
    *"acme people buyers audience.buyers people.csv duckdb basic 7000000000000000001".split(),  # noqa: SIM905
    *"format connection query when json_array delta local[*] rows_per_request file".split(),  # noqa: SIM905
    *"retention_in_days audience_sub_type REACH_FREQUENCY s3://b/c.csv sqlite:///c.db".split(),  # noqa: SIM905
    *"policies advertisers audiences maximum_people forbidden_identities name_pattern buy* 5_000_000".split(),  # noqa: SIM905
    *"minimum_match_percent require_prevent_destroy [z-a] (?P<\u200b>) [\u200b-a] (${SECRET}".split(),  # noqa: SIM905
    "${SECRET}",
    "x ${SECRET}",
    "${SECRET}://x",
    "${UNSET}",
]

_scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(_WORDS), st.text(max_size=8))
_keys = st.one_of(st.sampled_from(_WORDS), st.text(max_size=4))
_trees = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=5), max_leaves=25
)
_entries = st.dictionaries(st.sampled_from(["acme", "people", "buyers", "x", "Y"]), _trees, max_size=3)
_documents = st.fixed_dictionaries(
    {"version": st.just(1)},
    optional={
        "state": _trees,
        "engine": _scalars,
        "advertisers": _entries,
        "sources": _entries,
        "audiences": _entries,
        "policies": _entries,
        "moved": st.lists(_trees, max_size=3),
        "removed": st.lists(_trees, max_size=3),
    },
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def _check(scratch: Path, content: bytes) -> None:
    path = scratch / "audiences.yaml"
    path.write_bytes(content)
    loaded = load(path, {"SECRET": _SECRET})
    lines = content.decode("utf-8-sig", errors="replace").split("\n")
    for each in loaded.diagnostics:
        assert _SECRET not in str(each)
        assert all(line.isprintable() for line in str(each).split("\n"))
        assert each.location is not None
        # One past the end is where a missing something would stand.
        assert 1 <= each.location.line <= len(lines) + 1
        assert each.location.column >= 1
    assert len(set(loaded.diagnostics)) == len(loaded.diagnostics)
    places = [each.location for each in loaded.diagnostics if each.location]
    assert places == sorted(places)
    for audience in loaded.config.audiences.values():
        assert audience.advertiser in loaded.config.advertisers
        assert audience.source is None or audience.source in loaded.config.sources


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(scratch: Path, content: bytes) -> None:
    _check(scratch, content)


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("ab1 :-?[]{},&*!|>'\"%@`#$<=~.\n\t"), max_size=120))
def test_any_yaml_like_text(scratch: Path, text: str) -> None:
    _check(scratch, text.encode())


@settings(deadline=None)
@given(st.dictionaries(_keys, _trees, max_size=6))
def test_any_tree(scratch: Path, tree: dict[str, object]) -> None:
    _check(scratch, json.dumps(tree).encode())


@settings(deadline=None)
@given(_documents)
def test_any_tree_of_about_the_right_shape(scratch: Path, tree: dict[str, object]) -> None:
    _check(scratch, json.dumps(tree).encode())
