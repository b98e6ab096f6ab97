from __future__ import annotations

import pytest

from reconciler.plan.model import MemberChange
from reconciler.report.wording import account, count, identifiers, members, value


def change(*, before: int | None, users: int, add: int = 0, remove: int = 0) -> MemberChange:
    return MemberChange("a" * 64, before, users=users, identifiers=users, add=add, remove=remove)


@pytest.mark.parametrize(
    ("delta", "said"),
    [
        (
            change(before=18220, users=19114, add=1204, remove=310),
            "+1,204 / −310 identifiers, 18,220 → 19,114 people",
        ),
        (change(before=None, users=18220, add=36440), "+36,440 identifiers, 18,220 people"),
        (change(before=2, users=1, remove=1), "−1 identifier, 2 → 1 person"),
        (change(before=5, users=5, add=1, remove=1), "+1 / −1 identifiers, 5 people"),
        (change(before=5, users=5), "nothing to add or remove, 5 people"),
    ],
)
def test_a_change_of_members_is_told_in_identifiers_and_people(delta: MemberChange, said: str) -> None:
    assert members(delta) == said


def test_no_identifiers_are_not_mentioned() -> None:
    assert identifiers(0, 0) == ""


def test_numbers_agree_with_their_nouns() -> None:
    assert [count(1, "person"), count(0, "person"), count(1200, "request")] == [
        "1 person",
        "0 people",
        "1,200 requests",
    ]


def test_an_account_the_files_do_not_name_is_shown_by_its_id_once() -> None:
    assert account("acme_us", "7001") == "acme_us (7001)"
    assert account("7001", "7001") == "7001"


@pytest.mark.parametrize(
    ("attribute", "shown"),
    [
        ("true", '"true"'),
        (True, "true"),
        (None, "null"),
        (30, "30"),
        (("idfa", "gaid"), '["idfa", "gaid"]'),
        ((), "[]"),
    ],
)
def test_values_of_different_types_look_different(attribute: object, shown: str) -> None:
    assert value(attribute) == shown
