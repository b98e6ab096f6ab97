"""``policies``: rules for audiences, and whether each is about something and demands something.

Whether audiences keep them is not asked here: files in which one does not can still be read, shown and compared.
"""

from __future__ import annotations

import re
import warnings
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, cast

from reconciler.config.meaning import check_reference
from reconciler.config.model import Policy
from reconciler.config.wording import did_you_mean, label, listed, quoted
from reconciler.identifiers import Identity

if TYPE_CHECKING:
    from reconciler.config.inspection import Inspection
    from reconciler.config.model import KeyPath

_DEMANDS: Final = ("maximum_people", "forbidden_identities", "name_pattern")
"""Each of these demands something by being there; ``require_prevent_destroy`` only by being true."""

_MOST_NAMED: Final = 10
"""Most accounts that a finding names: there may be as many findings as accounts."""


def check(inspection: Inspection) -> None:
    """Report what is wrong with the policies that have the right shape."""
    for key in inspection.mapping("policies"):
        at = ("policies", key)
        if inspection.is_spoilt(*at):
            continue
        for index in range(len(inspection.items(*at, "advertisers"))):
            check_reference(inspection, (*at, "advertisers", index), "advertisers")
        _check_audiences(inspection, at)
        _check_name_pattern(inspection, (*at, "name_pattern"))
        _check_demand(inspection, at)


def policy(inspection: Inspection, key: str) -> Policy:
    """Return a sound policy."""
    at = ("policies", key)
    forbidden = inspection.items(*at, "forbidden_identities")
    most = inspection.value(*at, "maximum_people")
    return Policy(
        key=key,
        advertisers=_texts(inspection, (*at, "advertisers")),
        audiences=_texts(inspection, (*at, "audiences")),
        # The schema has let pass a whole number, or its digits with underscores as `int` reads them too.
        maximum_people=None if most is None else int(cast("float | str", most)),
        forbidden_identities=tuple(each for each in Identity if each in forbidden),
        name_pattern=inspection.text(*at, "name_pattern"),
        require_prevent_destroy=inspection.value(*at, "require_prevent_destroy") is True,
    )


def _texts(inspection: Inspection, path: KeyPath) -> tuple[str, ...]:
    return tuple(cast("str", each) for each in inspection.items(*path))


def _check_audiences(inspection: Inspection, at: KeyPath) -> None:
    """Point out a pattern that holds nobody to anything: it may be misspelt, and nothing would ever tell."""
    known = inspection.names("audiences")
    if known is None or not inspection.is_sound(*at, "advertisers"):
        return
    accounts = _texts(inspection, (*at, "advertisers"))
    for index in range(len(inspection.items(*at, "audiences"))):
        path = (*at, "audiences", index)
        pattern = inspection.text(*path)
        if pattern is None:
            continue
        matching = [key for key in known if fnmatchcase(key, pattern)]
        if any(_is_in(inspection, key, accounts) for key in matching):
            continue
        if matching:
            where = listed(accounts) if len(accounts) <= _MOST_NAMED else f"one of these {len(accounts):,} accounts"
            detail = f"Those that match it are not in {where}."
        else:
            detail = "It is compared with the keys under audiences."
            if not inspection.is_interpolated(*path):
                detail = did_you_mean(pattern, known, detail)
        inspection.warning(path, f"{label(at)} holds for no audience {inspection.shown(*path)}", detail)


def _is_in(inspection: Inspection, audience: str, accounts: tuple[str, ...]) -> bool:
    """Whether an audience is in one of `accounts`, or in any where none is named; so is one that cannot say where."""
    advertiser = inspection.text("audiences", audience, "advertiser")
    return not accounts or advertiser is None or advertiser in accounts


def _check_name_pattern(inspection: Inspection, path: KeyPath) -> None:
    pattern = inspection.text(*path)
    objection = None if pattern is None else _objection(pattern)
    if objection is None:
        return
    # Python quotes parts of the pattern, which are nobody's business where they come from the environment.
    detail = "" if inspection.is_interpolated(*path) else f"Python says {quoted(objection)}. "
    advice = "A \\ before a character takes it as it is."
    inspection.error(path, f'"name_pattern" is no regular expression: {inspection.shown(*path)}', f"{detail}{advice}")


def _objection(pattern: str) -> str | None:
    """Return why `pattern` is no regular expression, or one whose meaning is about to change; None where it is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except RecursionError:
        return "it is nested too deeply"
    except (re.error, OverflowError, Warning) as problem:
        return str(problem)
    return None


def _check_demand(inspection: Inspection, at: KeyPath) -> None:
    if not inspection.is_sound(*at) or any(inspection.has(*at, each) for each in _DEMANDS):
        return
    if inspection.value(*at, "require_prevent_destroy") is not True:
        detail = f"Give it {listed([*_DEMANDS, 'require_prevent_destroy: true'])}, or take it out."
        inspection.error(at, f"{label(at)} demands nothing", detail, at="key")
