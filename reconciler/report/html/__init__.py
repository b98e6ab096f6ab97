"""A plan or a drift report as one HTML file: self-contained, silent on the network, readable without JavaScript.

A page is made in two steps. Plain functions turn the plan, the drift and the past of the audiences into frozen
view models that hold text as it is shown (`plan_view`, `drift_view`); templates lay these out (`page`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.report.html.drift_view import drift_view
from reconciler.report.html.plan_view import plan_view

if TYPE_CHECKING:
    from reconciler.plan.drift.model import Drift
    from reconciler.plan.model import Plan
    from reconciler.plan.timeline import Timelines

__all__ = ["drift_page", "plan_page"]


def plan_page(plan: Plan, past: Timelines) -> str:
    """Return a plan as an HTML document.

    Args:
        plan: The plan, just made or read from a file.
        past: What earlier applies saw, by the address each audience has in the state; may be empty, and then
            nothing of the past is drawn.
    """
    from reconciler.report.html.page import rendered  # Jinja takes 50 ms to import, and most commands draw no page

    return rendered("plan.html.j2", plan_view(plan, past))


def drift_page(drift: Drift, past: Timelines) -> str:
    """Return a drift report as an HTML document.

    Args:
        drift: What was found, just now or read from a file.
        past: What earlier applies saw, by address; may be empty, and then nothing of the past is drawn.
    """
    from reconciler.report.html.page import rendered  # as above

    return rendered("drift.html.j2", drift_view(drift, past))
