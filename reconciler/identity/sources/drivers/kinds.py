"""The kinds of database there are, by the scheme of their URL."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from reconciler.identity.errors import SourceError
from reconciler.identity.sources.drivers.adbc import open_bigquery, open_postgres, open_snowflake
from reconciler.identity.sources.drivers.cursors import open_databricks, open_mysql, open_trino
from reconciler.identity.sources.drivers.duckdb_file import open_duckdb
from reconciler.identity.sources.drivers.model import Driver
from reconciler.identity.sources.drivers.sqlite import open_sqlite

_POSTGRES: Final = Driver(
    "PostgreSQL", "postgres", open_postgres, ("adbc_driver_manager", "adbc_driver_postgresql"), "postgres"
)
_MYSQL: Final = Driver("MySQL", "mysql", open_mysql, ("pymysql",), "mysql")
_DRIVERS: Final = {
    "postgres": _POSTGRES,
    "postgresql": _POSTGRES,
    "sqlite": Driver("SQLite", "sqlite", open_sqlite, ("adbc_driver_manager", "adbc_driver_sqlite"), "sqlite"),
    "duckdb": Driver("DuckDB", "duckdb", open_duckdb),
    "snowflake": Driver(
        "Snowflake", "snowflake", open_snowflake, ("adbc_driver_manager", "adbc_driver_snowflake"), "snowflake"
    ),
    "bigquery": Driver(
        "BigQuery", "bigquery", open_bigquery, ("adbc_driver_manager", "adbc_driver_bigquery"), "bigquery"
    ),
    "databricks": Driver("Databricks", "databricks", open_databricks, ("databricks.sql",), "databricks"),
    "trino": Driver("Trino", "trino", open_trino, ("trino",), "trino"),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
}


def driver_for(scheme: str) -> Driver:
    """Return the driver for a URL's scheme.

    Raises:
        SourceError: There is none.
    """
    if scheme in _DRIVERS:
        return _DRIVERS[scheme]
    if not scheme:
        raise SourceError(
            "the connection is not a URL", hint="It begins with the kind of database, for example postgresql://."
        )
    close = get_close_matches(scheme, _DRIVERS, n=1)
    guess = f"Did you mean {close[0]}://? " if close else ""
    raise SourceError(f"no database is spoken to by {scheme}://", hint=f"{guess}There are: {', '.join(_DRIVERS)}.")
