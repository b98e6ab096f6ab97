"""A drift report as a page shows it: accounts, audiences with all that is said of each, strangers, and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from reconciler.report.html.labels import DRIFTS, Label
from reconciler.report.html.past import Past, past_of
from reconciler.report.html.pieces import Accounts, Choice, Fact, Moment, Tally, moment, tally
from reconciler.report.wording import account, count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.plan.drift.model import Drift, Drifted
    from reconciler.plan.timeline import Timelines

_SOMEBODY: Final = {"open_api": "a program, through TikTok's API (open_api)"}
"""Editors TikTok names that are no person (Marketing API v1.3, audience history)."""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding.

    Attributes:
        label: In what way something drifted.
        account_number: What the filter by account knows it by.
        summary: What happened.
        before: What was, where it is one value and the summary does not say it.
        after: What is, likewise.
        details: What it rests on, a line each.
        facts: Since when, by whom, where it is declared.
        remedy: What is done about it.
    """

    label: Label
    account_number: int
    summary: str
    before: str | None
    after: str | None
    details: tuple[str, ...]
    facts: tuple[Fact, ...]
    remedy: str


@dataclass(frozen=True, slots=True)
class Subject:
    """An account or an audience, with everything found about it.

    Attributes:
        title: Its address; of an account, its key or id.
        account: The account, as people know it; "" where the title says it.
        audience_id: The audience's id on TikTok, or "".
        found: The findings.
        past: Its past, or None.
    """

    title: str
    account: str
    audience_id: str
    found: tuple[Found, ...]
    past: Past | None


@dataclass(frozen=True, slots=True)
class Stranger:
    """An audience that no file declares."""

    found: Found
    account: str
    audience_id: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """An audience of which nothing is said but its past."""

    address: str
    past: Past


@dataclass(frozen=True, slots=True)
class DriftView:
    """Everything on the page of a drift report.

    Attributes:
        headline: What it comes to.
        verdict: How much was looked at.
        checked: When it was looked.
        scope: What was not looked at, a sentence each.
        tallies: Findings by kind; kinds with none are left out.
        accounts: What is said of accounts.
        audiences: What is said of audiences that are managed.
        strangers: The audiences that are not.
        others: Managed audiences of which nothing is said, for their past.
        kinds: Choices of the filter by kind.
        account_choices: Choices of the filter by account.
    """

    headline: str
    verdict: str
    checked: Moment
    scope: tuple[str, ...]
    tallies: tuple[Tally, ...]
    accounts: tuple[Subject, ...]
    audiences: tuple[Subject, ...]
    strangers: tuple[Stranger, ...]
    others: tuple[Remembered, ...]
    kinds: tuple[Choice, ...]
    account_choices: tuple[Choice, ...]


def drift_view(drift: Drift, past: Timelines) -> DriftView:
    """Return what the page of `drift` shows, beside the past of its audiences."""
    accounts = Accounts((each.advertiser, each.advertiser_id) for each in drift.found)
    tallies = tuple(tally(label, number) for kind, label in DRIFTS.items() if (number := drift.counts.get(kind, 0)))
    told_of = {each.address for each in drift.found}
    remembered = ((address, past_of(points)) for address, points in sorted(past.items()) if address not in told_of)
    return DriftView(
        headline=_headline(drift),
        verdict=f"{count(drift.checked, 'managed audience')} looked at.",
        checked=moment(drift.checked_at),
        scope=("People were not looked at (--skip-members).",) if drift.skipped_members else (),
        tallies=tallies,
        accounts=tuple(_accounts(drift.accounts, accounts)),
        audiences=tuple(_audiences(drift.managed, accounts, past)),
        strangers=tuple(_stranger(each, accounts) for each in drift.unmanaged),
        others=tuple(Remembered(address, drawn) for address, drawn in remembered if drawn),
        kinds=tuple(Choice(each.label.key, each.label.text, each.number) for each in tallies),
        account_choices=accounts.choices((each.advertiser, each.advertiser_id) for each in drift.found),
    )


def _headline(drift: Drift) -> str:
    accounts = len({each.advertiser_id for each in drift.accounts})
    audiences = len({each.address for each in drift.managed})
    subjects = ((accounts, "account"), (audiences, "audience"))
    about = " and ".join(count(number, noun) for number, noun in subjects if number)
    return f"{count(len(drift.accounts) + len(drift.managed), 'finding')} about {about}" if about else "No drift"


def _accounts(found: Sequence[Drifted], accounts: Accounts) -> Iterator[Subject]:
    for (advertiser, advertiser_id), group in groupby(found, lambda each: (each.advertiser, each.advertiser_id)):
        yield Subject(account(advertiser, advertiser_id), "", "", tuple(_found(each, accounts) for each in group), None)


def _audiences(found: Sequence[Drifted], accounts: Accounts, past: Timelines) -> Iterator[Subject]:
    for address, grouped in groupby(found, lambda each: each.address or ""):
        group = tuple(grouped)
        yield Subject(
            address,
            account(group[0].advertiser, group[0].advertiser_id),
            next((each.audience_id for each in group if each.audience_id), ""),
            tuple(_found(each, accounts) for each in group),
            past_of(past.get(address, ())),
        )


def _stranger(drifted: Drifted, accounts: Accounts) -> Stranger:
    named = account(drifted.advertiser, drifted.advertiser_id)
    return Stranger(_found(drifted, accounts), named, drifted.audience_id or "")


def _found(drifted: Drifted, accounts: Accounts) -> Found:
    says_both = (drifted.before or "") in drifted.summary and (drifted.after or "") in drifted.summary
    return Found(
        label=DRIFTS[drifted.kind],
        account_number=accounts.number(drifted.advertiser, drifted.advertiser_id),
        summary=drifted.summary,
        before=None if says_both else drifted.before,
        after=None if says_both else drifted.after,
        details=drifted.details,
        facts=tuple(_facts(drifted)),
        remedy=drifted.remedy,
    )


def _facts(drifted: Drifted) -> Iterator[Fact]:
    if drifted.since is not None:
        yield Fact("Since", moment(drifted.since).shown)
    elif drifted.last_seen is not None:
        yield Fact("After", f"{moment(drifted.last_seen).shown}, when an apply last saw it as it should be")
    if drifted.by is not None:
        yield Fact("By", _SOMEBODY.get(drifted.by, drifted.by))
    if drifted.location is not None:
        yield Fact("Declared at", str(drifted.location), is_code=True)
