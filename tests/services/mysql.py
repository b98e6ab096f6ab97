"""MySQL's wire protocol for tests, with DuckDB behind it: the connection is real, what the SQL means is not MySQL's."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import duckdb
import sqlglot
from mysql_mimic import IdentityProvider, MysqlServer, NativePasswordAuthPlugin, ResultColumn, ResultSet, Session, User
from mysql_mimic.errors import ErrorCode, MysqlError
from mysql_mimic.types import ColumnType

if TYPE_CHECKING:
    from collections.abc import Iterator

USER: Final = "reader"
_TYPES: Final = {
    "BIGINT": ColumnType.LONGLONG,
    "INTEGER": ColumnType.LONG,
    "DOUBLE": ColumnType.DOUBLE,
    "DATE": ColumnType.DATE,
    "TIMESTAMP": ColumnType.DATETIME,
}


class _Session(Session):  # type: ignore[misc]  # mysql-mimic has no types
    async def query(self, expression: Any, sql: str, attrs: Any) -> Any:
        with duckdb.connect(":memory:") as connection:
            try:
                found = connection.execute(sqlglot.transpile(sql, read="mysql", write="duckdb")[0])
            except duckdb.Error:
                raise MysqlError("Table 'people.missing' doesn't exist", ErrorCode.UNKNOWN_ERROR) from None
            columns = [
                ResultColumn(each[0], _TYPES.get(str(each[1]), ColumnType.VARCHAR)) for each in found.description
            ]
            return ResultSet(found.fetchall(), columns)


class _OneUser(IdentityProvider):  # type: ignore[misc]  # mysql-mimic has no types
    def __init__(self, password: str) -> None:
        self._hashed = NativePasswordAuthPlugin.create_auth_string(password)

    async def get_user(self, username: str) -> User | None:
        return User(username, self._hashed, NativePasswordAuthPlugin.name) if username == USER else None


@contextmanager
def running(password: str) -> Iterator[int]:
    """Start a server on loopback that lets `USER` in; yield its port, and stop it at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = MysqlServer(session_factory=_Session, identity_provider=_OneUser(password))
    try:
        asyncio.run_coroutine_threadsafe(server.start_server(host="127.0.0.1", port=0), loop).result()
        yield server.sockets()[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
