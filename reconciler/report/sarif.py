"""Findings as SARIF 2.1.0, the format code scanners report in. Source: OASIS, "SARIF Version 2.1.0".

A finding carries no code of its own, so its rule is told from its sentence, whatever names stand in that. Rules keep
their ids between versions: a forge tells known findings from new ones by them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from reconciler.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reconciler.diagnostics import Diagnostic, Location

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class _Rule:
    """A kind of finding: its id, what it is about, and what its sentence looks like once quoted names are out."""

    rule_id: str
    about: str
    sentence: re.Pattern[str]


def _rule(rule_id: str, about: str, sentence: str) -> _Rule:
    return _Rule(rule_id, about, re.compile(sentence))


_RULES: Final = (
    _rule(
        "invalid-yaml",
        "The file is not valid YAML.",
        r"YAML|^a quote that|^a key is not expected|inside braces|^<< merges|^(?!environment).* is not UTF-8$",
    ),
    _rule("unreadable-file", "A file cannot be read.", r"does not exist$|cannot be read: |is larger than|^no \*\.yaml"),
    _rule("environment", "A value that the environment has to give is not there.", r"^environment variable|\$\{…\}"),
    _rule("duplicate", "Something is declared twice.", r"^duplicate key|is declared twice$|names one twice$"),
    _rule("policy", "A policy of the files is not kept.", r"\bpolicy\b|\bpolicies\b"),
    _rule("unknown-key", "A key is not known.", r"^unknown key|cannot be a key$"),
    _rule("unreadable-source", "A source cannot be read, or lacks what the files say of it.", r"^source [^\"]+: "),
    _rule("unknown-name", "A name is used that is not declared.", r"^unknown |^source .* maps no "),
    _rule("address", "A move or a removal does not fit what is declared.", r"\bmoved?\b|\bmoves\b|\bremoved\b"),
    _rule("condition", "A condition on rows cannot be used.", r'^"" |^audience\.\S+: '),
    _rule("missing", "Something that is needed is missing.", r" has no |is empty$|without|maps nothing"),
    _rule("unused", "Something is declared and not used.", r"is not used$"),
    _rule("value", "A value is not one that can stand there.", r"must be|takes? |is not a|characters long| is \d+$"),
)
_OTHER: Final = _rule("configuration", "The files say something that cannot be acted on, or may not be meant.", "")


def findings_sarif(
    diagnostics: Iterable[Diagnostic], *, version: str, unplaced: str = "", named: Callable[[str], str] = str
) -> dict[str, object]:
    """Return findings as a SARIF log of one run, as plain values ready for JSON.

    Args:
        diagnostics: The findings.
        version: This tool's.
        unplaced: The file to which findings belong that name none; GitHub takes no result without a place.
        named: From a file's name to its name where the log is read: from the top of a checkout.
    """
    found = tuple(diagnostics)
    rules = (*_RULES, _OTHER)
    used = [rule for rule in rules if any(_rule_of(each) is rule for each in found)]
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {"name": "reconciler", "semanticVersion": version, "rules": [_described(r) for r in used]}
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(each, used, unplaced, named) for each in found],
            }
        ],
    }


def _rule_of(diagnostic: Diagnostic) -> _Rule:
    sentence = _QUOTED.sub('""', diagnostic.summary)
    return next((rule for rule in _RULES if rule.sentence.search(sentence)), _OTHER)


def _described(rule: _Rule) -> dict[str, object]:
    return {"id": rule.rule_id, "shortDescription": {"text": rule.about}}


def _result(
    diagnostic: Diagnostic, rules: Sequence[_Rule], unplaced: str, named: Callable[[str], str]
) -> dict[str, object]:
    rule = _rule_of(diagnostic)
    lines = (diagnostic.summary, *diagnostic.detail.splitlines())
    result: dict[str, object] = {
        "ruleId": rule.rule_id,
        "ruleIndex": rules.index(rule),
        "level": str(diagnostic.severity),
        "message": {"text": "\n".join(map(visible, lines))},
    }
    if diagnostic.location is not None:
        result["locations"] = [_place(named(diagnostic.location.file), diagnostic.location)]
    elif unplaced:
        result["locations"] = [_place(named(unplaced), None)]
    return result


def _place(file: str, location: Location | None) -> dict[str, object]:
    region = {"startLine": location.line, "startColumn": location.column} if location else {"startLine": 1}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(file)}, "region": region}}


def _uri(file: str) -> str:
    """Return a file's name as a URI reference: relative names stay relative, absolute ones become ``file:``."""
    path = quote(file.replace("\\", "/"), errors="backslashreplace")
    if path.startswith("/"):
        return f"file://{path}"
    return f"file:///{path}" if re.match(r"[A-Za-z]%3A/", path) else path
