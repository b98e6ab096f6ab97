"""Drift in Markdown: what happened behind the files, since when, by whom, and what an apply would do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.plan.drift.model import ABOUT_ACCOUNTS, DriftKind
from reconciler.report.markdown.escape import code, prose
from reconciler.report.markdown.fitting import LIMIT, Section, always, fit
from reconciler.report.markdown.parts import account, bullets, details, head, important, place, row
from reconciler.report.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.plan.drift.model import Drift, Drifted

_WHOLE: Final = "The report as JSON (`drift --format json`) holds all of it, and `reconciler show` prints it."
_MOST_OPEN: Final = 40
_STRANGERS, _DETAILS, _AUDIENCES, _ACCOUNTS = range(4)


def render_drift(drift: Drift, *, limit: int = LIMIT) -> str:
    """Return a drift report as Markdown.

    From top to bottom: the counts, what drifted about accounts, then among managed audiences, each with since when
    and by whom where that is known and what an apply would do; then, folded, what the findings rest on, and the
    audiences no file declares. What is cut beyond `limit` characters is said: what stands lowest goes first.
    """
    managed = [each for each in drift.found if each.kind not in ABOUT_ACCOUNTS | {DriftKind.UNMANAGED}]
    sections = [
        always(_headline(drift)),
        always(_scope(drift)),
        _accounts(drift.accounts),
        _audiences(managed),
        _details([*drift.accounts, *managed]),
        _strangers(drift.unmanaged),
        always(f"Checked on {drift.checked_at:%Y-%m-%d %H:%M:%S} UTC."),
    ]
    return fit(sections, limit=limit, whole=_WHOLE)


def _headline(drift: Drift) -> str:
    checked = f"{count(drift.checked, 'audience')} checked."
    if not drift.found:
        return f"### No drift. {checked}"
    found = ", ".join(f"{drift.counts[kind]:,} {_said(kind)}" for kind in DriftKind if kind in drift.counts)
    return f"### Drift: {found}. {checked}"


def _scope(drift: Drift) -> str:
    return important("People were not looked at (`--skip-members`).") if drift.skipped_members else ""


def _accounts(found: Sequence[Drifted]) -> Section:
    return Section(
        "account finding",
        tuple(
            row(
                _said(each.kind),
                account(each.advertiser, each.advertiser_id),
                prose(each.summary),
                _since(each),
                prose(each.remedy),
            )
            for each in found
        ),
        drop=_ACCOUNTS,
        opening="#### Accounts\n\n" + head("Drift", "Account", "What happened", "Since (UTC)", "What to do"),
    )


def _audiences(found: Sequence[Drifted]) -> Section:
    table = head("Drift", "Address", "What happened", "Since (UTC)", "By", "What to do")
    is_folded = len(found) > _MOST_OPEN
    return Section(
        "audience finding",
        tuple(map(_tabled, found)),
        drop=_AUDIENCES,
        opening=table if is_folded else f"#### Managed audiences\n\n{table}",
        fold=count(len(found), "finding") if is_folded else None,
    )


def _tabled(drifted: Drifted) -> str:
    return row(
        _said(drifted.kind),
        code(drifted.address or ""),
        prose(drifted.summary),
        _since(drifted),
        code(drifted.by or ""),
        prose(drifted.remedy),
    )


def _details(found: Sequence[Drifted]) -> Section:
    explained = [(each, list(_facts(each))) for each in found]
    items = tuple(
        f"- **{code(each.address or each.advertiser)}** {_said(each.kind)}\n{bullets(facts, depth=1)}"
        for each, facts in explained
        if facts
    )
    return Section("explanation", items, drop=_DETAILS, fold=f"Details of {count(len(items), 'finding')}")


def _strangers(found: Sequence[Drifted]) -> Section:
    rows = tuple(
        row(
            code(each.audience_id or ""),
            account(each.advertiser, each.advertiser_id),
            prose(each.summary),
            _since(each),
            prose(each.remedy),
        )
        for each in found
    )
    return Section(
        "unmanaged audience",
        rows,
        drop=_STRANGERS,
        opening=head("Audience", "Account", "What it is", "Since (UTC)", "What to do"),
        fold=f"{count(len(found), 'audience')} that no file declares",
    )


def _facts(drifted: Drifted) -> Iterator[str]:
    if drifted.audience_id:
        yield f"audience {code(drifted.audience_id)} in {account(drifted.advertiser, drifted.advertiser_id)}"
    if drifted.before is not None or drifted.after is not None:
        yield f"{_value(drifted.before)} → {_value(drifted.after)}"
    yield from details(drifted.details)
    if drifted.last_seen is not None:
        yield f"last seen as it should be on {drifted.last_seen:%Y-%m-%d %H:%M} UTC"
    if drifted.location is not None:
        yield f"declared at {place(drifted.location)}"


def _value(text: str | None) -> str:
    return "nothing" if text is None else code(text) or "nothing"


def _since(drifted: Drifted) -> str:
    if drifted.since is not None:
        return f"{drifted.since:%Y-%m-%d %H:%M}"
    return f"after {drifted.last_seen:%Y-%m-%d %H:%M}" if drifted.last_seen is not None else ""


def _said(kind: DriftKind) -> str:
    return kind.replace("_", " ")
