"""From a request to its answer: one transaction each, whatever comes of it.

The order is TikTok's as far as it shows: a fault of the network comes first, then the path, the method, the
token, the fields, the rate limits, the scope, and last what the endpoint itself has to say.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.sandbox import (
    accounts,
    adgroups,
    custom_audiences,
    faults,
    file_audiences,
    limits,
    oauth,
    population,
    sharing,
    streaming,
)
from reconciler.sandbox.access import NOBODY, identify, require_scope
from reconciler.sandbox.envelope import Code, Refusal, accepted, invalid, refused
from reconciler.sandbox.operations import BASE_PATH, Call
from reconciler.sandbox.parameters import Parameters
from reconciler.sandbox.requests import LoggedRequest, log

if TYPE_CHECKING:
    from reconciler.sandbox.database import Database, Transaction
    from reconciler.sandbox.envelope import Answer
    from reconciler.sandbox.forms import Form
    from reconciler.sandbox.operations import Operation

OPERATIONS: dict[str, Operation] = {
    BASE_PATH + operation.path: operation
    for family in (accounts, adgroups, custom_audiences, file_audiences, oauth, sharing, streaming)
    for operation in family.OPERATIONS
}
"""Every endpoint, by its whole path."""


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came over HTTP.

    Attributes:
        method: HTTP's method.
        path: The whole path.
        query: Names and values, decoded, in order.
        token: The Access-Token header, or None.
        content_type: The Content-Type header, or "".
        body: The body's bytes; of a form, what it says apart from its files.
        form: The form the body is, or None.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    token: str | None
    content_type: str
    body: bytes
    form: Form | None = None

    @property
    def short_path(self) -> str:
        """The path below the base path, or the whole path where it is not below it."""
        return self.path.removeprefix(BASE_PATH) if self.path.startswith(f"{BASE_PATH}/") else self.path


def answer(database: Database, received: Received) -> Answer:
    """Answer a request. What it wrote is committed when this returns, and only if it was accepted."""
    try:
        with database.transaction() as transaction:
            return _answer_or_fault(transaction, received)
    except sqlite3.Error as error:
        return refused(Refusal(Code.SERVICE_FAULT, f"The local TikTok's database failed: {error}."))


def _answer_or_fault(transaction: Transaction, received: Received) -> Answer:
    fault = faults.due(transaction, received.method, received.path, received.body)
    answer, asked = (faults.answer_to(fault) if fault else None), None
    if answer is None:
        answer, asked = _respond(transaction, received)
        if fault:
            answer = faults.BROKEN
    log(
        transaction,
        LoggedRequest(
            method=received.method,
            path=received.short_path,
            code=answer.code,
            advertiser_id=asked.account() if asked else None,
            rows=asked.count("batch_data") if asked else 0,
        ),
    )
    return answer


def _respond(transaction: Transaction, received: Received) -> tuple[Answer, Parameters | None]:
    """Return the answer, and the fields where they could be read."""
    asked: Parameters | None = None
    try:
        operation = _find(received)
        caller = NOBODY if operation.is_open else identify(transaction, received.token)
        asked = _read(received, operation)
        limits.count(transaction, is_streaming=operation.is_streaming, rows=asked.count("batch_data"))
        require_scope(caller, operation.scopes)
        settle = population.settle_what_is_due if operation.is_streaming else population.settle
        settle(transaction)
        with transaction.savepoint():
            return accepted(operation.answer(Call(transaction, caller, asked))), asked
    except Refusal as refusal:
        return refused(refusal), asked


def _find(received: Received) -> Operation:
    operation = OPERATIONS.get(received.path)
    if operation is None:
        slash = " (paths end in a slash)" if f"{received.path}/" in OPERATIONS else ""
        raise Refusal(
            Code.UNSUPPORTED_PATH,
            f"The local TikTok has no endpoint {received.path}{slash}.",
            http_status=404,
        )
    if received.method != operation.method:
        raise Refusal(
            Code.UNSUPPORTED_PATH,
            f"{received.path} does not answer to {received.method}, only to {operation.method}.",
            http_status=405,
        )
    return operation


def _read(received: Received, operation: Operation) -> Parameters:
    if operation.method == "GET":
        return Parameters.from_query(received.query, operation.fields)
    if received.query:
        raise invalid(received.query[0][0], "A POST takes its fields in the body.")
    if operation.takes_form:
        return Parameters.from_form(received.form, received.content_type, operation.fields)
    return Parameters.from_body(received.body, received.content_type, operation.fields)
