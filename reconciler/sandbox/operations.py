"""What an endpoint is: a method, a path, the fields it knows, the scope it needs, and the function that answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reconciler.sandbox import access

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.sandbox.access import Account, Caller
    from reconciler.sandbox.database import Transaction
    from reconciler.sandbox.parameters import Parameters

BASE_PATH = "/open_api/v1.3"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, authenticated and with its fields read, inside its transaction."""

    transaction: Transaction
    caller: Caller
    parameters: Parameters

    def readable_account(self) -> Account:
        """Return the account that `advertiser_id` names, or refuse."""
        return access.readable_account(self.transaction, self.caller, self.parameters.id("advertiser_id"))

    def writable_account(self) -> Account:
        """Return the account that `advertiser_id` names, or refuse where it may not be written to."""
        return access.writable_account(self.transaction, self.caller, self.parameters.id("advertiser_id"))


@dataclass(frozen=True, slots=True)
class Operation:
    """An endpoint.

    Attributes:
        method: The one HTTP method it answers to.
        path: Below the base path, with the slash at its end.
        fields: The names of its parameters; any other is refused.
        scopes: One of these is needed on the token; none where it is empty.
        answer: Does the work and returns the envelope's `data`; raises `Refusal`.
        is_streaming: Whether the rows of `batch_data` are counted against the streaming quota instead of the
            request against the ordinary one.
        is_open: Whether it is called without a token: to get one, or to give it back.
        takes_form: Whether its fields come as ``multipart/form-data``, a file among them, instead of as JSON.
    """

    method: Literal["GET", "POST"]
    path: str
    fields: frozenset[str]
    scopes: frozenset[int]
    answer: Callable[[Call], Mapping[str, object]]
    is_streaming: bool = False
    takes_form: bool = False
    is_open: bool = False
