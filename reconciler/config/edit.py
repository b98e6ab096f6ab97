"""Adding audiences to a file that people wrote, every other byte of which stays as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import yaml

from reconciler.config.canonical import meaning
from reconciler.config.canonical.scalars import quoted
from reconciler.config.canonical.trivia import BREAKS, column_of
from reconciler.config.compose import compose
from reconciler.config.write import entry, fields
from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.config.canonical import Meaning
    from reconciler.config.write import Adopted

_LOADER: Final[type[yaml.SafeLoader | yaml.CSafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SECTION: Final = "audiences"
_BLANK_LINE: Final = re.compile(r"\n[ \t]*\r?\n")
_LINE_BREAK: Final = re.compile(f"\r\n|[{BREAKS}]")
_COMMENT: Final = re.compile(f"#[^{BREAKS}]*")


class UneditableError(ReconcilerError):
    """The file is laid out so that nothing can be added without touching what stands there."""

    def __init__(self, shown: str) -> None:
        super().__init__(
            f"nothing can be added under {_SECTION} in {shown} without touching what stands there",
            hint="It was left as it is. Write the audiences to a file of their own with -o, and merge that by hand.",
        )


def with_audiences(shown: str, text: str, advertiser: str, added: Mapping[str, Adopted]) -> str:
    """Return a file with more audiences declared, after those it has; every other character stays.

    Args:
        shown: The file's name in messages.
        text: The file's text, which configuration can be read from.
        advertiser: Key of the account they are in.
        added: The audiences by key, none of which the file has.

    Raises:
        UneditableError: Aliases, merged keys or other unusual YAML stand in the way.
    """
    line_break = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    addition = _Addition(advertiser, added, line_break)
    edited = _edited(text, addition)
    if edited is None or _meaning(edited) != _with_more(_meaning(text), addition):
        raise UneditableError(shown)
    return edited


@dataclass(frozen=True, slots=True)
class _Addition:
    """What is to be declared."""

    advertiser: str
    added: Mapping[str, Adopted]
    line_break: str

    def in_block(self, indent: int, *, is_apart: bool = False) -> str:
        """Return it in block style, with a blank line before each where they are to stand apart."""
        lines: list[str] = []
        for key, each in self.added.items():
            lines += [""] if is_apart else []
            lines += [" " * indent + line for line in entry(self.advertiser, key, each)]
        return self.line_break.join([*lines, ""])

    def in_braces(self) -> str:
        """Return it as it stands between braces."""
        written = (f"{key}: {_flow(fields(self.advertiser, each, quoted))}" for key, each in self.added.items())
        return f",{self.line_break}  ".join(written)

    def section(self) -> str:
        """Return it as a section of its own, in block style."""
        return f"{_SECTION}:{self.line_break}{self.in_block(2)}"


def _flow(written: Mapping[str, str | dict[str, str]]) -> str:
    shown = (f"{key}: {value if isinstance(value, str) else _flow(value)}" for key, value in written.items())
    return f"{{{', '.join(shown)}}}"


def _edited(text: str, addition: _Addition) -> str | None:
    """Return the file with the addition in it, or None where there is no place for it."""
    events = list(yaml.parse(text, Loader=_LOADER))
    root = events[2 : _after(events, 2)]
    section = _section(root)
    if not section and _is_flow(root):
        return _between(text, root, f"{_SECTION}: {{{addition.in_braces()}}}")
    if not section:
        at = _past_comments(text, _end(root), column=0)
        return _inserted(text, at, addition.line_break + addition.section(), addition.line_break)
    if not isinstance(section[0], yaml.MappingStartEvent):
        return None
    if not _is_flow(section):
        column = column_of(text, _start(section[1]))
        is_apart = _BLANK_LINE.search(text, _start(section[1]), _end(section)) is not None
        written = addition.in_block(column, is_apart=is_apart)
        return _inserted(text, _past_comments(text, _end(section), column), written, addition.line_break)
    close = _start(section[-1])
    if text[close - 1] == "{" and not _is_flow(root):
        before = text[: close - 1].rstrip(" ")
        bare = before + text[close + 1 :]
        return _inserted(bare, _next_line(bare, len(before)), addition.in_block(2), addition.line_break)
    return _between(text, section, addition.in_braces())


def _between(text: str, braces: Sequence[yaml.Event], written: str) -> str:
    """Put `written` before the closing brace of a mapping, after a comma where one is needed."""
    close = _start(braces[-1])
    behind = _COMMENT.sub("", text[_end(braces[:-1]) : close])
    comma = ", " if len(braces) > 2 and "," not in behind else ""
    return text[:close] + comma + written + text[close:]


def _inserted(text: str, at: int, written: str, line_break: str) -> str:
    """Put whole lines at the beginning of a line, or behind a last one that lacks its line break."""
    missing = line_break if at and text[at - 1] not in BREAKS else ""
    return text[:at] + missing + written + text[at:]


def _past_comments(text: str, end: int, column: int) -> int:
    """Return where the line after `end` begins, and after the comments there that stand at `column` or deeper."""
    at = following = end if text[end - 1] in BREAKS else _next_line(text, end)
    while following < len(text):
        start, following = following, _next_line(text, following)
        content = text[start:following].strip()
        if content and not (content.startswith("#") and text.index("#", start) - start >= column):
            break
        at = following if content else at
    return at


def _next_line(text: str, at: int) -> int:
    found = _LINE_BREAK.search(text, at)
    return found.end() if found else len(text)


def _section(root: Sequence[yaml.Event]) -> Sequence[yaml.Event]:
    """Return the events of the value of ``audiences``; none where the file has no such key."""
    at = 1
    while at < len(root) - 1:
        key, value = root[at], at + 1
        at = _after(root, value)
        if isinstance(key, yaml.ScalarEvent) and key.value == _SECTION:
            return root[value:at]
    return ()


def _after(events: Sequence[yaml.Event], first: int) -> int:
    """Return the index behind the value that begins with the event at `first`."""
    depth = 0
    for index in range(first, len(events)):
        event = events[index]
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth == 0:
            return index + 1
    raise ValueError(first)  # pragma: no cover - every collection ends


def _is_flow(events: Sequence[yaml.Event]) -> bool:
    return isinstance(events[0], yaml.CollectionStartEvent) and bool(events[0].flow_style)


def _end(events: Sequence[yaml.Event]) -> int:
    """Return where the text of a value ends. A block ends where the next value begins, so its last one counts."""
    ends = ((_start(each), each.end_mark.index if each.end_mark else 0) for each in events)
    return max(end for start, end in ends if end > start)


def _start(event: yaml.Event) -> int:
    return event.start_mark.index if event.start_mark else 0


def _meaning(text: str) -> Meaning:
    root, problems = compose("", text)
    return {} if root is None or problems else meaning(root)


def _with_more(before: Meaning, addition: _Addition) -> Meaning:
    """Return what the file should say with the addition in it."""
    new = _meaning(addition.section())
    if not isinstance(before, dict) or not isinstance(new, dict):
        return before
    declared, more = before.get(_SECTION, {}), new[_SECTION]
    if not isinstance(declared, dict) or not isinstance(more, dict):
        return before
    return {**before, _SECTION: {**declared, **more}}
