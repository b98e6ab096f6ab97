"""Policies: rules in the files that stop a plan, whatever it would do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.model import Lifecycle, Policy
from reconciler.diagnostics import Location
from reconciler.identifiers import Identity
from reconciler.plan.policy import static_violations, violations
from tests.plan.conftest import (
    UNCHANGED,
    audience,
    delivered,
    desired,
    errors,
    facts,
    owned,
    planned,
    remote,
    resource,
    there,
    warnings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config.model import Audience, Config, KeyPath
    from reconciler.plan.model import Plan

STATE: Final = owned(resource(members=delivered()))
PROTECTED: Final = Lifecycle(prevent_destroy=True)


def ruled(*audiences: Audience, places: Mapping[KeyPath, Location] | None = None, **rules: Policy) -> Config:
    """Declare audiences, and policies by key."""
    policies = {key: replace(each, key=key) for key, each in rules.items()}
    return replace(desired(*audiences, places=places), policies=policies)


def rule(**fields: object) -> Policy:
    """Make a policy of these fields; it gets its key where it is declared."""
    return Policy("", **fields)  # type: ignore[arg-type]  # the tests' own fields, of the model's types


def settled(declared: Audience, us: Policy) -> Plan:
    """Plan one audience that is on TikTok as declared, people and all."""
    return planned(ruled(declared, us=us), remote(there()), state=STATE)


def test_an_audience_that_keeps_every_rule_is_planned_as_if_there_were_none() -> None:
    kept = rule(
        maximum_people=2000,
        forbidden_identities=(Identity.EMAIL,),
        name_pattern="B.+",
        require_prevent_destroy=True,
    )
    assert settled(audience(lifecycle=PROTECTED), us=kept).diagnostics == ()


# Each rule


@pytest.mark.parametrize("pattern", ["US · .+", "Buy", "uyers", "buyers", "Buyers "])
def test_the_whole_name_has_to_match_in_its_own_case(pattern: str) -> None:
    plan = settled(audience(), us=rule(name_pattern=pattern))
    assert errors(plan) == ['audience.buyers: policy us does not allow the name "Buyers"']
    assert f"The whole name has to match {pattern}\n" in plan.errors[0].detail


def test_identities_that_may_not_be_sent_are_named_and_so_are_the_others() -> None:
    sending = audience(identities=(Identity.IDFA, Identity.EMAIL, Identity.PHONE))
    forbidden = rule(forbidden_identities=(Identity.EMAIL, Identity.PHONE))
    (found,) = static_violations(ruled(sending, us=forbidden))
    assert found.summary == "audience.buyers: policy us forbids email and phone"
    assert "`identities: [idfa]`" in found.detail


def test_identities_that_another_policy_forbids_are_not_offered_instead() -> None:
    sending = audience(identities=(Identity.IDFA, Identity.GAID, Identity.EMAIL))
    found = static_violations(
        ruled(
            sending,
            us=rule(forbidden_identities=(Identity.EMAIL,)),
            all=rule(forbidden_identities=(Identity.GAID,)),
        )
    )
    assert [each.summary for each in found] == [
        "audience.buyers: policy us forbids email",
        "audience.buyers: policy all forbids gaid",
    ]
    assert all("`identities: [idfa]`" in each.detail for each in found)


def test_where_nothing_is_left_to_send_that_is_said() -> None:
    (found,) = static_violations(ruled(audience(), us=rule(forbidden_identities=(Identity.IDFA,))))
    assert found.detail.startswith("Nothing it sends may be sent: ")


def test_prevent_destroy_can_be_required() -> None:
    plan = settled(audience(), us=rule(require_prevent_destroy=True))
    assert errors(plan) == ["audience.buyers: policy us requires prevent_destroy"]


@given(most=st.integers(1, 10_000), users=st.integers(0, 10_000))
def test_more_people_than_allowed_are_an_error_and_no_fewer(most: int, users: int) -> None:
    files = ruled(audience(), us=rule(maximum_people=most))
    found = violations(files, files.audiences.values(), {"audience.buyers": facts(users)})
    told = [f"audience.buyers: policy us allows {most:,} people, not {users:,}"] if users > most else []
    assert [each.summary for each in found] == told


# Whom a policy holds for


@pytest.mark.parametrize(
    ("fields", "broken_by"),
    [
        ({}, {"vip_us", "vip_eu", "buyers"}),
        ({"advertisers": ("eu",)}, {"vip_eu"}),
        ({"audiences": ("vip_*",)}, {"vip_us", "vip_eu"}),
        ({"audiences": ("buyers", "*_eu")}, {"buyers", "vip_eu"}),
        ({"advertisers": ("us",), "audiences": ("vip_*",)}, {"vip_us"}),
        ({"audiences": ("VIP_*",)}, set()),
        ({"audiences": ("vip",)}, set()),
    ],
)
def test_a_policy_holds_for_the_accounts_and_keys_it_names(
    fields: dict[str, tuple[str, ...]], broken_by: set[str]
) -> None:
    files = ruled(
        audience("vip_us"),
        audience("vip_eu", advertiser="eu"),
        audience(),
        rule=rule(require_prevent_destroy=True, **fields),
    )
    found = static_violations(files)
    assert {each.summary.split(":")[0] for each in found} == {f"audience.{key}" for key in broken_by}


def test_every_rule_that_is_broken_is_told_audience_by_audience() -> None:
    plan = planned(
        ruled(
            audience("a"),
            audience("b"),
            names=rule(name_pattern="US .+"),
            sizes=rule(maximum_people=10, require_prevent_destroy=True),
        )
    )
    assert errors(plan) == [
        f"audience.{key}: policy {told}"
        for key in ("a", "b")
        for told in (
            f'names does not allow the name "{key.upper()}"',
            "sizes requires prevent_destroy",
            "sizes allows 10 people, not 2,000",
        )
    ]


def test_an_adopted_audience_without_a_source_is_held_to_its_name_and_its_protection_alone() -> None:
    everything = rule(
        maximum_people=1, forbidden_identities=tuple(Identity), name_pattern="X", require_prevent_destroy=True
    )
    files = ruled(audience(source=None, import_id="1"), us=everything)
    plan = planned(files, remote(there()))
    assert errors(plan) == [
        'audience.buyers: policy us does not allow the name "Buyers"',
        "audience.buyers: policy us requires prevent_destroy",
    ]
    assert warnings(plan) == []


def test_what_is_only_to_be_deleted_breaks_no_policy() -> None:
    files = ruled(us=rule(name_pattern="X", maximum_people=1, require_prevent_destroy=True))
    plan = planned(files, remote(there()), state=STATE)
    assert plan.summary.delete == 1
    assert plan.diagnostics == ()


def test_only_what_is_targeted_is_held_to_policies() -> None:
    files = ruled(audience("a"), audience("b"), us=rule(require_prevent_destroy=True))
    assert errors(planned(files, targets=["b"])) == ["audience.b: policy us requires prevent_destroy"]


def test_an_audience_targeted_by_the_address_it_had_is_held_to_policies() -> None:
    files = replace(
        ruled(audience("b"), us=rule(require_prevent_destroy=True, maximum_people=5)),
        moved=desired(moved=[("a", "b")]).moved,
    )
    plan = planned(files, remote(there(name="B")), state=owned(resource("a", name="B")), targets=["a"])
    assert errors(plan)[0] == "audience.b: policy us requires prevent_destroy"


def test_an_audience_about_which_nothing_can_be_decided_is_held_to_policies_too() -> None:
    plan = planned(ruled(audience(), us=rule(require_prevent_destroy=True)), remote(there()))
    assert "already has an audience named" in errors(plan)[0]
    assert errors(plan)[1:] == ["audience.buyers: policy us requires prevent_destroy"]


# People not looked at


def test_a_maximum_that_cannot_be_checked_is_a_warning_a_policy() -> None:
    plan = planned(
        ruled(audience("a"), audience("b"), audience("c", source=None, import_id="1"), us=rule(maximum_people=5)),
        remote(there(name="C")),
        skip_members=True,
    )
    assert errors(plan) == []
    assert warnings(plan) == ["policy us: maximum_people is not checked"]
    assert plan.diagnostics[0].detail == (
        "It holds for 2 audiences, whose people were not looked at. Plan without --skip-members."
    )


def test_a_maximum_that_holds_for_nobody_leaves_nothing_unchecked() -> None:
    elsewhere = rule(maximum_people=5, advertisers=("eu",))
    assert planned(ruled(audience(), us=elsewhere), skip_members=True).diagnostics == ()


def test_other_rules_are_checked_without_looking_at_people() -> None:
    plan = planned(ruled(audience(), us=rule(name_pattern="X")), skip_members=True)
    assert errors(plan) == ['audience.buyers: policy us does not allow the name "Buyers"']


def test_people_left_out_though_others_were_looked_at_are_not_taken_for_none() -> None:
    files = ruled(audience("a"), audience("b"), us=rule(maximum_people=5000))
    (found,) = violations(files, files.audiences.values(), {"audience.a": UNCHANGED})
    assert found.summary == "policy us: maximum_people is not checked"
    assert found.detail == "It holds for 1 audience, whose people were not looked at. Plan without --target."


def test_files_alone_have_nothing_to_say_about_people() -> None:
    assert static_violations(ruled(audience(), us=rule(maximum_people=1))) == []


# Where it is told


@pytest.mark.parametrize(
    ("broken", "path"),
    [
        (rule(name_pattern="X"), ("name",)),
        (rule(forbidden_identities=(Identity.IDFA,)), ("identities",)),
        (rule(require_prevent_destroy=True), ("lifecycle", "prevent_destroy")),
        (rule(require_prevent_destroy=True), ("lifecycle",)),
        (rule(maximum_people=5), ("where",)),
        (rule(name_pattern="X"), ()),
        (rule(forbidden_identities=(Identity.IDFA,)), ()),
        (rule(require_prevent_destroy=True), ()),
        (rule(maximum_people=5), ()),
    ],
)
def test_it_is_told_where_it_is_to_be_changed_or_at_the_audience(broken: Policy, path: tuple[str, ...]) -> None:
    place = Location("audiences.yaml", 9, 5)
    files = ruled(audience(), us=broken, places={("audiences", "buyers", *path): place})
    (found,) = violations(files, files.audiences.values(), {"audience.buyers": UNCHANGED})
    assert found.location == place


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        (rule(name_pattern="X"), "name_pattern"),
        (rule(forbidden_identities=(Identity.IDFA,)), "forbidden_identities"),
        (rule(require_prevent_destroy=True), "require_prevent_destroy"),
        (rule(maximum_people=5), "maximum_people"),
    ],
)
def test_the_rule_is_named_with_its_place(broken: Policy, field: str) -> None:
    place = Location("rules.yaml", 3, 21)
    files = ruled(audience(), us=broken, places={("policies", "us", field): place})
    (found,) = violations(files, files.audiences.values(), {"audience.buyers": UNCHANGED})
    assert found.detail.endswith(f"or change {field} of policy us at rules.yaml:3:21.")


def test_what_was_not_checked_is_told_at_the_rule() -> None:
    place = Location("rules.yaml", 3, 21)
    files = ruled(audience(), us=rule(maximum_people=5), places={("policies", "us", "maximum_people"): place})
    (found,) = violations(files, files.audiences.values(), None)
    assert found.location == place
