"""Documents that people hand to a command, or that stand in the store: of whatever shape, they are read or refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from reconciler import seal
from reconciler.apply.model import OutcomeStatus
from reconciler.errors import ReconcilerError
from reconciler.plan.document import dump
from reconciler.plan.document import parse as parse_plan
from reconciler.plan.drift.document import drift_document, parse_drift
from reconciler.plan.drift.model import DriftKind
from reconciler.report.outcome_document import applied_document
from reconciler.report.outcome_reading import parse_applied
from reconciler.state import document as state_document
from tests.fuzz.cases import cases
from tests.mutation import change
from tests.report.samples import applied, created, drift, drifted, ended, guarded, kept, planned, renamed

if TYPE_CHECKING:
    from collections.abc import Callable

STATE: Final = Path(__file__).parents[1] / "state" / "documents"

DOCUMENTS: Final[dict[str, tuple[dict[str, Any], Callable[[bytes], object]]]] = {
    "plan": (dump(planned(created("a"), renamed("b"), kept("c"), guarded("d"))), parse_plan),
    "drift": (drift_document(drift(*map(drifted, DriftKind))), lambda raw: parse_drift(raw, "drift.json")),
    "outcome": (applied_document(applied(*map(ended, OutcomeStatus))), parse_applied),
    **{
        f"state {path.stem}": (orjson.loads(path.read_bytes()), lambda raw: state_document.parse_edited(raw, "state"))
        for path in sorted(STATE.iterdir())
    },
}


@pytest.mark.parametrize("kind", DOCUMENTS)
@cases(100)
@given(changes=st.lists(st.integers(0, 2**32), min_size=1, max_size=4))
def test_a_document_of_another_shape_is_read_or_refused_with_a_way_out(kind: str, changes: list[int]) -> None:
    sound, parse = DOCUMENTS[kind]
    document = copy.deepcopy(orjson.loads(orjson.dumps(sound)))
    for seed in changes:
        if document:
            note(change(document, seed))
    content = json.dumps(document).encode()
    if seal.FIELD in document:
        content = resealed(content)
    refused = None
    try:
        parse(content)
    except ReconcilerError as problem:
        refused = problem
    assert refused is None or refused.hint


@pytest.mark.parametrize("kind", DOCUMENTS)
@cases(50)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_end_in_anything_but_a_clear_error(kind: str, content: bytes) -> None:
    with pytest.raises(ReconcilerError):
        DOCUMENTS[kind][1](content)


def resealed(content: bytes) -> bytes:
    """Return the document with a checksum that fits, where it still has the place for one."""
    try:
        return seal.seal(content)
    except ValueError:
        return content
