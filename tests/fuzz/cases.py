"""How many cases a fuzz test tries: few in every run of the tests, as many as asked for in `make fuzz`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, ParamSpec

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")

VARIABLE: Final = "FUZZ_CASES"


def cases(usually: int) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Make a fuzz test of a property test.

    Args:
        usually: How many cases an ordinary run of the tests tries, always the same ones; `make fuzz` says how many
            it wants in ``FUZZ_CASES``, and gets other ones every time.
    """
    asked = os.environ.get(VARIABLE)
    tries = settings(
        max_examples=int(asked) if asked else usually,
        derandomize=asked is None,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )

    def decorate(test: Callable[P, None]) -> Callable[P, None]:
        return pytest.mark.fuzz(tries(test))

    return decorate
