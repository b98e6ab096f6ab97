"""JSON into the values of `reconciler.tiktok.model`, at the door.

TikTok leaves optional fields out, sends them as null, or empty; a field that is there with another shape than
documented is an `UnreadableAnswerError`, never a guess. Shapes: Marketing API v1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.secret import Secret
from reconciler.tiktok.errors import UnreadableAnswerError
from reconciler.tiktok.model import Account, Application, Audience, AudienceKind, Edit, Role, User

if TYPE_CHECKING:
    from collections.abc import Mapping

_USAGE_MODES = {"include": "includes", "exclude": "excludes"}


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object of an answer, and the endpoint it came from, so that what is unreadable can be named.

    The readers take the names a field goes by, in order of preference, and use the first that is there.
    """

    path: str
    fields: Mapping[str, object]

    def text(self, *names: str) -> str:
        """Return a text or an id, which must be there."""
        found = self.optional_text(*names)
        if found is None:
            raise self._unreadable(names[0], None)
        return found

    def optional_text(self, *names: str) -> str | None:
        """Return a text or an id, or None where it is missing or empty."""
        found = self._find(*names)
        if found is None or found == "":
            return None
        return self._as_text(names[0], found)

    def count(self, *names: str) -> int | None:
        """Return a whole number that is not negative, or None where it is missing."""
        found = self._find(*names)
        if isinstance(found, str) and _is_whole_number(found):
            found = int(found)
        if found is None or (isinstance(found, int) and not isinstance(found, bool) and found >= 0):
            return found
        raise self._unreadable(names[0], found)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return true or false, or `default` where it is missing."""
        found = self._find(name)
        if found is None:
            return default
        if isinstance(found, bool):
            return found
        raise self._unreadable(name, found)

    def moment(self, name: str) -> datetime | None:
        """Return a time in UTC, or None where it is missing; TikTok writes ``YYYY-MM-DD HH:MM:SS``, meaning GMT."""
        written = self.optional_text(name)
        if written is None:
            return None
        read = _as_moment(written)
        if read is None:
            raise self._unreadable(name, written)
        return read

    def logged_moment(self, name: str) -> datetime | None:
        """Return when a line of a log was written, or None also where its time cannot be read.

        Nothing is decided by such a time, and a line tells who did what without it.
        """
        written = self.optional_text(name)
        return None if written is None else _as_moment(written)

    def ids(self, *names: str) -> tuple[str, ...]:
        """Return a list of ids, empty where it is missing."""
        found = self._find(*names)
        if found is None:
            return ()
        if not isinstance(found, list):
            raise self._unreadable(names[0], found)
        return tuple(self._as_text(names[0], each) for each in found)

    def numbers(self, name: str) -> frozenset[int] | None:
        """Return a list of whole numbers, each as JSON's or as text, or None where it is missing."""
        found = self._find(name)
        if found is None:
            return None
        if not isinstance(found, list):
            raise self._unreadable(name, found)
        texts = [self._as_text(name, each) for each in found]
        if wrong := [each for each in texts if not _is_whole_number(each)]:
            raise self._unreadable(name, wrong[0])
        return frozenset(map(int, texts))

    def secret(self, name: str) -> Secret:
        """Return a credential, which must be there; unlike other fields it is never quoted."""
        found = self._find(name)
        if not isinstance(found, str) or not found:
            raise UnreadableAnswerError(f'its "{name}" is missing, or no text', passing=False, path=self.path)
        return Secret(found)

    def record(self, name: str) -> Record | None:
        """Return an object inside this one, or None where it is missing."""
        found = self._find(name)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise self._unreadable(name, found)
        return Record(self.path, found)

    def records(self, *names: str) -> list[Record]:
        """Return a list of objects, which must be there."""
        found = self._find(*names)
        if not isinstance(found, list):
            raise self._unreadable(names[0], found)
        return [self._as_record(names[0], each) for each in found]

    def optional_records(self, name: str) -> list[Record]:
        """Return a list of objects, empty where it is missing."""
        return [] if self._find(name) is None else self.records(name)

    def _find(self, *names: str) -> object:
        return next((self.fields[name] for name in names if self.fields.get(name) is not None), None)

    def _as_text(self, name: str, found: object) -> str:
        if isinstance(found, str):
            return found
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        raise self._unreadable(name, found)

    def _as_record(self, name: str, found: object) -> Record:
        if isinstance(found, dict):
            return Record(self.path, found)
        raise self._unreadable(name, found)

    def _unreadable(self, name: str, found: object) -> UnreadableAnswerError:
        shape = "missing" if found is None else f"not as documented, but {found!r}"
        said = f'its "{name}" is {shape}'
        return UnreadableAnswerError(said, passing=False, path=self.path)


def _is_whole_number(written: str) -> bool:
    """Whether a text is a number of 64 bits at most: Python refuses to read one of thousands of digits."""
    return written.isascii() and written.isdecimal() and len(written) <= 19


def _as_moment(written: str) -> datetime | None:
    """Return a time in UTC, or None where `written` is none; digits alone count seconds, or milliseconds, since 1970.

    Digits are told apart first: ISO 8601 without dashes would read a year from the front of them.
    """
    try:
        if written.isdecimal():
            per_second = {10: 1, 13: 1000}.get(len(written))
            return datetime.fromtimestamp(int(written) / per_second, UTC) if per_second else None
        read = datetime.fromisoformat(written)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def user(record: Record) -> User:
    """Read whose token it is, from ``user/info/``."""
    return User(
        user_id=record.text("core_user_id"),
        name=record.optional_text("display_name") or "",
        email=record.optional_text("email") or "",
    )


def account(record: Record) -> Account:
    """Read an account from ``advertiser/info/``; its role comes from elsewhere."""
    return Account(
        advertiser_id=record.text("advertiser_id"),
        name=record.optional_text("name") or "",
        status=record.text("status"),
        currency=record.optional_text("currency") or "",
        timezone=record.optional_text("timezone") or "",
    )


def role(record: Record) -> Role:
    """Read the role on an account from ``bc/asset/get/``; one that is new to this tool is unknown."""
    spelled = record.optional_text("advertiser_role")
    return Role(spelled) if spelled in list(Role) else Role.UNKNOWN


def audience(record: Record) -> Audience:
    """Read an audience: lists call its kind ``audience_type``, details ``type``."""
    lookalike = record.record("lookalike_spec")
    return Audience(
        audience_id=record.text("audience_id", "custom_audience_id"),
        name=record.text("name"),
        kind=AudienceKind.read(record.text("audience_type", "type")),
        cover_num=record.count("cover_num") or 0,
        is_valid=record.flag("is_valid", default=False),
        sub_type=record.optional_text("audience_sub_type") or "NORMAL",
        is_expiring=record.flag("is_expiring", default=False),
        is_creator=record.flag("is_creator", default=True),
        shared=record.flag("shared", default=False),
        owner_id=record.optional_text("owner_id"),
        created_at=record.moment("create_time"),
        expires_at=record.moment("expired_time"),
        calculate_type=record.optional_text("calculate_type"),
        source_audience_id=lookalike.optional_text("source_audience_id") if lookalike else None,
        error_msg=record.optional_text("error_msg") or "",
    )


def edit(record: Record) -> Edit:
    """Read one line of an audience's history."""
    return Edit(
        action=record.optional_text("action") or "",
        detail=record.optional_text("action_detail") or "",
        editor=record.optional_text("editor") or "",
        message=record.optional_text("msg") or "",
        at=record.logged_moment("opt_time"),
    )


def application(record: Record) -> Application:
    """Read one line of the application log."""
    spelled = (record.optional_text("usage_mode") or "").lower()
    return Application(
        audience_id=record.text("audience_id", "custom_audience_id"),
        adgroup_id=record.optional_text("adgroup_id") or "",
        adgroup_name=record.optional_text("adgroup_name") or "",
        mode=_USAGE_MODES.get(spelled, "uses"),
        editor=record.optional_text("editor") or "",
        at=record.logged_moment("action_timestamp"),
    )
