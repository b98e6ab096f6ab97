"""The digest of a declaration: another for everything that draws other people, the same for everything else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.config.model import Config, Lifecycle, Source
from reconciler.identifiers import Hash, Identity, MappedColumn
from reconciler.origin import FileOrigin, QueryOrigin
from reconciler.plan.recipe import recipe_of
from reconciler.secret import Secret
from tests.plan.conftest import audience, desired

if TYPE_CHECKING:
    from reconciler.origin import Origin

FILES = desired(audience())


def recipe(origin: Origin | None = None, columns: tuple[MappedColumn, ...] = (), **declared: Any) -> str | None:
    source = FILES.sources["customers"]
    source = Source("customers", origin or source.origin, columns or source.columns)
    files: Config = replace(FILES, sources={"customers": source})
    return recipe_of(audience(**declared), files)


@pytest.mark.parametrize(
    "other",
    [
        {"where": "ltv > 1"},
        {"identities": (Identity.GAID,)},
        {"origin": FileOrigin("/d.csv", "d.csv")},
        {"columns": (MappedColumn(Identity.IDFA, "idfa", Hash.SHA256),)},
    ],
)
def test_another_source_column_where_or_identity_is_another_recipe(other: dict[str, Any]) -> None:
    assert recipe(**other) != recipe()


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Another"},
        {"lifecycle": Lifecycle(prevent_destroy=True)},
        {"origin": FileOrigin("/elsewhere/c.csv", "c.csv")},
    ],
)
def test_what_draws_the_same_people_is_the_same_recipe_on_every_machine(other: dict[str, Any]) -> None:
    assert recipe(**other) == recipe()


@pytest.mark.parametrize("password", ["hunter2", "p@ss/w?rd", ""])
def test_nothing_of_a_connection_but_its_kind_goes_into_it(password: str) -> None:
    def of(connection: str) -> str | None:
        return recipe(QueryOrigin(Secret(connection), "select 1"))

    assert of(f"postgres://me:{password}@db.example.com/x?password={password}") == of("postgres://db")


def test_no_credential_of_a_web_address_goes_into_it() -> None:
    signed, plain = "https://me:hunter2@files.example.com/c.csv?sig=1", "https://files.example.com/c.csv"
    assert recipe(FileOrigin(signed, signed)) == recipe(FileOrigin(plain, plain))


def test_what_no_source_fills_has_none() -> None:
    assert recipe_of(audience(source=None, import_id="1"), FILES) is None
