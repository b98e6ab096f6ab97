"""The environment fills strings, and nothing it holds is ever shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config.interpolate import escape, interpolate
from reconciler.diagnostics import warning

if TYPE_CHECKING:
    from reconciler.config.interpolate import Interpolated
    from tests.config.conftest import Findings, Read

_SECRET = "s3cr3t-0xC0FFEE"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}", "one"),
        ("x-${A}-${B}", "x-one-two"),
        ("${A:-other}", "one"),
        ("${MISSING:-other}", "other"),
        ("${EMPTY:-other}", "other"),
        ("${EMPTY}", ""),
        ("${MISSING:-}", ""),
        ("${MISSING:-a:-b c}", "a:-b c"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("$A $ {A} $", "$A $ {A} $"),
        ("${NESTED}", "${A}"),
    ],
)
def test_references_are_replaced_once(text: str, expected: str) -> None:
    environ = {"A": "one", "B": "two", "EMPTY": "", "NESTED": "${A}"}
    assert interpolate(text, environ).tree == expected


def test_only_values_are_filled(read: Read) -> None:
    outcome: Interpolated = interpolate({"${A}": ["${A}", 1, None]}, {"A": "one"})
    assert outcome.tree == {"${A}": ["one", 1, None]}


@pytest.mark.parametrize("text", ["${", "${A", "${}", "${1A}", "${A-b}", "${A B}", "${A:-${B}}"])
def test_a_broken_reference_is_an_error(findings: Findings, base: str, text: str) -> None:
    assert findings(f"{base}    name: 'x {text}'\n", A="a", B="b") == [
        "audiences.yaml:13:11: error: a ${…} that cannot be read"
    ]


def test_an_unset_variable_is_an_error_at_its_value(findings: Findings, base: str) -> None:
    assert findings(f"{base}    name: ${{NAME_OF_IT}}\n") == [
        "audiences.yaml:13:11: error: environment variable NAME_OF_IT is not set"
    ]


def test_a_value_that_is_not_utf8_is_an_error(findings: Findings, base: str) -> None:
    assert findings(f"{base}    name: ${{X}}\n", X="\udcff") == [
        "audiences.yaml:13:11: error: environment variable X is not UTF-8"
    ]


def test_what_comes_from_the_environment_is_never_parsed(read: Read, base: str) -> None:
    value = 'a: {b: [1]} # "&*!'
    assert read(f"{base}    name: ${{X}}\n", X=value).config.audiences["buyers"].name == value


def test_digits_from_the_environment_are_an_id(read: Read, base: str) -> None:
    loaded = read(base.replace('"7000000000000000001"', "${ID}"), ID="7000000000000000009")
    assert loaded.diagnostics == ()
    assert loaded.config.advertisers["acme"].advertiser_id == "7000000000000000009"


def test_a_token_is_read_and_kept_secret(read: Read, base: str) -> None:
    loaded = read(base.replace("sources:", "    access_token: ${T}\nsources:"), T=_SECRET)
    token = loaded.config.advertisers["acme"].access_token
    assert token is not None
    assert token.reveal() == _SECRET
    assert _SECRET not in repr(loaded)


@pytest.mark.parametrize("token", [f"{_SECRET} x", f"'{_SECRET}\n\n'", f"[{_SECRET}]", f"{{{_SECRET}: 1}}", "12345678"])
def test_a_malformed_token_is_told_without_being_shown(read: Read, base: str, token: str) -> None:
    document = base.replace("sources:", f"    access_token: {token}\nsources:")
    found = read(document).diagnostics
    assert [each.is_error for each in found] == [True]
    assert _SECRET not in str(found)
    assert "12345678" not in str(found)


def test_an_empty_token_is_an_error_rather_than_another_account_s_token(findings: Findings, base: str) -> None:
    assert findings(base.replace("sources:", "    access_token: ${T:-}\nsources:")) == [
        'audiences.yaml:5:19: error: "access_token" is not valid: "***"'
    ]


@pytest.mark.parametrize(
    "document",
    [
        "version: 1\nadvertisers: {a: {advertiser_id: '${S}', access_token: '${S} '}}",
        "version: 1\nadvertisers: {a: {advertiser_id: '70000001', expect: {currency: '${S}'}}}",
        "version: 1\nsources: {a: {path: '${S}', identities: {idfa: {column: a, hash: '${S}'}}}}",
        "version: 1\nsources: {a: {path: 's3://${S}', identities: {idfa: '${S}'}}}",
        "version: 1\nsources: {a: {path: '${S}://b/c.csv', format: '${S}', identities: {idfa: ['${S}', '${S}']}}}",
        "version: 1\nsources: {a: {connection: '${S}', query: '${S}', identities: {mpid: ['${S}', b]}}}",
        "version: 1\nsources: {a: {connection: 'a://${S}', identities: {idfa: {column: a, when: {b: '${S} '}}}}}",
        "version: 1\nsources: {a: {path: a.csv, identities: {idfa: {column: a, format: '${S}', when: '${S}'}}}}",
        "version: 1\naudiences: {a: {advertiser: a, file: {audience_sub_type: '${S}', retention_in_days: '${S}'}}}",
        "version: 1\nengine: 'sc://h:1/;token=${S} '\nrows_per_request: '${S}'",
        "version: 1\naudiences: {a: {advertiser: '${S}', source: '${S}', name: '${S}', where: 'x ${S}'}}",
        "version: 1\naudiences: {a: {advertiser: a, where: \"'${S}\", import: '${S}', identities: ['${S}']}}",
        "version: 1\nstate: {url: '${S}://x'}\nengine: '${S}'\nrate_limit: '${S}'",
        "version: '${S}'\nmoved: [{from: '${S}', to: 'audience.${S}'}]\nremoved: ['${S}']",
        "version: 1\naudiences: {a: '${S}', b: ['${S}']}\n'${S}': '${S}'",
    ],
)
def test_no_finding_shows_a_value_of_the_environment(read: Read, document: str) -> None:
    found = read(document, S=_SECRET).diagnostics
    assert found
    assert _SECRET not in str(found)


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ("moved: [{from: 'audience.${S}', to: 'audience.${S}'}]", "zq"),
        ("removed: [{from: 'audience.${S}', destroy: true}, {from: 'audience.${S}', destroy: true}]", "zq"),
        ("moved: [{from: audience.b, to: 'audience.${S}'}]", "zq"),
        ("  d: {advertiser: '${S}', source: people}", "acmezq"),
        ("  d: {advertiser: acme, source: people, identities: ['${S}']}", "phone"),
        (
            "  d: &d {advertiser: acme, source: people, name: '${S}'}\n  e: *d",
            "zq",
        ),
    ],
)
def test_no_finding_of_meaning_shows_one_either(read: Read, base: str, document: str, value: str) -> None:
    found = [(each.summary, each.detail) for each in read(f"{base}{document}\n", S=value).diagnostics]
    assert found
    assert value not in str(found)


def test_a_token_written_into_an_engine_is_not_shown(read: Read, base: str) -> None:
    (found,) = read(f"{base}engine: sc://host/;token={_SECRET}\n").diagnostics
    assert found.summary == '"engine" is not valid: "sc://host/"'
    assert _SECRET not in str(found)


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("${}:-AB x")))
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    outcome = interpolate(escape(text), {})
    assert (outcome.tree, outcome.problems) == (text, ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WAREHOUSE_PASSWORD", "hunter2hunter2"),
        ("Acme_Token_2", "x"),
        ("PW", ""),
        ("SNOWFLAKE_PRIVATE_KEY", "x"),
        ("WAREHOUSE", "postgresql://reader:hunter2@db/people"),
        ("NOTE", "ghp_0123456789abcdefghij"),
    ],
)
@pytest.mark.parametrize("key", ["name", "where", "import"])
def test_a_secret_is_read_nowhere_that_is_shown(findings: Findings, base: str, key: str, name: str, value: str) -> None:
    summary = f"environment variable {name} holds a secret, and everybody sees what stands here"
    column = 5 + len(f"{key}: ")
    assert findings(f"{base}    {key}: 'x ${{{name}}}'\n", **{name: value}) == [
        f"audiences.yaml:13:{column}: error: {summary}"
    ]


@pytest.mark.parametrize("name", ["TOKENS", "MONKEY", "KEYBOARD", "PWD", "PASSENGERS", "AUTHORS", "COUNTRY", "STAGE_2"])
def test_what_is_no_secret_is_read_anywhere(read: Read, base: str, name: str) -> None:
    loaded = read(f"{base}    name: 'x ${{{name}}}'\n", **{name: "fine"})
    assert loaded.config.audiences["buyers"].name == "x fine"
    assert loaded.config.secrets == ()


@pytest.mark.parametrize("name", ["TIKTOK_ACCESS_TOKEN", "TIKTOK_APP_SECRET"])
@pytest.mark.parametrize("line", ["path: 'http://h/${{{name}}}.csv'", "connection: 'postgresql://u:${{{name}}}@h/d'"])
def test_what_speaks_to_tiktok_goes_nowhere_else(read: Read, base: str, line: str, name: str) -> None:
    document = base.replace("path: people.csv", line.format(name=name))
    assert document != base
    found = read(document, **{name: _SECRET}).diagnostics
    assert f"environment variable {name} is for access_token alone" in [each.summary for each in found]
    assert _SECRET not in str(found)


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "CI_JOB_TOKEN", "AWS_SECRET_ACCESS_KEY", "ACTIONS_RUNTIME_TOKEN"])
@pytest.mark.parametrize("place", ["access_token", "path"])
def test_what_speaks_for_the_job_is_read_nowhere(read: Read, base: str, place: str, name: str) -> None:
    if place == "path":
        document = base.replace("path: people.csv", f"path: 'http://h/${{{name}}}.csv'")
    else:
        document = base.replace("sources:", f"    access_token: ${{{name}}}\nsources:")
    found = read(document, **{name: _SECRET}).diagnostics
    assert f"environment variable {name} is not for these files" in [each.summary for each in found]


def test_a_secret_that_is_read_is_kept_out_of_every_finding(read: Read, base: str) -> None:
    loaded = read(base.replace("path: people.csv", "path: 'http://h/${FEED_KEY}/a.csv'"), FEED_KEY=_SECRET)
    assert loaded.diagnostics == ()
    assert str(loaded.config.sources["people"].origin) == "http://h/${FEED_KEY}/a.csv"
    assert str(warning(f"there is no file http://h/{_SECRET}/a.csv")) == "warning: there is no file http://h/***/a.csv"
    assert _SECRET not in repr(loaded.config.secrets)
