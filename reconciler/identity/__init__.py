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
from reconciler.identity.model import Delivered, Delta, Direction, Leg, Rejected, Selection, SetSummary
from reconciler.identity.sets.mappings import Mappings
from reconciler.identity.sets.route import MOST_LEGS, Route

__all__ = [
    "MOST_LEGS",
    "ColumnMissingError",
    "ColumnTypeError",
    "Delivered",
    "Delta",
    "Direction",
    "Engine",
    "EngineError",
    "IdentityError",
    "Leg",
    "Mappings",
    "Rejected",
    "Route",
    "Selection",
    "SetSummary",
    "SetUnreadableError",
    "SourceError",
    "SourceMissingError",
    "SourceUnreadableError",
    "UnsupportedEngineError",
    "WhereError",
]
