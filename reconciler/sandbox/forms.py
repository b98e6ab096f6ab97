"""Bodies of ``multipart/form-data``: the one kind of request that carries a file."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING
from urllib.parse import urlencode

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.datastructures import UploadFile
    from starlette.requests import Request

MEDIA_TYPE = "multipart/form-data"

_MOST_FILES = 2
_MOST_FIELDS = 20


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file that came in a form. What is larger than a megabyte lies on the disk, in a file without a name.

    Attributes:
        name: Its name, as the sender says.
        size: In bytes.
        content: The file, at its start; closed when the request has been answered.
    """

    name: str
    size: int
    content: IO[bytes]


@dataclass(frozen=True, slots=True)
class Form:
    """Names and values of a form, in order; a name may come twice."""

    fields: tuple[tuple[str, str | FormFile], ...]

    @property
    def text(self) -> bytes:
        """What the form says apart from its files, written as a URL query would be."""
        return urlencode([(name, value) for name, value in self.fields if isinstance(value, str)]).encode()


@asynccontextmanager
async def read_form(request: Request) -> AsyncIterator[Form | None]:
    """Read the form as it arrives, holding no file in memory; gives None where the body is no form."""
    try:
        form = await request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS)
    except HTTPException:  # what Starlette makes of a malformed one
        yield None
        return
    try:
        yield Form(tuple((name, _value(value)) for name, value in form.multi_items()))
    finally:
        await form.close()


def _value(value: UploadFile | str) -> str | FormFile:
    if isinstance(value, str):
        return value
    return FormFile(value.filename or "", value.size or 0, value.file)
