"""Configuration written for people: a first file, and what an account has already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.config.canonical.scalars import quoted, scalar
from reconciler.config.freetext import comment, has_undeclarable, one_line
from reconciler.config.interpolate import escape
from reconciler.config.keys import key_for
from reconciler.config.meaning import NAME_LIMITS
from reconciler.config.model import Delivery, FileOptions
from reconciler.config.reachable import advertiser_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from reconciler.config.model import Advertiser

_EDITOR_LINE = "# yaml-language-server: $schema=./schemas/audiences.schema.json"


@dataclass(frozen=True, slots=True)
class Adopted:
    """An audience that exists on TikTok and is to be declared.

    Attributes:
        name: Its name on TikTok; one that `obstacle` finds nothing against.
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


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An audience that exists on TikTok and cannot be declared, and why."""

    name: str
    audience_id: str
    reason: str


def obstacle(name: str) -> str:
    """Return what keeps an audience of this name from being declared without renaming it, or ""."""
    if has_undeclarable(name):
        return "its name holds characters that a file cannot declare; rename it in Ads Manager first"
    if not name.strip():
        return "its name is blank; rename it in Ads Manager first"
    if len(name) > NAME_LIMITS[Delivery.FILE]:
        return f"its name is longer than {NAME_LIMITS[Delivery.FILE]} characters; rename it in Ads Manager first"
    return ""


def keyed(adopted: Iterable[Adopted], taken: Iterable[str] = ()) -> dict[str, Adopted]:
    """Return the audiences by the key each is declared under: made from its name, unique, and none of `taken`."""
    used, named = set(taken), dict[str, Adopted]()
    for each in adopted:
        key = key_for(each.name, "audience", each.audience_id, used)
        used.add(key)
        named[key] = each
    return named


def audiences_yaml(
    advertiser: Advertiser,
    adopted: Mapping[str, Adopted],
    left_out: Sequence[LeftOut] = (),
    *,
    with_advertiser: bool = True,
) -> str:
    """Return a whole file, in canonical form, that adopts an account's audiences and leaves their people alone.

    The access token is left out: it comes from the environment or the stored login. `load` reads the file back
    without errors, whatever the audiences are called.

    Args:
        advertiser: The account.
        adopted: What to declare, as `keyed` names it.
        left_out: What is told in comments at the end instead.
        with_advertiser: Whether the file declares the account too, rather than another one beside it.
    """
    lines = [_EDITOR_LINE, "version: 1", ""]
    if with_advertiser:
        lines += ["advertisers:", *(f"  {line}" for line in advertiser_entry(advertiser)), ""]
    lines += ["audiences:" if adopted else "audiences: {}"]
    lines += [f"  {line}" for key, each in adopted.items() for line in entry(advertiser.key, key, each)]
    if left_out:
        lines += ["", "# Left out:"]
        lines += [f"#   {each.audience_id} {quoted(each.name)}: {one_line(each.reason)}" for each in left_out]
    return "\n".join([*lines, ""])


def entry(advertiser: str, key: str, adopted: Adopted) -> list[str]:
    """Return the lines that declare one audience of the account called `advertiser`, the first one at the margin."""
    lines = [f"{key}:", *(f"  {line}" for line in comment(adopted.note))]
    for field_name, value in fields(advertiser, adopted, scalar).items():
        if isinstance(value, str):
            lines.append(f"  {field_name}: {value}")
        else:
            lines += [f"  {field_name}:", *(f"    {option}: {setting}" for option, setting in value.items())]
    return lines


def fields(advertiser: str, adopted: Adopted, text: Callable[[str], str]) -> dict[str, str | dict[str, str]]:
    """Return what declares an audience, in the schema's order and written as YAML; `text` writes free text."""
    written: dict[str, str | dict[str, str]] = {"advertiser": advertiser, "name": text(escape(adopted.name))}
    if adopted.delivery is Delivery.FILE:
        written["delivery"] = str(adopted.delivery)
        if options := _file_options(adopted.file):
            written["file"] = options
    return {**written, "import": quoted(adopted.audience_id)}


def starter_yaml() -> str:
    """Return a first file to fill in: one advertiser, one source, one audience, explained."""
    return _STARTER


def _file_options(file: FileOptions) -> dict[str, str]:
    days, default = file.retention_in_days, FileOptions()
    options = {} if days is None else {"retention_in_days": str(days)}
    if file.audience_sub_type != default.audience_sub_type:
        options["audience_sub_type"] = file.audience_sub_type
    return options


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
    # Without the next line the token is that of TIKTOK_ACCESS_TOKEN, or else of `reconciler auth login`.
    # Never write a token into this file.
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
