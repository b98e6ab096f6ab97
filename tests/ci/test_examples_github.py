"""The main branch as it stands can be planned and applied by hand; the walk-through runs the other workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.ci.conftest import WORKFLOWS, config

if TYPE_CHECKING:
    from tests.ci.conftest import Company

TWO: Final = {"buyers": {"name": "Buyers"}, "visitors": {"name": "Visitors"}}


@pytest.mark.slow
def test_the_main_branch_is_planned_and_applied_by_hand(company: Company) -> None:
    company.repository.commit("Two audiences", {"audiences.yaml": config(TWO)})

    ran = company.on_main(f"{WORKFLOWS}/apply-main.yml", "workflow_dispatch")

    assert ran.conclusion == "success", ran.output
    assert company.names() == ["Buyers", "Visitors"]
