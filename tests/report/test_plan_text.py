from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

from reconciler.diagnostics import Location, error, warning
from reconciler.plan.model import Action, ActionKind, Attributes, Block, Change, Guard, MemberChange, Plan
from reconciler.report.plan_text import render_plan

if TYPE_CHECKING:
    from collections.abc import Callable

ACME = ("acme_us", "7000000000000000001")
ID = "7300000000000000042"
SPRING = 'ad group "Spring sale" (1800000000000000001) includes it'


def attributes(name: str = "Lapsed buyers", **fields: Any) -> Attributes:
    given = {"advertiser_id": ACME[1], "delivery": "streaming", "identities": ("idfa", "gaid")} | fields
    return Attributes(name, **given)


def members(before: int | None, users: int, add: int, remove: int) -> MemberChange:
    return MemberChange("a" * 64, before, users=users, identifiers=2 * users, add=add, remove=remove)


def plan(*actions: Action, **fields: Any) -> Plan:
    return Plan("3f9d0c", "9d8e", 4, datetime(2026, 3, 1, 9, 30, tzinfo=UTC), actions, **fields)


CREATE = Action(
    "audience.lapsed_buyers",
    ActionKind.CREATE,
    *ACME,
    after=attributes(),
    members=members(None, 18220, 36440, 0),
    reason="not on TikTok yet",
)
UPDATE = Action(
    "audience.vip",
    ActionKind.UPDATE,
    *ACME,
    audience_id=ID,
    before=attributes("VIP"),
    after=attributes("VIPs", identities=("idfa",)),
    changes=(Change("name", "VIP", "VIPs"), Change("identities", ("idfa", "gaid"), ("idfa",))),
    members=members(18220, 19114, 1204, 310),
    reason="its declaration changed",
)
BLOCKED = Action(
    "audience.obsolete",
    ActionKind.DELETE,
    *ACME,
    audience_id=ID,
    before=attributes("Obsolete"),
    reason="no longer declared",
    blocked_by=(Block(Guard.IN_USE, "1 use of it on TikTok", (SPRING,), "Take it out of these and plan again."),),
)
NOOP = Action("audience.same", ActionKind.NOOP, *ACME, audience_id=ID, before=attributes(), after=attributes())


def test_a_create_shows_what_the_audience_will_be(printed: Callable[..., str]) -> None:
    expected = """\
    + audience.lapsed_buyers will be created in acme_us (7000000000000000001)
      not on TikTok yet
      + name       = "Lapsed buyers"
      + delivery   = "streaming"
      + identities = ["idfa", "gaid"]
      + members    = +36,440 identifiers, 18,220 people

Plan: 1 to create, 0 to update, 0 to delete.
"""
    assert printed(render_plan, plan(CREATE)) == expected


def test_an_update_shows_each_attribute_before_and_after(printed: Callable[..., str]) -> None:
    expected = """\
    ~ audience.vip will be updated in acme_us (7000000000000000001)
      its declaration changed
        audience_id = "7300000000000000042"
      ~ name        = "VIP" -> "VIPs"
      ~ identities  = ["idfa", "gaid"] -> ["idfa"]
      ~ members     = +1,204 / −310 identifiers, 18,220 → 19,114 people

Plan: 0 to create, 1 to update, 0 to delete.
"""
    assert printed(render_plan, plan(UPDATE)) == expected


def test_a_blocked_action_says_so_says_why_and_is_named_again_at_the_end(printed: Callable[..., str]) -> None:
    expected = """\
    - audience.obsolete would be deleted from acme_us (7000000000000000001), but it is BLOCKED
      no longer declared
      - audience_id = "7300000000000000042"
      - name        = "Obsolete"
      │ blocked by in_use: 1 use of it on TikTok
      │   - ad group "Spring sale" (1800000000000000001) includes it
      │ → Take it out of these and plan again.

Blocked: nothing is applied while these stand; --skip-blocked applies the rest.
  ! audience.obsolete delete: 1 use of it on TikTok (in_use)

Plan: 0 to create, 0 to update, 1 to delete. 1 blocked.
"""
    assert printed(render_plan, plan(BLOCKED)) == expected


def test_a_replace_says_that_the_old_audience_goes_last(printed: Callable[..., str]) -> None:
    action = Action(
        "audience.vip",
        ActionKind.REPLACE,
        *ACME,
        audience_id=ID,
        before=attributes("VIP"),
        after=attributes("VIP", delivery="file"),
        changes=(Change("delivery", "streaming", "file"),),
        members=members(None, 1200, 2400, 0),
        reason="TikTok cannot change delivery in place",
    )
    expected = """\
  -/+ audience.vip will be replaced in acme_us (7000000000000000001)
      TikTok cannot change delivery in place
      - audience_id = "7300000000000000042"
        name        = "VIP"
      ~ delivery    = "streaming" -> "file"
      + members     = +2,400 identifiers, 1,200 people
      the new audience is filled first, then 7300000000000000042 is deleted

Plan: 0 to create, 0 to update, 1 to replace, 0 to delete.
"""
    assert printed(render_plan, plan(action)) == expected


def test_a_replace_names_what_keeps_the_old_audience(printed: Callable[..., str]) -> None:
    action = Action(
        "audience.vip",
        ActionKind.REPLACE,
        *ACME,
        audience_id=ID,
        before=attributes("VIP"),
        after=attributes("VIP"),
        kept_by=(SPRING,),
    )
    expected = """\
  -/+ audience.vip will be replaced in acme_us (7000000000000000001)
        audience_id = "7300000000000000042"
        name        = "VIP"
      the new audience is filled, and 7300000000000000042 stays, deposed, until these have moved to the new one:
        - ad group "Spring sale" (1800000000000000001) includes it
"""
    assert printed(render_plan, plan(action)).startswith(expected)


def test_an_import_shows_the_id_and_what_changes_with_it(printed: Callable[..., str]) -> None:
    action = Action(
        "audience.adopted",
        ActionKind.IMPORT,
        *ACME,
        audience_id=ID,
        before=attributes("Old"),
        after=attributes("New"),
        changes=(Change("name", "Old", "New"),),
        reason="adopted from TikTok",
    )
    expected = """\
   <- audience.adopted will be imported from acme_us (7000000000000000001)
      adopted from TikTok
        audience_id = "7300000000000000042"
      ~ name        = "Old" -> "New"

Plan: 1 to import, 0 to create, 0 to update, 0 to delete.
"""
    assert printed(render_plan, plan(action)) == expected


def test_a_forget_says_that_tiktok_is_not_touched(printed: Callable[..., str]) -> None:
    action = Action("audience.handed_over", ActionKind.FORGET, *ACME, audience_id=ID, before=attributes())
    expected = """\
    x audience.handed_over will be forgotten in acme_us (7000000000000000001)
      forget: it leaves the state, and TikTok is not touched
        audience_id = "7300000000000000042"
        name        = "Lapsed buyers"

Plan: 0 to create, 0 to update, 0 to delete, 1 to forget.
"""
    assert printed(render_plan, plan(action)) == expected


def test_a_move_alone_is_told_and_counted(printed: Callable[..., str]) -> None:
    action = Action(
        "audience.new",
        ActionKind.NOOP,
        *ACME,
        audience_id=ID,
        before=attributes(),
        after=attributes(),
        reason="moved from audience.old",
        previous_address="audience.old",
    )
    expected = """\
      audience.new will only change its address, in acme_us (7000000000000000001)
      moved from audience.old
        audience_id = "7300000000000000042"
        name        = "Lapsed buyers"

Plan: 0 to create, 0 to update, 0 to delete, 1 to move.
"""
    assert printed(render_plan, plan(action)) == expected


def test_a_move_beside_a_change_is_told_too(printed: Callable[..., str]) -> None:
    action = Action(
        "audience.new",
        ActionKind.UPDATE,
        *ACME,
        audience_id=ID,
        before=attributes(),
        after=attributes(prevent_destroy=True),
        changes=(Change("prevent_destroy", before=False, after=True),),
        reason="renamed outside of reconciler",
        previous_address="audience.old",
    )
    text = printed(render_plan, plan(action))
    assert "      renamed outside of reconciler\n      moved from audience.old\n" in text
    assert "      ~ prevent_destroy = false -> true\n" in text


def test_a_deposed_audience_is_told_by_its_id(printed: Callable[..., str]) -> None:
    action = Action(
        f"audience.vip (deposed {ID})",
        ActionKind.DELETE,
        *ACME,
        audience_id=ID,
        before=attributes("VIP"),
        reason="replaced earlier; nothing uses it any more",
    )
    text = printed(render_plan, plan(action))
    assert f"    - audience.vip (deposed {ID}) will be deleted from acme_us" in text


def test_protection_is_shown_on_a_new_audience_that_has_it(printed: Callable[..., str]) -> None:
    action = Action("audience.vip", ActionKind.CREATE, *ACME, after=attributes(prevent_destroy=True))
    assert "      + prevent_destroy = true\n" in printed(render_plan, plan(action))


def test_what_stays_as_it_is_shows_only_when_asked_for(printed: Callable[..., str]) -> None:
    assert printed(render_plan, plan(NOOP)) == "No changes. TikTok matches the files.\n"
    expected = """\
plan 3f9d0c, made 2026-03-01 09:30:00 UTC at serial 4

      audience.same will stay as it is in acme_us (7000000000000000001)
        audience_id = "7300000000000000042"
        name        = "Lapsed buyers"

No changes. TikTok matches the files.
"""
    assert printed(render_plan, plan(NOOP), verbose=True) == expected


def test_actions_stand_in_the_order_of_the_plan(printed: Callable[..., str]) -> None:
    text = printed(render_plan, plan(CREATE, BLOCKED, UPDATE))
    assert text.index("audience.lapsed_buyers") < text.index("audience.obsolete") < text.index("audience.vip")


def test_warnings_stand_before_errors_with_their_places(printed: Callable[..., str]) -> None:
    found = (
        error("audience.x: name taken", "Add this:\nimport: 73", Location("audiences.yaml", 14, 5)),
        warning("advertiser acme_us: your role cannot be read"),
    )
    expected = """\
warning: advertiser acme_us: your role cannot be read

audiences.yaml:14:5: error: audience.x: name taken
    Add this:
    import: 73

Plan: nothing to do. 1 error.
"""
    assert printed(render_plan, plan(diagnostics=found)) == expected


def test_the_last_line_counts_every_kind_there_is(printed: Callable[..., str]) -> None:
    found = (error("one"), error("two"), warning("three"))
    imported = Action("audience.a", ActionKind.IMPORT, *ACME, audience_id=ID, before=attributes(), after=attributes())
    forgotten = Action("audience.f", ActionKind.FORGET, *ACME, audience_id=ID)
    text = printed(render_plan, plan(imported, forgotten, CREATE, UPDATE, BLOCKED, NOOP, diagnostics=found))
    last = "Plan: 1 to import, 1 to create, 1 to update, 1 to delete, 1 to forget. 1 blocked, 2 errors."
    assert text.splitlines()[-1] == last


def test_what_was_not_looked_at_is_said_first_and_last(printed: Callable[..., str]) -> None:
    expected = """\
Only audience.a, audience.b: every other address was left out (--target).
People were not looked at (--skip-members): applying this plan delivers nobody.

No changes. TikTok matches the files for the addresses looked at; people were not looked at.
"""
    limited = plan(targets=("audience.a", "audience.b"), skipped_members=True)
    assert printed(render_plan, limited) == expected


def test_a_pipe_gets_no_colour_and_whole_lines(printed: Callable[..., str]) -> None:
    long = Action("audience.long", ActionKind.FORGET, *ACME, reason="because " * 40)
    text = printed(render_plan, plan(long))
    assert "\x1b" not in text
    assert f"      {'because ' * 40}".rstrip() in text.splitlines()


@pytest.mark.parametrize("width", [80, 60, 48])
def test_a_terminal_gets_lines_folded_under_their_beginning(shown: Callable[..., str], width: int) -> None:
    blocked = Action("audience.b", ActionKind.DELETE, *ACME, blocked_by=(Block(Guard.LIMIT, "so many words " * 9),))
    text = shown(render_plan, plan(CREATE, blocked), width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    reason = text.partition("blocked by limit")[2].partition("\n\n")[0].splitlines()[1:]
    assert reason
    assert all(line.startswith("      │ ") for line in reason)


def test_a_terminal_gets_terraforms_colours(shown: Callable[..., str]) -> None:
    text = shown(render_plan, plan(CREATE, UPDATE, BLOCKED), environ={})
    assert "\x1b[32m  +\x1b[0m \x1b[1maudience.lapsed_buyers\x1b[0m" in text
    assert "\x1b[33m  ~\x1b[0m \x1b[1maudience.vip\x1b[0m" in text
    assert "\x1b[31m  -\x1b[0m \x1b[1maudience.obsolete\x1b[0m" in text
    assert "\x1b[1;31mBLOCKED\x1b[0m" in text


def test_no_color_is_respected_on_a_terminal(shown: Callable[..., str]) -> None:
    text = shown(render_plan, plan(CREATE, UPDATE, BLOCKED), environ={"NO_COLOR": "1"})
    assert "\x1b[3" not in text
    assert ";3" not in text
