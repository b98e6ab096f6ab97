"""What a `where` may say, and what a person is told when it may not."""

from __future__ import annotations

import hashlib
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.identifiers import Identity, MappedColumn
from reconciler.identity import Engine, Selection, WhereError
from tests.identity.conftest import at

if TYPE_CHECKING:
    from pathlib import Path

ID = "0bfb14a7-8b38-4a3b-9f8b-97f3e4d4a1f2"
IDFA = MappedColumn(Identity.IDFA, "idfa")


CHOICES = [
    "country = 'US'",
    "orders < 2 -- a comment",
    "orders < 2 /* a comment */",
    "last_order_at::date < current_date - interval 90 day",
    "country in ('US', 'CA') and orders between 1 and 3",
    "mpid < 8",
    "length(idfa) = 36 and idfa like '0bfb%'",
    "try_cast(country as integer) is null and ORDERS = 1",
    "case when orders = 1 then true else false end",
    "country = 'US' or country = ';) union select'",
]


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_where_chooses_rows_alike_in_every_format(engine: Engine, build: Any, write: Any, suffix: str) -> None:
    people = {
        "idfa": [ID, "12345678-1234-1234-1234-123456789012"],
        "country": ["US", "FR"],
        "orders": [1, 2],
        "last_order_at": ["2020-01-31", "2999-01-31"],
        "mpid": [7, 8],
    }
    source = str(write(f"people.{suffix}", people))
    for where in CHOICES:
        engine.check_where(at(source), where)
    for joint in (" and ", " or "):
        where = joint.join(f"({choice}\n)" for choice in CHOICES)
        assert build(source, IDFA, where=where).hashes == {hashlib.md5(ID.encode()).hexdigest()}


@pytest.fixture
def people(write: Any) -> str:
    return str(write("people.parquet", {"idfa": [ID], "country": ["secret"], "orders": [1]}))


def refusal(engine: Engine, source: str, where: str) -> WhereError:
    with pytest.raises(WhereError) as caught:
        engine.check_where(at(source), where)
    return caught.value


def test_an_unknown_column_is_named_with_what_was_probably_meant(engine: Engine, people: str) -> None:
    refused = refusal(engine, people, "contry = 'US'")
    assert 'unknown column "contry"' in refused.message
    assert refused.hint is not None
    assert "Did you mean country?" in refused.hint


def test_double_quotes_around_text_are_explained(engine: Engine, people: str) -> None:
    hint = refusal(engine, people, 'country = "US"').hint
    assert hint is not None
    assert "single quotes: 'US'" in hint


def test_an_unknown_function_is_named_with_what_was_probably_meant(engine: Engine, people: str) -> None:
    refused = refusal(engine, people, "lenth(country) = 2")
    assert ("lenth" in refused.message, refused.hint) == (True, "Did you mean length?")


@pytest.mark.parametrize(
    ("where", "type_"), [("orders", "BIGINT"), ("country", "VARCHAR"), ("orders + 0.5", "DECIMAL")]
)
def test_what_is_not_boolean_is_refused_with_its_type(engine: Engine, people: str, where: str, type_: str) -> None:
    assert type_ in refusal(engine, people, where).message


@pytest.mark.parametrize(
    "where",
    [
        "orders in (select 1)",
        "exists (from read_text('/etc/hostname'))",
        "(select content from read_text('/etc/hostname')) is not null",
        "orders > all (select 1)",
        "orders = 1; drop table x",
        "orders = 1) union select (1",
        "1 = 1) or (1 = 1",
        "orders = 1 order by 1",
        "orders = 1, country = 'US'",
        "sum(orders) > 1",
        "row_number() over () = 1",
        "unnest([true])",
        "orders = ?",
        "orders = $1",
        "*",
        "orders = 1 as x",
        "",
        "and",
        "orders = 'one'",
        "current_date > date '31/01/2026'",
        "regexp_matches(country, '(')",
        "orders /* = 1",
        "(" * 2000,
    ],
)
def test_what_is_not_one_expression_over_the_columns_is_refused(engine: Engine, people: str, where: str) -> None:
    refused = refusal(engine, people, where)
    assert "LINE 1" not in refused.message
    assert "\n" not in refused.message
    assert refused.hint


def test_a_row_on_which_where_fails_is_not_quoted(engine: Engine, people: str, tmp_path: Path) -> None:
    with pytest.raises(WhereError) as caught:
        engine.build(at(people), [IDFA], {"out": Selection("country::integer = 1", (Identity.IDFA,))}, tmp_path)
    assert "secret" not in "".join(traceback.format_exception(caught.value)) + (caught.value.hint or "")


def test_no_expression_opens_another_file(engine: Engine, people: str, tmp_path: Path) -> None:
    # What is left when everything before it fails: DuckDB itself is locked to the source's files.
    from reconciler.identity.engines.duckdb import Limits, connect  # the lock is not part of the surface

    (tmp_path / "other.csv").write_text("a\n1\n")
    with connect(Limits(tmp_path, "64MB", 1), [people]) as backend:
        for statement in (
            f"from read_csv('{tmp_path}/other.csv')",
            "from read_text('/etc/hostname')",
            f"copy (select 1) to '{tmp_path}/out.csv'",
            f"attach '{tmp_path}/out.db'",
            "set enable_external_access = true",
            "set memory_limit = '1TB'",
            "load httpfs",
        ):
            with pytest.raises(Exception, match=r"Permission|locked"):
                backend.ibis.raw_sql(statement)
