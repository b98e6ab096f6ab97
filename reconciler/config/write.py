"""Configuration written for people: a first file, and what an account has already."""

from __future__ import annotations

import re
import sys
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from reconciler.config.interpolate import escape
from reconciler.config.meaning import NAME_LIMITS
from reconciler.config.model import Delivery, FileOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.config.model import Advertiser

_EDITOR_LINE = "# yaml-language-server: $schema=./schemas/audiences.schema.json"
_LONGEST_KEY = 60
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.,()/+-]*( [A-Za-z0-9_.,()/+-]+)*")
_RESERVED = {"true", "false", "null"}


@dataclass(frozen=True, slots=True)
class Adopted:
    """An audience that exists on TikTok and is to be declared.

    Attributes:
        name: Its name on TikTok, whatever is in it.
        audience_id: Its id.
        delivery: How its members got there.
        note: A remark for the person who reads the file; becomes a comment.
        file: What only an audience delivered by files has, as far as TikTok tells.
    """

    name: str
    audience_id: str
    delivery: Delivery
    note: str = ""
    file: FileOptions = field(default_factory=FileOptions)


def audiences_yaml(advertiser: Advertiser, adopted: Sequence[Adopted]) -> str:
    """Return a whole file that declares `advertiser` and adopts its audiences, their people left alone.

    The access token is left out: it comes from the environment or the stored login. `load` reads the file back
    without errors, whatever the audiences are called.
    """
    return "\n".join([*_head(advertiser), "", *_body(advertiser, adopted), ""])


def starter_yaml() -> str:
    """Return a first file to fill in: one advertiser, one source, one audience, explained."""
    return _STARTER


def _head(advertiser: Advertiser) -> Iterator[str]:
    yield _EDITOR_LINE
    yield "version: 1"
    yield ""
    yield "advertisers:"
    yield f"  {advertiser.key}:"
    yield f"    advertiser_id: {_quoted(advertiser.advertiser_id)}"
    if advertiser.business_center_id:
        yield f"    business_center_id: {_quoted(advertiser.business_center_id)}"
    if advertiser.expect:
        yield "    expect:"
        yield from (f"      {name}: {_scalar(value)}" for name, value in advertiser.expect.items())


def _body(advertiser: Advertiser, adopted: Sequence[Adopted]) -> Iterator[str]:
    yield "audiences:" if adopted else "audiences: {}"
    taken: set[str] = set()
    for each in adopted:
        key = _unique(_slug(each), taken)
        taken.add(key)
        name = _writable(each)
        yield f"  {key}:"
        yield from (f"    # {line}" for line in _comment(each.note))
        if name != each.name:
            yield "    # Its name on TikTok cannot be written here whole; applying this renames it."
        yield f"    advertiser: {advertiser.key}"
        yield f"    name: {_scalar(name)}"
        yield f"    import: {_quoted(each.audience_id)}"
        if each.delivery is Delivery.FILE:
            yield f"    delivery: {each.delivery}"
            yield from _file_options(each.file)


def _file_options(file: FileOptions) -> Iterator[str]:
    default = FileOptions()
    if file == default:
        return
    yield "    file:"
    if file.retention_in_days is not None:
        yield f"      retention_in_days: {file.retention_in_days}"
    if file.audience_sub_type != default.audience_sub_type:
        yield f"      audience_sub_type: {file.audience_sub_type}"


def _slug(adopted: Adopted) -> str:
    ascii_name = unicodedata.normalize("NFKD", adopted.name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "_", ascii_name.lower())[:_LONGEST_KEY].strip("_")
    if not slug:
        return f"audience_{adopted.audience_id}"
    return slug if slug[0].isalpha() else f"audience_{slug}"


def _unique(slug: str, taken: set[str]) -> str:
    key, number = slug, 2
    while key in taken:
        key, number = f"{slug}_{number}", number + 1
    return key


def _writable(adopted: Adopted) -> str:
    """Return the name as one line that the schema takes: without control characters, not blank, not too long."""
    line = _one_line(adopted.name)[: NAME_LIMITS[Delivery.FILE]]
    return line if line.strip() else adopted.audience_id


def _comment(note: str) -> list[str]:
    return [_one_line(line) for line in note.splitlines() if line.strip()]


def _one_line(text: str) -> str:
    r"""Return `text` with a space for every control, line break and stray surrogate."""
    return "".join(" " if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} else each for each in text)


def _scalar(text: str) -> str:
    """Return `text` as YAML, without quotes where no reader could take it for anything but text."""
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _RESERVED
    return text if is_plain else _quoted(text)


def _quoted(text: str) -> str:
    written = yaml.safe_dump(escape(text), default_style='"', allow_unicode=True, width=sys.maxsize)
    return str(written).rstrip("\n")


_STARTER = f"""\
{_EDITOR_LINE}
#
# Audiences on TikTok, declared. The usual round:
#   reconciler validate    is this file sound?
#   reconciler plan        what would change on TikTok?
#   reconciler apply       make it so
version: 1

advertisers:
  my_account:
    # The id of your account in TikTok Ads Manager. Keep the quotes: as a number it would lose digits.
    advertiser_id: "7000000000000000001"
    # Without the next line the token is taken from TIKTOK_ACCESS_TOKEN. Never write a token into this file.
    # access_token: ${{MY_ACCOUNT_TOKEN}}

sources:
  customers:
    # CSV, Parquet or JSON Lines; a glob such as customers/*.parquet or an s3://, gs:// or https:// URL works too.
    # People in a database? Write connection: ${{WAREHOUSE_URL}} and query: select … instead of path.
    path: customers.csv
    # Which column holds what. Identifiers are hashed here, before anything leaves this machine.
    identities:
      mpid: mpid    # the person: groups devices, counts people, is never sent
      idfa: idfa
      gaid: gaid    # already hashed? write {{column: gaid, hashed: md5}}; several columns? [gaid_1, gaid_2]

audiences:
  lapsed_buyers:
    advertiser: my_account
    name: Lapsed buyers
    source: customers
    # Any true-or-false expression in SQL over the columns. Leave it out to take everyone.
    where: last_order_at < current_date - interval 90 day
    lifecycle:
      prevent_destroy: false     # true blocks every plan that would delete it
      max_removal_percent: 30    # blocks a delivery that would take more people out than this
"""
