"""From a path to text: one file, or the YAML files of a directory, decoded and bounded."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from reconciler.config.syntax import LINE_BREAK
from reconciler.diagnostics import Diagnostic, Location, error

MAX_BYTES = 4 * 1024 * 1024
"""Largest file read: some 20,000 audiences."""

MAX_TOTAL_BYTES = 4 * MAX_BYTES
"""Most that is read of a directory."""

_ANOTHER = "Write a first file with `reconciler init`, or name another path with -c."
_SUFFIXES = {".yaml", ".yml"}
# Whoever opens a pipe to read would wait for somebody to write; Windows has no such pipes among its files.
_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0)
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# The complement of YAML's c-printable (YAML 1.1 section 5.1).
_NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that was read.

    Attributes:
        shown: Its name in messages: relative to the working directory where it stands below it.
        path: Where it is, absolute.
        content: Its bytes.
        text: What it says, without a byte-order mark.
    """

    shown: str
    path: Path
    content: bytes
    text: str


def read(path: Path) -> tuple[Path, list[TextFile], list[Diagnostic]]:
    """Return the folder `path` is or stands in, the files it means, sorted by name, and what cannot be used.

    A directory means its ``*.yaml`` and ``*.yml``; hidden files and subdirectories are left out.
    """
    folder = path.absolute().parent
    try:
        is_folder = path.is_dir()
        found = _yaml_files(path) if is_folder else [path]
    except OSError as problem:
        return folder, [], [_unreadable(show(path), problem)]
    if is_folder:
        folder = path.absolute()
    if not found:
        return folder, [], [error(f"no *.yaml or *.yml file in {show(path)}", _ANOTHER)]
    return folder, *_read_all(found, show(path))


def show(path: Path) -> str:
    """Return how `path` is named in messages."""
    absolute, here = path.absolute(), Path.cwd()
    return absolute.relative_to(here).as_posix() if absolute.is_relative_to(here) else path.as_posix()


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(
        each
        for each in folder.iterdir()
        if each.suffix in _SUFFIXES and not each.name.startswith(".") and (each.is_file() or each.is_symlink())
    )


def _read_all(paths: list[Path], folder: str) -> tuple[list[TextFile], list[Diagnostic]]:
    texts: list[TextFile] = []
    problems: list[Diagnostic] = []
    total = 0
    for each in paths:
        outcome = _read_one(each)
        if isinstance(outcome, Diagnostic):
            problems.append(outcome)
            continue
        total += len(outcome.content)
        if total > MAX_TOTAL_BYTES:
            problems.append(
                error(
                    f"the files of {folder} are larger than {_megabytes(MAX_TOTAL_BYTES)} together",
                    "Split them into several directories, each with a state of its own.",
                    Location(outcome.shown, 1, 1),
                )
            )
            break
        texts.append(outcome)
    return texts, problems


def _read_one(path: Path) -> TextFile | Diagnostic:
    shown = show(path)
    try:
        content = _bytes_of(path)
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the path
        return _unreadable(shown, problem)
    if content is None:
        return error(
            f"{shown} is no file but a pipe or a device", "Give a file, or a directory of files.", Location(shown, 1, 1)
        )
    text = text_of(shown, content)
    return text if isinstance(text, Diagnostic) else TextFile(shown, path.absolute(), content, text)


def _bytes_of(path: Path) -> bytes | None:
    """Return what a file holds, up to one byte more than may be read; None for what is no file and may never end."""
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _WITHOUT_WAITING)) as stream:
        kind = os.fstat(stream.fileno()).st_mode
        return stream.read(MAX_BYTES + 1) if stat.S_ISREG(kind) else None


def text_of(shown: str, content: bytes) -> str | Diagnostic:
    """Return the text of a file, without a byte-order mark, or what keeps it from being read as YAML."""
    if len(content) > MAX_BYTES:
        return error(
            f"{shown} is larger than {_megabytes(MAX_BYTES)}",
            "Split it: a directory of files may be given instead.",
            Location(shown, 1, 1),
        )
    if content.startswith(_UTF16_MARKS):
        return _not_utf8(shown, Location(shown, 1, 1), "It looks like UTF-16. ")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        return _not_utf8(shown, _location(shown, content[: problem.start].decode("utf-8-sig")))
    if bad := _NOT_PRINTABLE.search(text):
        return error(
            f"character U+{ord(bad.group()):04X} cannot stand in YAML",
            'Take it out; inside double quotes it can be written as an escape, "\\u0007" for example.',
            _location(shown, text[: bad.start()]),
        )
    return text


def _megabytes(count: int) -> str:
    return f"{count // 1024 // 1024} MB"


def _location(shown: str, before: str) -> Location:
    """The place right after `before`, the beginning of a file."""
    *above, line = LINE_BREAK.split(before)
    return Location(shown, len(above) + 1, len(line) + 1)


def _not_utf8(shown: str, location: Location, guess: str = "") -> Diagnostic:
    return error(f"{shown} is not UTF-8", f"{guess}Save it as UTF-8 in your editor.", location)


def _unreadable(shown: str, problem: OSError | ValueError) -> Diagnostic:
    if isinstance(problem, OSError) and not isinstance(problem, FileNotFoundError):
        return error(f"{shown} cannot be read: {problem.strerror}", "Check the path given with -c and its permissions.")
    return error(f"{shown} does not exist", _ANOTHER)
