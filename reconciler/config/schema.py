"""The shape of the document, told in words.

The schema also speaks to editors: where it carries ``patternErrorMessage`` or ``errorMessage`` (keywords of
the VS Code and YAML language servers), a finding here says the same sentence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.config.document import look_up
from reconciler.config.violations import violations
from reconciler.config.wording import closest, did_you_mean, label, listed, quoted, quoted_key
from reconciler.identifiers import Identity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config.document import Tree
    from reconciler.config.inspection import Inspection
    from reconciler.config.model import KeyPath
    from reconciler.config.violations import Violation

_EXPECTED = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping (key: value)",
    "array": "a list",
}
# A source has path, or connection and query: `reconciler.config.origins` says which is missing or too much. An
# advertiser has access_token or profile, not both: `reconciler.config.advertisers` says why.
_TOLD_ELSEWHERE = {"oneOf", "not"}
# Lists of identities that are sent, or may not be, and what the person key has to do with each.
_SENT: Mapping[KeyPath, str] = {
    ("identities",): "an audience cannot name it",
    ("forbidden_identities",): "a policy need not forbid it",
}
_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")


def check(inspection: Inspection) -> None:
    """Report every way in which the document is not of the shape the schema describes."""
    for each in violations(inspection.tree):
        _report(inspection, each)


def _report(inspection: Inspection, found: Violation) -> None:
    if inspection.is_spoilt(*found.path) or found.rule in _TOLD_ELSEWHERE:
        return  # an unset variable, say: its finding stands already
    if found.is_about_key:
        _bad_key(inspection, found)
        return
    match found.rule:
        case "additionalProperties":
            _unknown_keys(inspection, found)
        case "required":
            _missing_keys(inspection, found)
        case "anyOf":
            _no_branch(inspection, found)
        case "maxProperties":
            _too_many_keys(inspection, found)
        case "type":
            _wrong_type(inspection, found, {str(found.expected)})
        case "enum" | "const":
            _not_one_of(inspection, found)
        case "pattern":
            summary = f"{label(found.path)} is not valid: {inspection.shown(*found.path)}"
            inspection.error(found.path, summary, found.says("patternErrorMessage"))
        case "minimum" | "maximum":
            _out_of_range(inspection, found)
        case "uniqueItems":
            inspection.error(found.path, f"{label(found.path)} names one twice", "Name each once.")
        case _:  # minItems, minProperties
            inspection.error(found.path, f"{label(found.path)} is empty", "Fill it, or take the key out.")


def _bad_key(inspection: Inspection, found: Violation) -> None:
    key = str(found.instance)
    slug = _NOT_IN_KEYS.sub("_", key.lower()).strip("_")
    # What stands deeper is no name of people's own choosing, but that of a column.
    is_chosen = len(found.path) == 1 and len(slug) < 60 and slug[:1].isalpha() and ":" not in key
    suggestion = f" Write {slug}." if is_chosen else ""
    detail = found.says("patternErrorMessage") + suggestion
    inspection.error((*found.path, key), f"{quoted_key(key)} cannot be a key", detail, at="key")


def _unknown_keys(inspection: Inspection, found: Violation) -> None:
    known = found.properties
    written = found.instance if isinstance(found.instance, dict) else {}
    for key in written:
        if key in known:
            continue
        path = (*found.path, key)
        name, colon, _ = key.partition(":")
        meant = name if colon and name in known else closest(key, known)
        if colon and name in known:
            detail = f"A space must follow the colon: {name}: …"
        else:
            detail = did_you_mean(key, known, f"Known here: {listed(known, 'and')}.")
        inspection.error(path, f"unknown key {quoted_key(key)}", detail, at="key")
        if meant and meant not in written:
            inspection.spoil((*found.path, meant))


def _missing_keys(inspection: Inspection, found: Violation) -> None:
    if not found.path and not inspection.document.complete:
        return  # it may stand in the file that could not be read
    written = found.instance if isinstance(found.instance, dict) else {}
    for key in found.expected if isinstance(found.expected, list) else []:
        path = (*found.path, str(key))
        if key in written or inspection.is_spoilt(*path):
            continue
        described = found.properties[str(key)]
        detail = str(described.get("description", "")) if isinstance(described, dict) else ""
        inspection.error(path, f"{label(found.path)} has no {quoted(str(key))}", detail)


def _too_many_keys(inspection: Inspection, found: Violation) -> None:
    written = found.instance if isinstance(found.instance, dict) else {}
    first = next(iter(written), "")
    detail = f"It takes one. Keep {quoted_key(first)}, say, or prepare what you need as a column of the source."
    inspection.error(found.path, f"{label(found.path)} names {len(written)} columns", detail, at="key")


def _no_branch(inspection: Inspection, found: Violation) -> None:
    """Report the branch whose type fits, since that is the one people meant; else say which types there are."""
    types: set[str] = set()
    for branch in found.branches:
        mismatch = next((each for each in branch if each.rule == "type" and each.path == found.path), None)
        if mismatch is None:
            for each in branch:
                _report(inspection, each)
            return
        types.add(str(mismatch.expected))
    _wrong_type(inspection, found, types)


def _wrong_type(inspection: Inspection, found: Violation, types: set[str]) -> None:
    if found.instance is None:
        inspection.error(found.path, f"{label(found.path)} has no value", "Give it one, or take the key out.")
        return
    expected = listed([name for each, name in _EXPECTED.items() if each in types])
    summary = f"{label(found.path)} must be {expected}, not {_kind(found.instance)}"
    inspection.error(found.path, summary, _advice(inspection, found, types))


def _advice(inspection: Inspection, found: Violation, types: set[str]) -> str:
    """Return what to do about a value of the wrong type, where quotes or brackets would mend it."""
    if "string" in types and isinstance(found.instance, int | float):
        return found.says("errorMessage") or f"Quote it: without quotes YAML reads {_kind(found.instance)}."
    if not isinstance(found.instance, str):
        return ""
    if "array" in types:
        return "Put it in brackets: [one, two]."
    if types & {"integer", "number", "boolean"}:
        if inspection.is_interpolated(*found.path):
            return "What comes from the environment is always text; write this value out."
        return "Write true or false, without quotes." if "boolean" in types else "Write digits, without quotes."
    return ""


def _kind(instance: Tree) -> str:
    match instance:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _not_one_of(inspection: Inspection, found: Violation) -> None:
    allowed = [str(each) for each in (found.expected if isinstance(found.expected, list) else [found.expected])]
    summary = f"{label(found.path)} must be {listed(allowed)}"
    written = look_up(inspection.document.tree, found.path)
    if written is None or isinstance(written, dict | list):
        inspection.error(found.path, summary)
        return
    if written == Identity.MPID and found.path[-2:-1] in _SENT:
        detail = "It groups devices and counts people wherever the source maps it. Take it out."
        inspection.error(found.path, f"mpid is never sent, so {_SENT[found.path[-2:-1]]}", detail)
        return
    detail = found.says("errorMessage")
    if written in allowed:
        detail = "Write it without quotes."
    elif isinstance(written, str) and not inspection.is_interpolated(*found.path):
        detail = did_you_mean(written, allowed, detail)
    inspection.error(found.path, f"{summary}, not {inspection.shown(*found.path)}", detail)


def _out_of_range(inspection: Inspection, found: Violation) -> None:
    low, high = found.schema.get("minimum"), found.schema.get("maximum")
    expected = f"{low} or more" if high is None else f"from {low} to {high}"
    inspection.error(found.path, f"{label(found.path)} must be {expected}, not {inspection.shown(*found.path)}")
