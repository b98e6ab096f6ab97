"""How many cases a fuzz test tries: few in every run of the tests, as many as asked for in `make fuzz`."""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

VARIABLE: Final = "FUZZ_CASES"


def cases(usually: int) -> settings:
    """Return Hypothesis settings for a fuzz test.

    Args:
        usually: How many cases an ordinary run of the tests tries, always the same ones; `make fuzz` says how many
            it wants in ``FUZZ_CASES``, and gets other ones every time.
    """
    asked = os.environ.get(VARIABLE)
    return settings(
        max_examples=int(asked) if asked else usually,
        derandomize=asked is None,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
