"""What the shape cannot tell: whether advertisers, sources and audiences fit together."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.config import columns, origins, paths
from reconciler.config.model import Delivery
from reconciler.config.predicate import judge
from reconciler.config.wording import did_you_mean, label, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config.inspection import Inspection
    from reconciler.config.model import KeyPath

NAME_LIMITS: Mapping[Delivery, int] = {Delivery.STREAMING: 70, Delivery.FILE: 128}
"""Longest audience name, in characters (Marketing API v1.3: streaming and customer-file audiences)."""

SMALLEST_SHOWN = 1000
"""TikTok shows no audience of fewer people (mParticle's TikTok integration, data processing notes)."""


def check(inspection: Inspection) -> None:
    """Report everything about advertisers, sources and audiences that has the right shape and the wrong meaning."""
    paths.check_state(inspection)
    _check_repeated(inspection, "advertisers", "advertiser_id", "Audiences can share one entry; keep one of the two.")
    for key in inspection.mapping("sources"):
        origins.check(inspection, key)
        columns.check(inspection, key)
    for key in inspection.mapping("audiences"):
        _check_audience(inspection, key)
    _check_repeated(inspection, "audiences", "import", "An audience has one address; keep one of the two.")
    _check_names(inspection)
    _check_unused(inspection)


def _check_repeated(inspection: Inspection, section: str, field: str, advice: str) -> None:
    first: dict[str, str] = {}
    for key in inspection.mapping(section):
        value = inspection.text(section, key, field)
        if value is None or (earlier := first.setdefault(value, key)) == key:
            continue
        other = label((section, earlier))
        summary = f"{quoted(field)} {inspection.shown(section, key, field)} is already that of {other}"
        detail = f"That one stands at {inspection.place(section, earlier, field)}. {advice}"
        inspection.error((section, key, field), summary, detail)


def _check_audience(inspection: Inspection, key: str) -> None:
    at = ("audiences", key)
    if inspection.is_spoilt(*at):
        return
    check_reference(inspection, (*at, "advertiser"), "advertisers")
    check_reference(inspection, (*at, "source"), "sources")
    _check_file(inspection, key)
    if inspection.has(*at, "source"):
        _check_identities(inspection, key)
    elif not inspection.is_spoilt(*at, "source"):
        _check_without_source(inspection, key)
    _check_where(inspection, key)
    _check_length(inspection, key)
    _check_lifecycle(inspection, key)


def check_reference(inspection: Inspection, path: KeyPath, section: str) -> None:
    """Report a name that `section` does not declare."""
    name, known = inspection.text(*path), inspection.names(section)
    if name is None or known is None or name in known:
        return
    declared = f"Declared: {listed(sorted(known), 'and')}." if 0 < len(known) <= 10 else f"Declare it under {section}."
    near = declared if inspection.is_interpolated(*path) else did_you_mean(name, known, declared)
    inspection.error(path, f"unknown {section.removesuffix('s')} {inspection.shown(*path)}", near)


def _check_file(inspection: Inspection, key: str) -> None:
    """Refuse ``file`` without the delivery it is about: what it says would be lost."""
    at = ("audiences", key)
    if not inspection.has(*at, "file") or inspection.is_spoilt(*at, "delivery"):
        return
    if inspection.text(*at, "delivery") != Delivery.FILE:
        detail = "It is for audiences delivered by files. Write delivery: file beside it, or take it out."
        inspection.error((*at, "file"), '"file" without delivery: file', detail, at="key")


def _check_identities(inspection: Inspection, key: str) -> None:
    source = inspection.text("audiences", key, "source")
    if source is None or not inspection.is_sound("sources", source, "identities"):
        return
    mapped = inspection.mapping("sources", source, "identities")
    if not mapped:
        return
    for index in range(len(inspection.items("audiences", key, "identities"))):
        path = ("audiences", key, "identities", index)
        identity = inspection.text(*path)
        if identity is not None and identity not in mapped:
            detail = f"It maps {listed(mapped, 'and')}. Map it there, or take it out here."
            shown = inspection.shown("audiences", key, "source")
            inspection.error(path, f"source {shown} maps no {inspection.shown(*path)}", detail)


def _check_without_source(inspection: Inspection, key: str) -> None:
    at = ("audiences", key)
    if not inspection.has(*at, "import") and not inspection.is_spoilt(*at, "import"):
        detail = "Name the source its people come from, or adopt an existing audience with import."
        inspection.error((*at, "source"), f'{label(at)} has no "source"', detail)
        return
    for idle in ("where", "identities"):
        if inspection.has(*at, idle):
            detail = "Without a source its people are left alone. Add a source, or take this key out."
            inspection.error((*at, idle), f"{quoted(idle)} without a source", detail, at="key")


def _check_where(inspection: Inspection, key: str) -> None:
    path = ("audiences", key, "where")
    where = inspection.text(*path)
    if where is None:
        return
    verdict = judge(where)
    if verdict.summary:
        near = f"Reading stopped at {verdict.near}. " if verdict.near and not inspection.is_interpolated(*path) else ""
        inspection.error(path, f'"where" {verdict.summary}', near + verdict.detail)
    elif verdict.constant:
        inspection.warning(path, '"where" is the same for every row', "It names no column; it takes all rows or none.")


def _check_length(inspection: Inspection, key: str) -> None:
    at = ("audiences", key)
    name = inspection.text(*at, "name") if inspection.has(*at, "name") else key
    if name is None or not inspection.is_sound(*at, "delivery"):
        return
    delivery = Delivery(inspection.text(*at, "delivery") or Delivery.STREAMING)
    # An adopted audience may have got a longer name by renaming, which allows what files allow.
    limit = NAME_LIMITS[Delivery.FILE if inspection.has(*at, "import") else delivery]
    if len(name) > limit:
        detail = f"TikTok takes {limit} ({delivery} delivery). Shorten it."
        path = (*at, "name") if inspection.has(*at, "name") else at
        inspection.error(path, f"the name is {len(name)} characters long", detail)


def _check_lifecycle(inspection: Inspection, key: str) -> None:
    at = ("audiences", key, "lifecycle")
    fewest = inspection.value(*at, "minimum_users")
    if isinstance(fewest, int | float) and fewest < SMALLEST_SHOWN:
        detail = f"TikTok does not show an audience of fewer than {SMALLEST_SHOWN:,} people."
        inspection.warning((*at, "minimum_users"), f'"minimum_users" is below {SMALLEST_SHOWN:,}', detail)
    largest = inspection.value(*at, "max_removal_percent")
    if isinstance(largest, int | float) and largest == 100:
        detail = "Everyone may be taken out at once; only an empty source is still blocked."
        inspection.warning((*at, "max_removal_percent"), '"max_removal_percent" is 100', detail)


def _check_names(inspection: Inspection) -> None:
    """Names are unique in an account. Adopted audiences are told apart by id, so they may share one."""
    first: dict[tuple[str, str], str] = {}
    for key in inspection.mapping("audiences"):
        at = ("audiences", key)
        advertiser = inspection.text(*at, "advertiser")
        name = inspection.text(*at, "name") if inspection.has(*at, "name") else key
        if advertiser is None or name is None or inspection.is_spoilt(*at):
            continue
        earlier = first.setdefault((advertiser, name), key)
        adopted = inspection.has(*at, "import") and inspection.has("audiences", earlier, "import")
        if earlier == key or adopted:
            continue
        shown = inspection.shown(*at, "name") if inspection.has(*at, "name") else quoted(key)
        summary = f"{label(at)} has the name of {label(('audiences', earlier))}: {shown}"
        detail = f"That one stands at {inspection.place('audiences', earlier)}, in the same account. Rename one."
        path = (*at, "name") if inspection.has(*at, "name") else at
        inspection.error(path, summary, detail)


def _check_unused(inspection: Inspection) -> None:
    """Say which entries no audience names; quiet while an audience is in error, since it may mean them."""
    if not inspection.document.complete or not inspection.is_sound("audiences"):
        return
    for field in ("advertiser", "source"):
        section = f"{field}s"
        used = Counter(inspection.text("audiences", key, field) for key in inspection.mapping("audiences"))
        for key in inspection.mapping(section):
            if not used[key] and not inspection.is_spoilt(section, key):
                path = (section, key)
                inspection.warning(path, f"{label(path)} is not used", "No audience names it.", at="key")
