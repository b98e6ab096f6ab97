"""Members: rows → normalised, hashed, distinct identifiers, and the difference between two sets of them."""

from reconciler.identity.engine import Engine
from reconciler.identity.errors import (
    ColumnMissingError,
    ColumnTypeError,
    EngineError,
    IdentityError,
    SetUnreadableError,
    SourceError,
    SourceMissingError,
    SourceUnreadableError,
    UnsupportedEngineError,
    WhereError,
)
from reconciler.identity.model import Delivered, Delta, Rejected, SetSummary

__all__ = [
    "ColumnMissingError",
    "ColumnTypeError",
    "Delivered",
    "Delta",
    "Engine",
    "EngineError",
    "IdentityError",
    "Rejected",
    "SetSummary",
    "SetUnreadableError",
    "SourceError",
    "SourceMissingError",
    "SourceUnreadableError",
    "UnsupportedEngineError",
    "WhereError",
]
