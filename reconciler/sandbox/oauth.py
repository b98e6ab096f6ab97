"""A code into a token, and a token given back. Source: Marketing API v1.3, authorization."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from reconciler.sandbox.access import digest_of, read_scopes
from reconciler.sandbox.apps import require_app
from reconciler.sandbox.envelope import Code, Refusal
from reconciler.sandbox.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reconciler.sandbox.database import Transaction
    from reconciler.sandbox.operations import Call

CODE_SECONDS = 60 * 60
"""How long a code lives; it works once."""


def issue_code(
    transaction: Transaction, app_id: str, user_id: str, scopes: str, advertiser_ids: Collection[str]
) -> str:
    """Return a code that stands for what a person has just granted an app."""
    code = secrets.token_hex(20)
    transaction.connection.execute(
        "INSERT INTO auth_codes VALUES (?, ?, ?, ?, ?, ?)",
        (digest_of(code), app_id, user_id, scopes, ",".join(advertiser_ids), transaction.now + CODE_SECONDS),
    )
    return code


def _give_token(call: Call) -> Mapping[str, object]:
    app_id, code = call.parameters.text("app_id"), call.parameters.text("auth_code")
    require_app(call.transaction, app_id, call.parameters.text("secret"))
    connection = call.transaction.connection
    row: tuple[str, str, str] | None = connection.execute(
        "DELETE FROM auth_codes WHERE digest = ? AND app_id = ? AND expires_at > ?"
        " RETURNING user_id, scopes, advertiser_ids",
        (digest_of(code), app_id, call.transaction.now),
    ).fetchone()
    if row is None:
        raise Refusal(Code.CODE_WRONG, "The auth_code is incorrect, has expired, or was used before.")
    user_id, scopes, spelled = row
    advertiser_ids = [each for each in spelled.split(",") if each]
    token = secrets.token_hex(20)
    connection.execute("INSERT INTO tokens VALUES (?, ?, ?, 'ACTIVE')", (digest_of(token), user_id, scopes))
    connection.executemany("INSERT INTO grants VALUES (?, ?)", [(digest_of(token), each) for each in advertiser_ids])
    return {"access_token": token, "advertiser_ids": advertiser_ids, "scope": sorted(read_scopes(scopes))}


def _take_token_back(call: Call) -> Mapping[str, object]:
    require_app(call.transaction, call.parameters.text("app_id"), call.parameters.text("secret"))
    revoked = call.transaction.connection.execute(
        "UPDATE tokens SET status = 'REVOKED' WHERE digest = ? AND status = 'ACTIVE'",
        (digest_of(call.parameters.text("access_token")),),
    )
    if not revoked.rowcount:
        raise Refusal(Code.TOKEN_WRONG, "Access token is incorrect or has been revoked.")
    return {}


OPERATIONS = (
    Operation(
        "POST",
        "/oauth2/access_token/",
        fields=frozenset({"app_id", "secret", "auth_code"}),
        scopes=frozenset(),
        answer=_give_token,
        is_open=True,
    ),
    Operation(
        "POST",
        "/oauth2/revoke_token/",
        fields=frozenset({"app_id", "secret", "access_token"}),
        scopes=frozenset(),
        answer=_take_token_back,
        is_open=True,
    ),
)
