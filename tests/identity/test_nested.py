"""The keys of people's objects are fields of a column's type, and are in nothing that a person reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import duckdb
import ibis.expr.datatypes as dt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ReconcilerError
from reconciler.identifiers import Identity, MappedColumn
from reconciler.identity import Engine, Selection
from reconciler.identity.nested import SPARK, shown_type, without_fields
from reconciler.origin import QueryOrigin
from reconciler.secret import Secret
from tests.identity.conftest import at

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.origin import Origin

ID: Final = "8c1f7b0e-5b2f-4a83-9a35-0f7a3c1d2e4b"
JANE: Final = "jane.leak@example.com"
AWKWARD: Final = "o'neil) \\\" Error: 5551234567 <x"
ROW: Final = f'{{"idfa":"{ID}","age":{{"{JANE}":1,"{AWKWARD}":[{{"b":2}}]}},"visits":[{{"{JANE}":1}}]}}\n'
LEAKS: Final = ("jane", "example.com", "neil", "5551234567")
IDFA: Final = MappedColumn(Identity.IDFA, "idfa")
WHERES: Final = (
    "age",
    "age > 1",
    "age = 1",
    "age in (1, 2)",
    "lower(age) = 1",
    "abs(visits) = 1",
    "visits > 1",
    "visits",
    "age.jan = 1",
    "visits[1].jan = 1",
    "case when true then age else 1 end = 1",
)


@pytest.fixture(params=["jsonl", "parquet", "duckdb"])
def origin(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Origin:
    """A row with objects in it, in a file of every kind that has such."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "people.jsonl"
    path.write_text(ROW, encoding="utf-8")
    if request.param == "jsonl":
        return at(path)
    if request.param == "parquet":
        duckdb.sql(f"COPY (FROM '{path}') TO '{tmp_path / 'people.parquet'}'")
        return at(tmp_path / "people.parquet")
    with duckdb.connect(str(tmp_path / "people.duckdb")) as database:
        database.execute(f"CREATE TABLE people AS SELECT *, map {{'{JANE}': age}} AS counts FROM '{path}'")
    return QueryOrigin(Secret("duckdb:///people.duckdb"), "SELECT * FROM people")


def told(problem: ReconcilerError) -> str:
    return f"{problem.message} {problem.hint}"


def assert_of_nobody(text: str) -> None:
    assert not [each for each in LEAKS if each in text.lower()], text


@pytest.mark.parametrize("where", WHERES)
def test_a_where_that_does_not_fit_is_refused_without_the_keys(engine: Engine, origin: Origin, where: str) -> None:
    with pytest.raises(ReconcilerError) as refused:
        engine.check_where(origin, where)
    assert_of_nobody(told(refused.value))


def test_the_type_of_what_is_compared_is_still_told(engine: Engine, origin: Origin) -> None:
    for where, type_ in {"age > 1": "STRUCT(…)", "visits > 1": "STRUCT(…)[]", "age": "a STRUCT(…) for"}.items():
        with pytest.raises(ReconcilerError) as refused:
            engine.check_where(origin, where)
        assert type_ in refused.value.message


@pytest.mark.parametrize("column", ["age", "visits"])
def test_a_column_that_holds_no_identifiers_is_named_with_its_type_and_without_the_keys(
    engine: Engine, origin: Origin, column: str
) -> None:
    with pytest.raises(ReconcilerError) as refused:
        engine.explain(origin, [MappedColumn(Identity.IDFA, column)], {"a": Selection(None, (Identity.IDFA,))})
    assert f'column "{column}" of' in refused.value.message
    assert "STRUCT(…)" in refused.value.message
    assert_of_nobody(told(refused.value))


@pytest.mark.parametrize("where", [None, "age is not null"])
def test_the_sql_is_explained_without_the_keys(engine: Engine, origin: Origin, where: str | None) -> None:
    shown = engine.explain(origin, [IDFA], {"a": Selection(where, (Identity.IDFA,))})
    assert "idfa" in shown
    assert_of_nobody(shown)


def test_the_sql_for_json_says_that_a_column_is_nested(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "people.jsonl").write_text(ROW, encoding="utf-8")
    shown = engine.explain(at(tmp_path / "people.jsonl"), [IDFA], {"a": Selection("age is not null", (Identity.IDFA,))})
    assert "age := 'STRUCT(…)'" in shown
    assert "visits := 'STRUCT(…)[]'" in shown


def test_what_duckdb_quotes_of_a_value_is_struck(engine: Engine, write: Any) -> None:
    people = str(write("people.parquet", {"idfa": [ID], "orders": [1]}))
    with pytest.raises(ReconcilerError) as refused:
        engine.check_where(at(people), f"orders = '{JANE}'")
    assert "<e-mail>" in refused.value.message
    assert_of_nobody(told(refused.value))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("VARCHAR", "VARCHAR"),
        ("DECIMAL(18, 3)[]", "DECIMAL(18, 3)[]"),
        ("STRUCT(a INT)[]", "STRUCT(…)[]"),
        ("MAP(VARCHAR, STRUCT(a INT))", "MAP(…)"),
        ("ENUM('a)', 'it''s')", "ENUM(…)"),
        ("UNION(num INT, str VARCHAR)", "UNION(…)"),
        ("'f(STRUCT(\"a)\" INT, b STRUCT(c INT)), MAP(A, B))'.", "'f(STRUCT(…), MAP(…))'."),
        ('STRUCT("a"")" INT) and STRUCT(a', "STRUCT(…) and STRUCT(…"),
        ("struct_pack(a := 1)", "struct_pack(a := 1)"),
    ],
)
def test_a_nested_type_is_named_without_what_is_in_it(text: str, shown: str) -> None:
    assert without_fields(text) == shown


def test_what_spark_calls_is_no_type() -> None:
    text = "SELECT STRUCT(a AS b), CAST(c AS ARRAY<STRUCT<`x>`: BIGINT, y: MAP<STRING, INT>>>), d < 1"
    assert without_fields(text, SPARK) == "SELECT STRUCT(a AS b), CAST(c AS ARRAY<STRUCT<…>>), d < 1"


names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


@given(st.lists(names.map(lambda name: f"{name}4711"), min_size=1, max_size=4, unique=True))
def test_no_name_of_a_field_is_left_whatever_is_in_it(fields: list[str]) -> None:
    nested = dt.Struct(dict.fromkeys(fields, dt.Struct(dict.fromkeys(fields, dt.int64))))
    assert shown_type(nested) == "STRUCT(…)"
    assert shown_type(dt.Array(nested)) == "STRUCT(…)[]"
    assert shown_type(dt.Map(dt.string, nested)) == "MAP(…)"
