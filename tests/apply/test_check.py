"""Which plans may be applied to which states at all."""

from __future__ import annotations

import pytest

from reconciler.apply.errors import BlockedPlanError, FaultyPlanError, StalePlanError
from reconciler.apply.run import check
from reconciler.diagnostics import error, warning
from reconciler.plan.model import ActionKind, Block, Guard
from reconciler.state.model import Run
from tests.apply.pieces import action, owned, plan_of

BLOCKED = action(ActionKind.DELETE, blocked_by=(Block(Guard.IN_USE, "an ad group uses it"),))


def test_a_plan_made_from_this_very_state_may_be_applied() -> None:
    check(plan_of(action(ActionKind.CREATE)), owned(), skip_blocked=False)


@pytest.mark.parametrize("serial", [6, 8])
def test_a_plan_made_at_another_serial_is_stale(serial: int) -> None:
    with pytest.raises(StalePlanError, match=f"made at serial {serial}, and the state is at serial 7"):
        check(plan_of(serial=serial), owned(), skip_blocked=False)


def test_a_plan_made_for_another_state_is_stale_whatever_its_serial() -> None:
    with pytest.raises(StalePlanError, match="made for another state"):
        check(plan_of(lineage="another"), owned(run=Run("plan", 7)), skip_blocked=False)


def test_a_plan_whose_own_apply_was_interrupted_goes_on() -> None:
    check(plan_of(serial=3), owned(run=Run("plan", 3)), skip_blocked=False)


@pytest.mark.parametrize("run", [Run("another", 3), Run("plan", 4)])
def test_only_the_plan_that_was_interrupted_goes_on(run: Run) -> None:
    with pytest.raises(StalePlanError):
        check(plan_of(serial=3), owned(run=run), skip_blocked=False)


def test_a_plan_with_errors_is_refused_and_they_are_named() -> None:
    with pytest.raises(FaultyPlanError, match='unknown source "custmers"'):
        check(plan_of(diagnostics=(error('unknown source "custmers"'),)), owned(), skip_blocked=True)


def test_warnings_stop_nothing() -> None:
    check(plan_of(diagnostics=(warning("370 people, fewer than 1,000"),)), owned(), skip_blocked=False)


def test_a_plan_with_something_blocked_is_refused_whole() -> None:
    with pytest.raises(BlockedPlanError, match=r"audience\.buyers") as refused:
        check(plan_of(BLOCKED, action(ActionKind.CREATE, "audience.other")), owned(), skip_blocked=False)

    assert "--skip-blocked" in (refused.value.hint or "")


def test_the_rest_of_it_is_applied_on_request() -> None:
    check(plan_of(BLOCKED), owned(), skip_blocked=True)
