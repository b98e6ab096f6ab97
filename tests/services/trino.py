"""Trino's protocol for tests, with DuckDB behind it: the connection is real, what the SQL means is not Trino's."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

import duckdb
import sqlglot

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPES: Final = {"BIGINT": "bigint", "INTEGER": "integer", "DOUBLE": "double", "DATE": "date"}
_PAGE: Final = 1000


def _column(name: str, type_: str) -> dict[str, Any]:
    arguments = [{"kind": "LONG", "value": 2**31 - 1}] if type_ == "varchar" else []
    return {"name": name, "type": type_, "typeSignature": {"rawType": type_, "arguments": arguments}}


def _pages(sql: str) -> list[dict[str, Any]]:
    with duckdb.connect(":memory:") as connection:
        try:
            found = connection.execute(sqlglot.transpile(sql, read="trino", write="duckdb")[0])
        except duckdb.Error:
            said = {"message": "line 1:1: Table 'people.missing' does not exist", "errorName": "TABLE_NOT_FOUND"}
            return [{"error": {**said, "errorType": "USER_ERROR", "errorCode": 46}}]
        columns = [_column(each[0], _TYPES.get(str(each[1]), "varchar")) for each in found.description]
        rows = json.loads(json.dumps(found.fetchall(), default=str))
    return [{"columns": columns, "data": rows[at : at + _PAGE]} for at in range(0, max(1, len(rows)), _PAGE)]


@contextmanager
def running() -> Iterator[str]:
    """Start a server on loopback; yield its ``host:port``, and stop it at the end."""
    queries: list[list[dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            queries.append(_pages(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self._answer(len(queries) - 1, 0)

        def do_GET(self) -> None:
            query, page = self.path.split("/")[-2:]
            self._answer(int(query), int(page))

        def do_DELETE(self) -> None:
            self._send(204, b"")

        def _answer(self, query: int, page: int) -> None:
            answer = {"id": str(query), "infoUri": "", "stats": {"state": "RUNNING"}, **queries[query][page]}
            if page + 1 < len(queries[query]):
                answer["nextUri"] = f"http://{self.headers['Host']}/v1/statement/{query}/{page + 1}"
            self._send(200, json.dumps(answer).encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
