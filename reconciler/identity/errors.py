"""What can go wrong between a source and a set. No message holds a value of anybody's row."""

from __future__ import annotations

from reconciler.errors import ReconcilerError


class IdentityError(ReconcilerError):
    """Members could not be computed."""


class UnsupportedEngineError(IdentityError):
    """`engine:` names something that does not exist."""


class EngineError(IdentityError):
    """The engine itself failed: out of memory, out of disk, or a defect of its own."""


class SourceError(IdentityError):
    """A source cannot be used as it is."""


class SourceMissingError(SourceError):
    """No file is at the path, or none matches the glob."""


class SourceUnreadableError(SourceError):
    """A file is not what its suffix says, is cut off, or does not fit the files beside it."""


class ColumnMissingError(SourceError):
    """A mapped column is not in the source."""


class ColumnTypeError(SourceError):
    """A mapped column is of a type that holds no identifiers."""


class WhereError(IdentityError):
    """`where` is not one boolean expression over the source's columns."""


class SetUnreadableError(IdentityError):
    """The file of a set is missing or damaged."""
