"""A seal tells any change of any byte, and nothing that was sealed is ever taken for damaged."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.seal import FIELD, UNSEALED, BrokenSealError, is_sealed, seal

OPTIONS = [0, orjson.OPT_INDENT_2, orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE]


@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53)), st.sampled_from(OPTIONS))
def test_a_sealed_document_is_whole_and_says_what_it_said(fields: dict[str, object], form: int) -> None:
    fields.pop(FIELD, None)
    sealed = seal(orjson.dumps({FIELD: UNSEALED, **fields}, option=form))
    assert is_sealed(sealed)
    read = json.loads(sealed)
    assert read.pop(FIELD) != UNSEALED
    assert read == fields


@given(st.binary())
def test_what_has_no_seal_is_said_to_have_none(content: bytes) -> None:
    assert not is_sealed(content)


def test_a_field_of_that_name_elsewhere_is_no_seal() -> None:
    assert not is_sealed(orjson.dumps({"a": {FIELD: UNSEALED}, FIELD: UNSEALED}))
    with pytest.raises(ValueError, match="does not begin"):
        seal(b'{"a": 1}')


@given(st.data())
def test_any_other_bytes_under_a_seal_are_noticed(data: st.DataObject) -> None:
    sealed = seal(orjson.dumps({FIELD: UNSEALED, "serial": 7, "name": "Lapsed buyers é"}))
    head = sealed.index(b",")
    at = data.draw(st.integers(head, len(sealed)))
    altered = sealed[:at] + data.draw(st.binary(max_size=3)) + sealed[at + data.draw(st.integers(0, 3)) :]
    if altered != sealed:
        with pytest.raises(BrokenSealError):
            is_sealed(altered)
