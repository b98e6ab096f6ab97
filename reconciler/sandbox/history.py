"""What is remembered of an audience: who did what to it, and when. Every change leaves a line, by whatever way it came.

The vendor publishes no list of its actions, so these are called what the local TikTok's own words for them are.
Source: Marketing API v1.3, audience details.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox.database import spell_time

if TYPE_CHECKING:
    from reconciler.sandbox.database import Transaction

API_EDITOR = "open_api"
"""The editor of a change that came through the API."""

MEMBERS_CHANGED = "Update members"
"""The action of a change of members."""


def remember(transaction: Transaction, audience_no: int, action: str, detail: str, editor: str = API_EDITOR) -> None:
    """Add a line to the history."""
    transaction.connection.execute(
        "INSERT INTO audience_history VALUES (NULL, ?, ?, ?, ?, ?)",
        (audience_no, action, detail, editor, transaction.now),
    )


def remember_streaming(transaction: Transaction, audience_no: int) -> None:
    """Note that members were streamed in or out.

    A large audience arrives in hundreds of requests, so a line that would follow one just like it moves that one.
    """
    line = (MEMBERS_CHANGED, "by segment/mapping", API_EDITOR)
    newest: tuple[int, str, str, str] | None = transaction.connection.execute(
        "SELECT entry_no, action, action_detail, editor FROM audience_history"
        " WHERE audience_no = ? ORDER BY entry_no DESC LIMIT 1",
        (audience_no,),
    ).fetchone()
    if newest is not None and newest[1:] == line:
        transaction.connection.execute(
            "UPDATE audience_history SET opt_time = ? WHERE entry_no = ?", (transaction.now, newest[0])
        )
    else:
        remember(transaction, audience_no, *line)


def newest_lines(transaction: Transaction, audience_no: int, size: int) -> list[dict[str, str]]:
    """Return the newest `size` lines as the details of an audience show them, the newest first."""
    rows: list[tuple[str, str, str, int]] = transaction.connection.execute(
        "SELECT action, action_detail, editor, opt_time FROM audience_history"
        " WHERE audience_no = ? ORDER BY entry_no DESC LIMIT ?",
        (audience_no, size),
    ).fetchall()
    return [
        {
            "action": action,
            "action_detail": detail,
            "editor": editor,
            "msg": "",
            "opt_time": spell_time(opt_time),
        }
        for action, detail, editor, opt_time in rows
    ]
