"""What an audience is: whether it has become another kind, or goes by another name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.plan.attributes import DELIVERED_KIND
from reconciler.plan.drift.model import DriftKind
from reconciler.tiktok.model import AudienceKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.plan.drift.model import Drifted
    from reconciler.plan.drift.subject import Subject

NAME_WORDS: Final = ("name",)
TYPE_WORDS: Final = ("type", "reach")


def retyped(subject: Subject) -> Iterator[Drifted]:
    """Tell what kind it has become, where that is not what was applied, or what an apply last saw.

    A kind that is spelled in a way not known here may be the right one, and is not told.
    """
    changes = list(_types(subject))
    if not changes:
        return
    edit = subject.editor_of(TYPE_WORDS)
    yield subject.finding(
        DriftKind.RETYPED,
        "; ".join(f"its {what} is {now}, and was {was}" for what, was, now in changes),
        subject.remedy(subject.outlook.told("apply leaves it so, and knows of it from then on")),
        before=", ".join(was for _, was, _ in changes),
        after=", ".join(now for _, _, now in changes),
        edit=edit,
        last_seen=None if _was_seen_retyped(subject) else subject.last_seen_before(edit),
    )


def renamed(subject: Subject) -> Iterator[Drifted]:
    """Tell a name that neither the last apply gave it nor the files want."""
    resource, actual, declared = subject.resource, subject.actual, subject.declared
    if actual.name in {resource.name, declared.name if declared else None}:
        return
    edit = subject.editor_of(NAME_WORDS)
    was_seen_renamed = subject.seen is not None and subject.seen.name not in {None, resource.name}
    wanted = declared.name if declared else resource.name
    yield subject.finding(
        DriftKind.RENAMED,
        f'renamed from "{resource.name}" to "{actual.name}"',
        subject.remedy(subject.outlook.told(f'apply renames it to "{wanted}"')),
        before=resource.name,
        after=actual.name,
        edit=edit,
        last_seen=None if was_seen_renamed else subject.last_seen_before(edit),
    )


def _was_seen_retyped(subject: Subject) -> bool:
    """Whether an apply has seen it as it is now, and could do nothing about it."""
    seen, actual = subject.seen, subject.actual
    now = (str(actual.kind), actual.sub_type, actual.calculate_type)
    return seen is not None and (seen.kind, seen.sub_type, seen.calculate_type) == now


def _types(subject: Subject) -> Iterator[tuple[str, str, str]]:
    """Yield each trait of its kind that differs: its name, what it was, what it is."""
    resource, actual, seen = subject.resource, subject.actual, subject.seen
    kind = DELIVERED_KIND[resource.delivery] if subject.is_filled_here else seen and seen.kind
    if kind and actual.kind not in {kind, AudienceKind.OTHER} and kind != AudienceKind.OTHER:
        yield "kind", str(kind), str(actual.kind)
    if not subject.is_filled_here:
        sub_type = seen.sub_type if seen else actual.sub_type
    else:
        sub_type = resource.audience_sub_type if resource.delivery == "file" else actual.sub_type
    wanted = subject.declared.file.audience_sub_type if subject.declared and subject.declared.source else None
    if actual.sub_type not in {sub_type, wanted}:
        yield "sub-type", sub_type, actual.sub_type
    if seen and seen.calculate_type and actual.calculate_type and seen.calculate_type != actual.calculate_type:
        yield "file type", seen.calculate_type, actual.calculate_type
