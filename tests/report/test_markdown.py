"""Reports in Markdown: what a reviewer needs, the most important first, never longer than a forge takes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.apply.model import OutcomeStatus
from reconciler.diagnostics import warning
from reconciler.plan.drift.model import DriftKind
from reconciler.plan.model import Action, ActionKind
from reconciler.report.markdown import render_drift, render_findings, render_outcome, render_plan
from tests.report.samples import (
    ACME,
    NASTY,
    applied,
    attributes,
    created,
    drift,
    drifted,
    ended,
    guarded,
    huge,
    kept,
    planned,
    renamed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

FORGE = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def order(text: str, *parts: str) -> bool:
    """Whether all these stand in the text, in this order."""
    places = [text.find(part) for part in parts]
    return -1 not in places and places == sorted(places)


def test_a_plan_is_told_as_a_reviewer_reads_it() -> None:
    text = render_plan(planned(renamed("renamed"), created("made"), guarded("used"), kept("kept")))
    expected = """\
### Plan: 1 to create, 1 to update, 1 to delete. 1 blocked.

> [!CAUTION]
> **1 action is blocked.** Nothing is applied while these stand; `--skip-blocked` applies the rest.

- **`audience.used`**: delete in `acme` (`7000000000000000001`)
  - **in_use:** 1 of Used in use on TikTok
    - ad group "Spring sale 0" (18000) includes it
    - **Way out:** Take it out of them, and plan again.

| Action | Address | Account | People | + | − | Identifiers |
| --- | --- | --- | ---: | ---: | ---: | ---: |
| delete, **blocked** | `audience.used` | `acme` |  |  |  |  |
| create | `audience.made` | `acme` | 0 → 19,114 | +23,097 |  | 23,097 |
| update | `audience.renamed` | `acme` | 18,220 → 19,114 | +1,204 | −310 | 23,097 |

```diff
@@ audience.renamed (update) @@
- name: "Old"
+ name: "New"
```

<details><summary>Details of 3 actions</summary>

- **`audience.used`**: delete in `acme` (`7000000000000000001`)
  - no longer declared
  - audience `7303`, `"Used"`
- **`audience.made`**: create in `acme` (`7000000000000000001`)
  - name `"Lapsed buyers"`
  - delivery `streaming`, identities `["idfa", "gaid"]`
  - declared at `audiences.yaml:14:3`
- **`audience.renamed`**: update in `acme` (`7000000000000000001`)
  - its name differs
  - audience `7301`, `"Old"`

</details>

1 audience stays as it is.

Plan `3f9d0c`, made 2026-03-01 12:00:00 UTC at serial 4 of the state.
"""
    assert text == expected


def test_a_plan_with_nothing_to_do_says_so_first() -> None:
    text = render_plan(planned(kept("kept")))
    assert text.startswith("### No changes. TikTok matches the files.\n")
    assert "|" not in text


def test_findings_stand_with_file_and_line() -> None:
    text = render_plan(planned(created("made"), found=1))
    assert order(text, "#### 1 error", '- `a.yaml:9:3` **error:** unknown source "custmers"', "| create |")
    assert order(text, "#### 1 warning", "- `a.yaml:1:3` **warning:** audience.w0: 5 people", "  - TikTok shows none.")


def test_what_the_plan_did_not_look_at_is_said() -> None:
    targets = tuple(f"audience.a{each}" for each in range(12))
    text = render_plan(planned(created("made"), targets=targets, skipped_members=True))
    assert order(
        text, "### Plan", "> Only `audience.a0`,", "and 2 more: every other address", "> People were not looked at"
    )


def test_an_import_does_not_claim_to_know_who_was_in_it() -> None:
    text = render_plan(planned(replace(created("made"), kind=ActionKind.IMPORT)))
    assert "| ? → 19,114 |" in text


def test_a_replaced_audience_that_stays_names_what_keeps_it() -> None:
    action = Action(
        "audience.a", ActionKind.REPLACE, *ACME, "73", attributes("A"), attributes("A"), kept_by=('ad group "S" (18)',)
    )
    assert order(render_plan(planned(action)), "stays, deposed, until these", '\n    - ad group "S" (18)\n')


def test_a_long_table_is_folded() -> None:
    text = render_plan(planned(*(created(f"a{each}") for each in range(41))))
    assert "<details><summary>All 41 actions</summary>\n\n| Action |" in text


def test_a_comment_that_would_be_too_long_is_cut_from_the_least_important_and_says_so() -> None:
    text = render_plan(huge())
    assert utf16(text) <= 65_536 - 512
    assert "200 warnings" in text
    assert text.startswith("### Plan: 100 to create, 295 to update, 5 to delete. 5 blocked, 1 error.\n")
    assert all(f"`audience.blocked{each}`**: delete" in text for each in range(5))
    assert text.count("Spring sale 0") == 5
    assert "| create | `audience.created99` |" in text
    assert "Details of" not in text
    assert 0 < text.count("@@ audience.renamed") < 295
    cut = r"> Cut to fit: \d+ of 295 attribute differences, 400 of 400 explanations\. `reconciler show` prints the "
    assert re.search(cut, text)


def test_why_something_is_blocked_is_cut_last_of_all() -> None:
    text = render_plan(huge(blocked=60))
    assert utf16(text) <= 65_536 - 512
    assert text.count("in use on TikTok") == 60
    assert "| create |" not in text


def test_a_plan_of_150_friendly_audiences_is_shown_whole() -> None:
    text = render_plan(planned(*(renamed(f"audience_of_a_long_name_{each}") for each in range(150))))
    assert "Cut to fit" not in text


def test_drift_is_told_with_since_when_by_whom_and_what_apply_does() -> None:
    text = render_drift(drift(*(drifted(kind) for kind in DriftKind)))
    assert text.startswith("### Drift: 1 deleted, 1 retyped, ")
    assert order(text, "#### Accounts", "| expectation |", "#### Managed audiences", "| deleted | `audience.a0` |")
    row = next(line for line in text.splitlines() if line.startswith("| renamed |"))
    assert row == (
        '| renamed | `audience.a0` | "Lapsed buyers" drifted (renamed) | 2026-03-01 12:00 | `Lapsed buyers` | '
        'apply makes it "Lapsed buyers" again |'
    )
    assert order(text, "Details of 16 findings", '- ad group "Lapsed buyers" (18)', "declared at `audiences.yaml:14:3`")
    assert order(text, "1 audience that no file declares</summary>", "| `730000` |")


def test_drift_that_happened_at_no_known_time_says_after_which() -> None:
    found = replace(drifted(DriftKind.RENAMED), since=None)
    assert "| after 2026-03-01 12:00 |" in render_drift(drift(found))


def test_no_drift_is_one_line() -> None:
    text = render_drift(drift())
    assert text == "### No drift. 12 audiences checked.\n\nChecked on 2026-03-01 12:00:00 UTC.\n"


def test_drift_that_did_not_look_at_people_says_so() -> None:
    assert "> People were not looked at" in render_drift(drift(skipped_members=True))


def test_of_much_drift_strangers_are_cut_first() -> None:
    found = [drifted(DriftKind.RENAMED, NASTY, each) for each in range(20)]
    found += [drifted(DriftKind.UNMANAGED, NASTY, each) for each in range(400)]
    text = render_drift(drift(*found))
    assert utf16(text) <= 65_536 - 512
    assert text.count("| renamed |") == 20
    assert re.search(r"> Cut to fit: .*\d+ of 400 unmanaged audiences", text)


def test_what_was_cut_of_much_drift_is_counted_in_words() -> None:
    text = render_drift(drift(*(drifted(DriftKind.RENAMED, NASTY, each) for each in range(600))))
    assert re.search(r"> Cut to fit: \d+ of 600 audience findings, 600 of 600 explanations\. ", text)


def test_an_apply_that_did_everything_is_a_headline_and_a_table() -> None:
    text = render_outcome(applied(ended(OutcomeStatus.DONE)))
    assert text.startswith("### Apply complete! 1 created. +1,204 / −310 identifiers in 26 requests, 3.1 s.\n")
    assert "| created | `audience.o0` | `740000` | +1,204 | −310 |  |" in text


def test_what_was_not_done_comes_first_the_worst_before_the_rest() -> None:
    outcomes = [ended(status, f"because {status}", number) for number, status in enumerate(OutcomeStatus)]
    text = render_outcome(applied(*outcomes))
    assert order(
        text,
        "### Apply stopped: 1 failed, 1 interrupted, 1 blocked, 1 skipped; 1 created.",
        "**4 actions were not carried out.**",
        "(`740002`) not deleted, **failed:** because failed",
        '  - ad group "because failed" (18) includes it',
        "  - **Way out:** because failed",
        "**interrupted:** because interrupted",
        "**skipped:** because skipped",
        "What was done stands and is in the state",
        "| created |",
    )


def test_an_apply_that_was_refused_says_why_and_how_to_go_on() -> None:
    text = render_outcome(applied(refusal="the plan is stale: it was made at serial 3", way_out="Plan again."))
    assert order(text, "### Nothing was applied: the plan is stale: it was made at serial 3.", "Plan again.")


def test_findings_are_told_errors_first() -> None:
    found = planned(found=2).diagnostics
    text = render_findings(found)
    assert order(text, "### 1 error, 2 warnings.", "**error:**", "**warning:** audience.w0")


HUGE: dict[str, Callable[[int], str]] = {
    "plan": lambda limit: render_plan(huge(blocked=100), limit=limit),
    "drift": lambda limit: render_drift(
        drift(*(drifted(kind, NASTY, each) for each in range(15) for kind in DriftKind)), limit=limit
    ),
    "outcome": lambda limit: render_outcome(
        applied(*(ended(status, NASTY, each) for each in range(50) for status in OutcomeStatus)), limit=limit
    ),
    "findings": lambda limit: render_findings([warning(NASTY, NASTY)] * 300, limit=limit),
}


@pytest.mark.parametrize("kind", HUGE)
@pytest.mark.parametrize("limit", [5_000, 65_536, 250_000])
def test_no_report_is_ever_longer_than_it_may_be(kind: str, limit: int) -> None:
    text = HUGE[kind](limit)
    assert utf16(text) <= limit - 512
    assert text == HUGE[kind](limit)
    assert len(re.findall("^<details>", text, re.MULTILINE)) == len(re.findall("^</details>", text, re.MULTILINE))
    fences = re.findall(r"^````*(?:diff)?$", text, re.MULTILINE)
    assert [each.endswith("diff") for each in fences] in ([], [True, False])


@pytest.mark.parametrize("kind", HUGE)
def test_hostile_names_leave_no_markup_behind(kind: str) -> None:
    """All HTML is ours, all links are none, and nobody is mentioned outside code, where forges mention nobody."""
    tokens = FORGE.parse(HUGE[kind](100_000_000))
    html = {token.content for token in tokens if token.type == "html_block"}
    assert all(re.fullmatch(r"(<details><summary>[^<]*</summary>|</details>)\n*", each) for each in html)
    parts = [part for token in tokens for part in token.children or ()]
    assert not {part.type for part in parts} & {"link_open", "image", "em_open", "s_open", "html_inline"}
    said = "\n".join(part.content for part in parts if part.type == "text")
    assert not re.search(r"@\w|#\d|://|\x1b|\x00|\u202e", said)


@given(st.text(max_size=30), st.sampled_from(list(DriftKind)))
@settings(max_examples=50)
def test_a_report_has_the_same_parts_whatever_the_names(text: str, kind: DriftKind) -> None:
    def shape(name: str) -> list[str]:
        return [token.type for token in FORGE.parse(render_drift(drift(drifted(kind, name))))]

    assert shape(f"x{text}x") == shape("xyx")
