"""Keys of objects in a source are people's as often as not: no command tells them, on any stream, in any format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import duckdb
import pytest

if TYPE_CHECKING:
    from tests.cli.project import Project

JANE: Final = "jane.leak@example.com"
ROW: Final = f'{{"idfa":"8C1F7B0E-5B2F-4A83-9A35-0F7A3C1D2E4B","age":{{"{JANE}":1}}}}\n'
FILES: Final = {"jsonl": {"path": "b.jsonl"}, "parquet": {"path": "b.parquet"}}
DATABASE: Final = {"connection": "duckdb:///b.duckdb", "query": "SELECT * FROM people"}
SOURCES: Final[dict[str, dict[str, str]]] = {**FILES, "duckdb": DATABASE}
MISFITS: Final[dict[str, tuple[str, str | None]]] = {
    "a column": ("age", None),
    "a comparison": ("idfa", "age > 1"),
    "a call": ("idfa", "lower(age) = 1"),
    "no condition": ("idfa", "age"),
}
COMMANDS: Final = (("validate",), ("plan",), ("plan", "--explain-sources"), ("apply", "--auto-approve"))


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, project: Project) -> dict[str, str]:
    """A source of every kind that has objects in its rows."""
    path = project.write(ROW, "b.jsonl")
    duckdb.sql(f"COPY (FROM '{path}') TO '{project.folder / 'b.parquet'}'")
    with duckdb.connect(str(project.folder / "b.duckdb")) as database:
        database.execute(f"CREATE TABLE people AS FROM '{path}'")
    return SOURCES[request.param]


def declare(project: Project, source: dict[str, str], column: str, where: str | None) -> None:
    audience = {"name": "Buyers"} if where is None else {"name": "Buyers", "where": where}
    project.declare({"buyers": audience}, sources={"people": {**source, "identities": {"idfa": column}}})


def assert_of_nobody(project: Project, *command: str, code: int) -> str:
    """Run a command, with logs of either format, and return what it said."""
    said = []
    for format_ in ("text", "json"):
        ran = project(*command, "-vv", "--log-format", format_)
        assert ran.code == code, ran
        assert not [each for each in ("jane", "example.com") if each in (ran.out + ran.err).lower()], ran
        said.append(ran.text)
    return " ".join(said)


@pytest.mark.parametrize("misfit", MISFITS)
def test_what_does_not_fit_is_told_without_the_keys(project: Project, source: dict[str, str], misfit: str) -> None:
    column, where = MISFITS[misfit]
    declare(project, source, column, where)
    for command in COMMANDS if where else COMMANDS[1:]:  # to validate does not ask a column's type
        assert "STRUCT(…)" in assert_of_nobody(project, *command, code=1)


@pytest.mark.parametrize("where", [None, "age is not null"])
def test_what_fits_is_read_and_explained_without_the_keys(
    project: Project, source: dict[str, str], where: str | None
) -> None:
    declare(project, source, "idfa", where)
    for command in COMMANDS:
        assert_of_nobody(project, *command, code=0)
    assert_of_nobody(project, "plan", "--explain-sources", "--format", "json", code=0)
