"""Files of audiences as people lay them out: every key order, indentation, quote, anchor and place for a comment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Draw: TypeAlias = "Callable[[st.SearchStrategy[object]], object]"

SECTIONS = ("version", "state", "engine", "advertisers", "sources", "audiences", "moved", "removed", "x")
FIELDS = ("advertiser", "name", "source", "where", "identities", "delivery", "file", "lifecycle", "import", "x")
CHOSEN = ("beta", "alpha", "gamma", "delta")
STEPS = ("from", "to", "destroy")

_SCALARS = (
    "word", "two words", "'7300000000000000042'", '"7300000000000000042"', "12", "1e5", "true", "null", "~", "NO",
    "yes", "2024-01-01", "0x1F", "${TOKEN}", "'it''s'", '"a: b # c"', '"tab\\t"', "'say \"x\"'", "a#b", "日本 🎉",
    '"\\u202e"', "'true'", '"1.5"', "{a: [1, 'b']}", "[]", "{}", "'say: \\ '", "!!str 12", "! word", "a >= 1",
    '"y"', "'~'",
)  # fmt: skip
_REMARKS = ("", "no space", " ünï", ": {}[]", " \t#x\t", " ${VAR}", " 'quote", "- item")
_TEXTS: tuple[tuple[str, list[str]], ...] = (
    ("|", ["one", "  two  ", "", "# three"]),
    ("|-", ["one", "\ttwo"]),
    ("|+", ["one", "", ""]),
    (">", ["one", "two", "", " three"]),
    (">2-", ["  one", "two"]),
    ("|2+", ["   one", ""]),
    (">+ # why", ["one", ""]),
    ("|", []),
)
_LONG = (
    ("one", ["two", "", "three"]),
    ('"one', ["two \\", "", '   three: # x"']),
    ("'one", ["", "two'"]),
    ("{a: 1,", ["b: 2}"]),
    ("[one, # inside", ["two,", "]"]),
    ("{ # inside", ["", "  a: {b: 1}", "}"]),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """A file.

    Attributes:
        text: What it says.
        above: Comment → what it stands above.
        beside: Comment → what it shares a line with.
        others: Comments elsewhere.
    """

    text: str
    above: dict[str, str]
    beside: dict[str, str]
    others: list[str]


@dataclass
class _Author:
    draw: Callable[..., object]
    lines: list[str] = field(default_factory=list)
    above: dict[str, str] = field(default_factory=dict)
    beside: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    anchors: list[tuple[str, bool]] = field(default_factory=list)
    count: int = 0

    def number(self, low: int, high: int) -> int:
        drawn = self.draw(st.integers(low, high))
        assert isinstance(drawn, int)
        return drawn

    def one_of(self, choices: Sequence[str]) -> str:
        return str(self.draw(st.sampled_from(choices)))

    def chance(self, percent: int) -> bool:
        return self.number(0, 99) >= 100 - percent

    def comment(self) -> str:
        self.count += 1
        return f"#{self.count}.{self.one_of(_REMARKS)}"

    def above_of(self, what: str, indent: int) -> None:
        for _ in range(self.number(0, 2) if self.chance(40) else 0):
            if self.chance(40):
                self.lines.append(" " * self.number(0, 3))
            else:
                comment = self.comment()
                self.above[comment.rstrip()] = what
                self.lines.append(" " * indent + comment + " " * self.number(0, 1))

    def other(self, indent: int) -> None:
        comment = self.comment()
        self.others.append(comment.rstrip())
        self.lines.append(" " * indent + comment)

    def mapping(self, names: Sequence[str], indent: int, depth: int, first: str = "") -> None:
        keys = self.draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=4))
        assert isinstance(keys, list)
        if self.mappings() and self.chance(30):
            keys.insert(self.number(0, len(keys)), "<<")
        for key in keys:
            if not first:
                self.above_of(key, indent)
            head = first or " " * indent
            first = ""
            if key != "<<":
                self.pair(head, key, indent, depth)
            elif mappings := self.mappings():
                self.lines.append(f"{head}<<: *{self.one_of(mappings)}")
            else:
                self.lines.append(f"{head}<<: {{}}")
        if self.chance(20):
            self.other(indent)

    def mappings(self) -> list[str]:
        return [name for name, is_mapping in self.anchors if is_mapping]

    def pair(self, head: str, key: str, indent: int, depth: int) -> None:
        written = self.one_of([key, key, key, f'"{key}"', f"'{key}'"])
        colon = ":" + " " * self.number(1, 3)
        if self.chance(8):
            between = "\n" + " " * indent
            head, colon = f"{head}? ", f"{between}: "
        name = self.one_of(["p", "q", "r"]) if self.chance(25) else ""
        opening = f"{head}{written}{colon}" + (f"&{name} " if name else "")
        self.anchors = [each for each in self.anchors if each[0] != name]  # none may contain itself
        is_mapping = self.value(opening, key, indent, depth)
        if name:
            self.anchors = [each for each in self.anchors if each[0] != name] + [(name, is_mapping)]

    def value(self, opening: str, key: str, indent: int, depth: int) -> bool:
        """Write a value after `opening`; tell whether it is a mapping in block style."""
        kind = self.number(0, 9 if depth else 6)
        deeper = indent + self.number(1, 4)
        if kind >= 7:
            self.lines.append(opening.rstrip() + (self.remark_on(key) if self.chance(30) else ""))
            if kind == 7:
                self.sequence(indent + self.number(0, 3), depth - 1, is_flush=indent)
                return False
            self.mapping(FIELDS if depth == 1 else CHOSEN, deeper, depth - 1)
            return True
        if kind == 6:
            header, content = _TEXTS[self.number(0, len(_TEXTS) - 1)]
            inner = indent + 2 if "2" in header else deeper
            self.lines.append(opening + header)
            self.lines += [" " * inner + line if line else "" for line in content]
            self.others += ["# why"] if "# why" in header else []
        elif kind == 5:
            start, rest = _LONG[self.number(0, len(_LONG) - 1)]
            if self.chance(30) and "&" not in opening:
                self.lines.append(opening.rstrip())
                opening = " " * deeper
            self.lines.append(opening + start)
            self.lines += [" " * deeper + line if line else "" for line in rest]
            self.others += ["# inside"] if "# inside" in start else []
            if self.chance(20) and rest[-1].endswith(("}", "]")):
                self.lines[-1] += self.remark_elsewhere()
        elif kind == 4 and self.anchors and "&" not in opening:
            self.lines.append(f"{opening}*{self.one_of([name for name, _ in self.anchors])}")
        elif kind == 3:
            self.lines.append(opening.rstrip() + (self.remark_on(key) if self.chance(40) else ""))
        else:
            self.lines.append(opening + self.one_of(_SCALARS) + (self.remark_on(key) if self.chance(40) else ""))
        return False

    def sequence(self, indent: int, depth: int, is_flush: int) -> None:
        for _ in range(self.number(1, 3)):
            item = f"i{self.count}"
            self.count += 1
            gap = " " * self.number(1, 3)
            if depth > 0 and self.chance(50):
                self.mapping(STEPS, indent + 1 + len(gap), 0, first=f"{' ' * indent}-{gap}")
            else:
                self.above_of(item, indent)
                self.lines.append(f"{' ' * indent}-{gap}{item}" + (self.remark_on(item) if self.chance(30) else ""))
        if indent > is_flush and self.chance(20):
            self.other(indent)

    def remark_on(self, key: str) -> str:
        comment = self.comment()
        self.beside[comment.rstrip()] = key
        return " " * self.number(1, 9) + comment

    def remark_elsewhere(self) -> str:
        comment = self.comment()
        self.others.append(comment.rstrip())
        return f" {comment}"


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """Draw a file that configuration can be read from, if not one that holds."""
    author = _Author(draw)
    if author.chance(20):
        author.lines.append("---" + (author.remark_elsewhere() if author.chance(50) else ""))
    if author.chance(40):
        author.other(0)
        author.lines += [""] * author.number(0, 2)
    author.lines.append("first: 1")  # what stands above the first key may be about the whole file
    author.mapping(SECTIONS, 0, 3)
    if author.chance(10):
        author.lines.append("...")
    if author.chance(20):
        author.other(0)
    line_break = author.one_of(["\n", "\n", "\r\n"])
    text = "\n".join(author.lines) + ("\n" * author.number(0, 2))
    return Layout(text.replace("\n", line_break), author.above, author.beside, author.others)
