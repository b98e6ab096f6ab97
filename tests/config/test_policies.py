"""Policies: rules as people write them, and every one that could never be kept, or never broken, told at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config import Policy, load
from reconciler.config.violations import violations

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.config.document import Tree
    from tests.config.conftest import Findings, Read


def ruled(base: str, *lines: str) -> str:
    """Return `base` with the policy ``us`` of these lines; the first of them is line 15."""
    return "\n".join([*base.splitlines(), "policies:", "  us:", *(f"    {line}" for line in lines), ""])


def only(read: Read, text: str, **environ: str) -> Policy:
    """Return the one policy of files in which nothing is wrong."""
    loaded = read(text, **environ)
    assert loaded.diagnostics == ()
    (policy,) = loaded.config.policies.values()
    return policy


def test_a_policy_that_names_no_audience_and_no_account_is_for_all(read: Read, base: str) -> None:
    assert only(read, ruled(base, "require_prevent_destroy: true")) == Policy("us", require_prevent_destroy=True)


def test_files_without_policies_have_none(read: Read, base: str) -> None:
    assert read(base).config.policies == {}


@pytest.mark.parametrize(
    ("written", "people"),
    [
        ("5000000", 5_000_000),
        ("5_000_000", 5_000_000),
        ("50_000", 50_000),
        ("1", 1),
        ("5e6", 5_000_000),
        ('"5_000_000"', 5_000_000),
        ("${MOST}", 2_000_000),
        ("${LEAST:-1_500}", 1_500),
    ],
)
def test_a_maximum_is_a_whole_number_with_underscores_or_without(
    read: Read, base: str, written: str, people: int
) -> None:
    assert only(read, ruled(base, f"maximum_people: {written}"), MOST="2_000_000").maximum_people == people


@given(st.integers(1, 10**18 - 1))
def test_a_maximum_is_read_as_python_and_yaml_1_1_group_it(people: int) -> None:
    # Not through files: the schema is what lets it pass, and `int` what reads it.
    tree: Tree = {"version": 1, "policies": {"us": {"maximum_people": f"{people:_}"}}}
    assert violations(tree) == ()
    assert yaml.safe_load(f"{people:_}") == int(f"{people:_}") == people


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("advertisers: [acmee]", '15:19: error: unknown advertiser "acmee"'),
        ("advertisers: acme", '15:18: error: "advertisers" must be a list, not text'),
        ("advertisers: []", '15:5: error: "advertisers" is empty'),
        ("advertisers: [acme, acme]", '15:5: error: "advertisers" names one twice'),
        ("audiences: [audience.buyers]", '15:17: error: audiences[0] is not valid: "audience.buyers"'),
        ("audiences: [buyerz]", '15:17: warning: policy "us" holds for no audience "buyerz"'),
        ('audiences: [buyers, "vip_*"]', '15:25: warning: policy "us" holds for no audience "vip_*"'),
        ("maximum_people: 0", '15:21: error: "maximum_people" must be 1 or more, not 0'),
        ("maximum_people: many", '15:21: error: "maximum_people" is not valid: "many"'),
        ("maximum_people: 5_00", '15:21: error: "maximum_people" is not valid: "5_00"'),
        ("maximum_people: 1.5", '15:21: error: "maximum_people" must be text or a whole number, not a number'),
        ("maximum_people:", '15:5: error: "maximum_people" has no value'),
        ("forbidden_identities: [emial]", "15:28: error: forbidden_identities[0] must be"),
        ("forbidden_identities: [mpid]", "15:28: error: mpid is never sent, so a policy need not forbid it"),
        ("forbidden_identities: []", '15:5: error: "forbidden_identities" is empty'),
        ('name_pattern: "US ("', '15:19: error: "name_pattern" is no regular expression: "US ("'),
        ('name_pattern: ""', '15:19: error: "name_pattern" is not valid: ""'),
        ("name_patern: US", '15:5: error: unknown key "name_patern"'),
        ('require_prevent_destroy: "yes"', '15:30: error: "require_prevent_destroy" must be true or false, not text'),
    ],
)
def test_a_mistake_is_told_once_at_its_place(findings: Findings, base: str, line: str, expected: str) -> None:
    others = [] if line.startswith("forbidden_identities") else ["forbidden_identities: [gaid]"]
    (found,) = findings(ruled(base, line, *others))
    assert found.startswith(f"audiences.yaml:{expected}")


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("advertisers: [acmee]", 'Did you mean "acme"?'),
        ("audiences: [audience.buyers]", "It is compared with keys, as in vip_*"),
        ("audiences: [buyer]", 'Did you mean "buyers"?'),
        ("audiences: ['vip_*']", "It is compared with the keys under audiences."),
        ("forbidden_identities: [emial]", 'Did you mean "email"?'),
        ("maximum_people: many", "as in 5000000 or 5_000_000"),
        ("maximum_people: 1.5", "as in 5000000 or 5_000_000"),
        ('name_pattern: "US ("', 'Python says "missing ), unterminated subpattern at position 3".'),
    ],
)
def test_the_way_out_is_told(read: Read, base: str, line: str, advice: str) -> None:
    (found,) = read(ruled(base, line, "require_prevent_destroy: true")).diagnostics
    assert advice in found.detail


@pytest.mark.parametrize("line", ["require_prevent_destroy: false", "advertisers: [acme]", 'audiences: ["*"]'])
def test_a_policy_that_demands_nothing_is_an_error(read: Read, base: str, line: str) -> None:
    (found,) = read(ruled(base, line)).diagnostics
    assert str(found).startswith('audiences.yaml:14:3: error: policy "us" demands nothing')
    assert "maximum_people, forbidden_identities, name_pattern or require_prevent_destroy: true" in found.detail


def test_an_empty_policy_is_an_error(findings: Findings, base: str) -> None:
    assert findings(f"{base}policies: {{us: {{}}}}\n") == ['audiences.yaml:13:12: error: policy "us" is empty']


def test_a_key_that_is_none_is_an_error(findings: Findings, base: str) -> None:
    (found,) = findings(f"{base}policies: {{US people: {{require_prevent_destroy: true}}}}\n")
    assert found == 'audiences.yaml:13:12: error: "US people" cannot be a key'


@pytest.mark.parametrize("pattern", ["buyers", "buy*", "*", "?uyers", "[ab]uyers", "[!x]*"])
def test_a_pattern_that_matches_an_audience_is_nothing_to_warn_about(read: Read, base: str, pattern: str) -> None:
    lines = (f"audiences: ['{pattern}']", "require_prevent_destroy: true")
    assert only(read, ruled(base, *lines)).audiences == (pattern,)


def test_a_pattern_whose_audiences_are_all_in_other_accounts_is_pointed_out(read: Read, base: str) -> None:
    two = (
        base.replace("sources:", '  other:\n    advertiser_id: "7000000000000000002"\nsources:')
        + "  lookers: {advertiser: other, source: people}\n"
    )
    lines = ("advertisers: [other]", "audiences: ['look*', 'buy*']", "require_prevent_destroy: true")
    (found,) = read(ruled(two, *lines)).diagnostics
    assert found.summary == 'policy "us" holds for no audience "buy*"'
    assert found.detail == "Those that match it are not in other."


def test_an_audience_that_is_in_error_still_counts_as_there(findings: Findings, base: str) -> None:
    wrong = base.replace("advertiser: acme", "advertiser: acmee")
    (found,) = findings(ruled(wrong, "advertisers: [acme]", "audiences: [buyers]", "require_prevent_destroy: true"))
    assert found == 'audiences.yaml:11:17: error: unknown advertiser "acmee"'


def test_what_stands_in_a_file_that_cannot_be_read_may_be_what_a_policy_means(folder: Path) -> None:
    (folder / "audiences.yaml").write_text("version: 1\naudiences: [\n")
    (folder / "policies.yaml").write_text(
        "version: 1\npolicies: {us: {advertisers: [acme], audiences: ['vip_*'], require_prevent_destroy: true}}\n"
    )
    (found,) = load(folder, {}).diagnostics
    assert found.location is not None
    assert found.location.file == "audiences.yaml"


@pytest.mark.parametrize(
    "pattern",
    [
        "(", "[z-a]", "*", "(?P<a>x)(?P<a>y)", r"\q", "x{99999999999999999999}", "(" * 5000 + ")" * 5000,
        "[[a]",  # warned of by Python: it will mean a set in a set one day
    ],
)  # fmt: skip
def test_what_is_no_regular_expression_is_found_before_a_plan_uses_it(
    findings: Findings, base: str, pattern: str
) -> None:
    (found,) = findings(ruled(base, f"name_pattern: '{pattern}'"))
    assert found.startswith('audiences.yaml:15:19: error: "name_pattern" is no regular expression')


@pytest.mark.parametrize("pattern", ["US · .+", "(US|EU) .+", r"\d{4}-.*", "(?i)us.*", "[]a]+"])
def test_a_regular_expression_is_one(read: Read, base: str, pattern: str) -> None:
    assert only(read, ruled(base, f"name_pattern: '{pattern}'")).name_pattern == pattern


def test_a_pattern_from_the_environment_is_not_shown(read: Read, base: str) -> None:
    (found,) = read(ruled(base, "name_pattern: ${PATTERN}"), PATTERN="(?P<s3cr3t").diagnostics
    assert "${PATTERN}" in found.summary
    assert "s3cr3t" not in str(found)


def test_a_pattern_of_keys_from_the_environment_is_not_guessed_at(read: Read, base: str) -> None:
    lines = ("audiences: ['${WHICH}']", "require_prevent_destroy: true")
    (found,) = read(ruled(base, *lines), WHICH="buyer").diagnostics
    assert found.summary == 'policy "us" holds for no audience "${WHICH}"'
    assert "buyer" not in found.detail


def test_a_policy_in_error_is_left_out_and_the_others_stay(read: Read, base: str) -> None:
    text = ruled(base, "maximum_people: 0") + "  eu: {require_prevent_destroy: true}\n"
    assert set(read(text).config.policies) == {"eu"}


def test_policies_of_several_files_add_up(folder: Path, base: str) -> None:
    (folder / "audiences.yaml").write_text(base)
    (folder / "eu.yaml").write_text("policies: {eu: {maximum_people: 1000}}\n")
    (folder / "us.yaml").write_text("policies: {us: {maximum_people: 2000}}\n")
    loaded = load(folder, {})
    assert loaded.diagnostics == ()
    assert set(loaded.config.policies) == {"eu", "us"}
    assert str(loaded.config.place("policies", "us", "maximum_people")) == "us.yaml:1:33"


def test_a_policy_in_two_files_is_an_error_that_names_both_places(folder: Path, base: str) -> None:
    (folder / "audiences.yaml").write_text(base)
    for name in ("a", "b"):
        (folder / f"{name}.yaml").write_text("policies: {us: {maximum_people: 1000}}\n")
    (found,) = load(folder, {}).diagnostics
    assert f"{found.location}: {found.summary}" == 'b.yaml:1:12: policy "us" is declared twice'
    assert "a.yaml:1:12" in found.detail
