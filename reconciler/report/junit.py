"""Drift as JUnit XML, which every CI system shows as tests: a finding is a test that failed.

Elements and attributes keep to the order and the names that both Ant's and Jenkins' schemas of the format take.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from reconciler.report.visible import visible
from reconciler.report.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.plan.drift.model import Drift, Drifted

_PACKAGE: Final = "reconciler.drift"
_LOOKED_AT: Final = "audiences"
"""The suite that is always there: a report without findings is green, not empty."""


def drift_junit(drift: Drift) -> str:
    """Return a drift report as JUnit XML that ends in a newline.

    One suite an account with a failing test for each finding, its kind being the failure's type. The first suite
    says what was looked at: it passes, and people who were left out are a skipped test in it. No suite takes time.
    """
    root = ET.Element("testsuites")
    by_account = sorted(drift.found, key=lambda each: (each.advertiser, each.advertiser_id))
    suites = [(_LOOKED_AT, _looked_at(drift))]
    suites += [
        (advertiser, _findings(list(found)))
        for (advertiser, _), found in groupby(by_account, key=lambda each: (each.advertiser, each.advertiser_id))
    ]
    for number, (name, cases) in enumerate(suites):
        root.append(_suite(number, name, cases, drift))
    ET.indent(root)
    declaration = '<?xml version="1.0" encoding="UTF-8"?>'
    return f"{declaration}\n{ET.tostring(root, encoding='unicode')}\n"


def _suite(number: int, name: str, cases: Sequence[ET.Element], drift: Drift) -> ET.Element:
    said = f"{count(drift.checked, 'managed audience')} checked" if number == 0 else ""
    outcomes = Counter(child.tag for case in cases for child in case)
    suite = ET.Element(
        "testsuite",
        {
            "name": visible(name),
            "package": _PACKAGE,
            "id": str(number),
            "timestamp": f"{drift.checked_at:%Y-%m-%dT%H:%M:%S}",  # the format knows no time zone; this is UTC
            "hostname": "localhost",
            "tests": str(len(cases)),
            "failures": str(outcomes["failure"]),
            "errors": "0",
            "skipped": str(outcomes["skipped"]),
            "time": "0",
        },
    )
    ET.SubElement(suite, "properties")
    suite.extend(cases)
    ET.SubElement(suite, "system-out").text = said
    ET.SubElement(suite, "system-err")
    return suite


def _looked_at(drift: Drift) -> list[ET.Element]:
    cases = [_case("audiences were looked at", _LOOKED_AT), _case("people were looked at", _LOOKED_AT)]
    if drift.skipped_members:
        ET.SubElement(cases[1], "skipped", {"message": "--skip-members"})
    return cases


def _findings(found: Sequence[Drifted]) -> list[ET.Element]:
    return [_finding(each, name) for each, name in zip(found, _names(found), strict=True)]


def _finding(drifted: Drifted, name: str) -> ET.Element:
    case = _case(name, drifted.advertiser)
    failure = ET.SubElement(case, "failure", {"type": str(drifted.kind), "message": visible(drifted.summary)})
    failure.text = "\n".join(visible(line) for line in _lines(drifted))
    return case


def _case(name: str, suite: str) -> ET.Element:
    classname = f"{_PACKAGE}.{suite}"
    return ET.Element("testcase", {"name": visible(name), "classname": visible(classname), "time": "0"})


def _names(found: Iterable[Drifted]) -> Iterator[str]:
    """Yield a name for each finding that stays the same from run to run, so that CI tells old ones from new ones."""
    seen: Counter[str] = Counter()
    for each in found:
        name = f"{each.kind}: {each.address or each.audience_id or each.advertiser_id}"
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})"


def _lines(drifted: Drifted) -> Iterator[str]:
    yield drifted.summary
    if drifted.before is not None or drifted.after is not None:
        yield f"was: {drifted.before or 'nothing'}"
        yield f"is: {drifted.after or 'nothing'}"
    for detail in drifted.details:
        yield f"- {detail}"
    if drifted.since is not None:
        yield f"since: {drifted.since:%Y-%m-%d %H:%M:%S} UTC"
    if drifted.last_seen is not None:
        yield f"last seen as it should be: {drifted.last_seen:%Y-%m-%d %H:%M:%S} UTC"
    if drifted.by:
        yield f"by: {drifted.by}"
    yield f"account: {drifted.advertiser} ({drifted.advertiser_id})"
    if drifted.audience_id:
        yield f"audience: {drifted.audience_id}"
    if drifted.location is not None:
        yield f"declared at: {drifted.location}"
    if drifted.remedy:
        yield f"what to do: {drifted.remedy}"
