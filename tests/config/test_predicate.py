"""A `where` is one true-or-false expression over a row, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config.predicate import MAX_LENGTH, judge

if TYPE_CHECKING:
    from tests.config.conftest import Findings, Read


_TOKENS = tuple("a ( ) ' , select in case when then end -- /* not [ ] { } : :: -> $ ? 1 .".split())  # noqa: SIM905


@pytest.mark.parametrize(
    "where",
    [
        "last_order_at < current_date - interval 90 day",
        "country = 'US' and ltv >= 100",
        "name = 'a;b'",
        "not opted_out",
        "is_member",
        "email like '%@example.com' or phone is not null",
        "id in (1, 2, 3)",
        "case when a > 1 then b else false end",
        "list_contains(tags, 'vip')",
        "len(list_filter(orders, x -> x > 1)) > 2",
        "(a > 1)",
        "\"Last Order\" > date '2024-01-01' -- recent",
        "a > 1 -- it's over; really)",
        "a > 1 --",
        "a > 1 /* and no more */",
        "a > 1 -- one line\nand b -- another\n",
        "a::boolean",
        "random() < 0.5",
    ],
)
def test_a_condition_is_accepted(where: str) -> None:
    verdict = judge(where)
    assert (verdict.summary, verdict.constant) == ("", False)


@pytest.mark.parametrize(
    ("where", "summary"),
    [
        ("", "is blank"),
        ("  -- nothing", "is blank"),
        ("a >", "cannot be read as an expression"),
        ("a > 1 limit 3", "cannot be read as an expression"),
        ("a, b", "cannot be read as an expression"),
        ("a as b", "cannot be read as an expression"),
        (") or (1 = 1", "cannot be read as an expression"),
        ("a = 'x", "cannot be read as an expression"),
        ("a = 1 /* open", "cannot be read as an expression"),
        ("select 1", "cannot be read as an expression"),
        ("drop table people", "cannot be read as an expression"),
        ("a > 1; drop table people", "is more than one expression"),
        ("a > 1;", "is more than one expression"),
        ("a in (select b from c)", "holds a subquery"),
        ("exists (from c)", "holds a subquery"),
        ("a in (values (1))", "holds a subquery"),
        ("(select true)", "holds a subquery"),
        ("count(*) > 1", "holds an aggregate"),
        ("max(a) filter (where b) > 1", "holds an aggregate"),
        ("row_number() over () = 1", "holds a window function"),
        ("sum(a) over (partition by b) > 1", "holds a window function"),
        ("unnest(a)", "makes several rows of one"),
        ("*", "holds *"),
        ("columns(*) > 1", "holds *"),
        ("a = $1", "holds a parameter"),
        ("a = ?", "holds a parameter"),
        ("ltv + 100", "is a value, not a condition"),
        ("'yes'", "is a value, not a condition"),
        ("(a, b)", "is a value, not a condition"),
        ("interval 90 day", "is a value, not a condition"),
        ("a = '\x00'", "holds a control character"),
        ("(" * 5000 + "a" + ")" * 5000, "is nested too deeply"),
        ("a" * (MAX_LENGTH + 1), "is too long"),
    ],
)
def test_anything_else_is_refused(where: str, summary: str) -> None:
    assert judge(where).summary == summary


@pytest.mark.parametrize("where", ["true", "1 = 1", "not false", "(1 = 2) or true"])
def test_a_constant_is_noticed(where: str) -> None:
    assert judge(where).constant


def test_a_refusal_stands_at_the_expression_and_says_where_reading_stopped(read: Read, base: str) -> None:
    found = read(f"{base}    where: a > 1 limit 3\n").diagnostics[0]
    assert f"{found.location}: {found.summary}" == 'audiences.yaml:13:12: "where" cannot be read as an expression'
    assert found.detail.startswith('Reading stopped at "limit".')


def test_a_constant_is_a_warning(findings: Findings, base: str) -> None:
    assert findings(f"{base}    where: 1 = 1\n") == ['audiences.yaml:13:12: warning: "where" is the same for every row']


@settings(deadline=None)
@given(st.lists(st.sampled_from(_TOKENS)))
def test_no_text_breaks_the_reading(words: list[str]) -> None:
    verdict = judge(" ".join(words))
    assert bool(verdict.summary) == bool(verdict.detail)


@settings(deadline=None)
@given(st.text())
def test_no_characters_break_the_reading(where: str) -> None:
    verdict = judge(where)
    assert bool(verdict.summary) == bool(verdict.detail)
