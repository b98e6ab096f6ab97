"""A JSON object read back field by field, for documents too large or too many for a schema."""

from __future__ import annotations


class Fields:
    """A JSON object whose fields are each read as the one kind they were written as.

    Raises:
        ValueError: It is no object; each reader: the field is missing or of another kind, which it names.
    """

    __slots__ = ("_fields",)

    def __init__(self, value: object) -> None:
        if not isinstance(value, dict):
            raise ValueError(f"{type(value).__name__} stands in place of an object")  # noqa: TRY004  # one kind of damage
        self._fields: dict[str, object] = value

    def text(self, name: str) -> str:
        """Return a text."""
        value = self._fields.get(name)
        if not isinstance(value, str):
            raise self._wrong(name)
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None where there is none."""
        return None if self._fields.get(name) is None else self.text(name)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._fields.get(name)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self._wrong(name)
        return tuple(value)

    def optional_texts(self, name: str) -> tuple[str, ...] | None:
        """Return a list of texts, or None where there is none."""
        return None if self._fields.get(name) is None else self.texts(name)

    def flag(self, name: str) -> bool:
        """Return true or false."""
        value = self._fields.get(name)
        if not isinstance(value, bool):
            raise self._wrong(name)
        return value

    def number(self, name: str) -> float:
        """Return a number."""
        value = self._fields.get(name)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise self._wrong(name)
        return float(value)

    def count(self, name: str) -> int:
        """Return a whole number that is not negative."""
        value = self._fields.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._wrong(name)
        return value

    def optional_count(self, name: str) -> int | None:
        """Return a whole number that is not negative, or None where there is none."""
        return None if self._fields.get(name) is None else self.count(name)

    def listed(self, name: str) -> list[Fields]:
        """Return a list of objects."""
        value = self._fields.get(name)
        if not isinstance(value, list):
            raise self._wrong(name)
        return [Fields(each) for each in value]

    def named(self, name: str) -> list[tuple[str, Fields]]:
        """Return an object of objects, each with its key."""
        value = self._fields.get(name)
        if not isinstance(value, dict):
            raise self._wrong(name)
        return [(key, Fields(each)) for key, each in value.items()]

    def _wrong(self, name: str) -> ValueError:
        return ValueError(f'its "{name}" is missing or of another kind')
