"""Errors of a plan: what cannot be decided about an address, why, and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.diagnostics import error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.config.model import Audience, Config
    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.model import Change
    from reconciler.state.model import Resource
    from reconciler.tiktok import model as tiktok


def name_taken(
    audience: Audience, twins: Sequence[tiktok.Audience], gone: Resource | None, desired: Config
) -> Diagnostic:
    """Refuse to create a second audience of one name; `gone` is what the state still holds at the address."""
    ids = ", ".join(each.audience_id for each in twins)
    first = f"run `reconciler state rm {audience.address}`, since {gone.audience_id} is gone, and " if gone else ""
    return error(
        f'{audience.address}: account {audience.advertiser} already has an audience named "{audience.name}" ({ids})',
        f'To manage that one, {first}add this line to {audience.key}:  import: "{twins[0].audience_id}"\n'
        "To keep both, choose another name.",
        desired.place("audiences", audience.key, "name"),
    )


def nothing_to_import(audience: Audience, advertiser_id: str, desired: Config) -> Diagnostic:
    """Refuse an import of an id that the account does not hold."""
    return error(
        f"{audience.address}: account {advertiser_id} has no audience {audience.import_id}",
        "Check the id in Ads Manager, or take the `import` line out to create the audience.",
        desired.place("audiences", audience.key, "import"),
    )


def unadoptable(audience: Audience, change: Change, desired: Config) -> Diagnostic:
    """Refuse an import of what TikTok cannot make what is declared."""
    return error(
        f"{audience.address}: {audience.import_id} has {change.path} {change.before}, and TikTok cannot change that "
        f"to {change.after}",
        f"Declare what it has:  file: {{{change.path}: {change.before}}}",
        desired.place("audiences", audience.key, "file"),
    )


def undeliverable(audience: Audience, remote: tiktok.Audience, desired: Config) -> Diagnostic:
    """Refuse to deliver people to an audience of a kind that takes none, or not in that way."""
    return error(
        f"{audience.address}: {remote.audience_id} is a {remote.kind}; people cannot be delivered to it "
        f"with `delivery: {audience.delivery}`",
        "Leave `source` out to manage its name alone, or declare a new audience under another key.",
        desired.place("audiences", audience.key, "source"),
    )


def nothing_to_fill(audience: Audience, owned: Resource, desired: Config) -> Diagnostic:
    """Refuse to make an audience anew that no source fills: what TikTok grew by itself cannot be made again."""
    return error(
        f"{audience.address}: {owned.audience_id} would have to be made anew in account {audience.advertiser}, "
        "and no source fills it",
        f"Give it a source, undo the change, or take it out of the files. To manage another audience in its place, "
        f"run `reconciler state rm {audience.address}` and name that one with `import`.",
        desired.place("audiences", audience.key),
    )
