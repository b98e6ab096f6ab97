"""The inputs of a plan, read side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.diagnostics import warning
from reconciler.errors import InvalidConfigError
from reconciler.refresh.credentials import Credentials, NoTokenError
from reconciler.refresh.gather import Gathered, People, gather
from reconciler.state.model import State
from tests.apply.pieces import owned, resource
from tests.apply.world import STREAMING
from tests.credentials import no_logins
from tests.refresh.conftest import ENVIRON, EU, US
from tests.virtual_time import instantly

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reconciler.config import Config
    from reconciler.identity import Engine
    from reconciler.sandbox import Sandbox
    from reconciler.tiktok.client import TikTok

NEW = State("lineage")


@pytest.fixture
def people(engine: Engine, tmp_path: Path) -> People:
    return People(engine, tmp_path.joinpath, tmp_path)


def gathered(
    tiktok: TikTok,
    config: Config,
    state: State = NEW,
    *,
    people: People | None,
    environ: Mapping[str, str] = ENVIRON,
    **options: object,
) -> Gathered:
    async def work() -> Gathered:
        async with tiktok:
            held = Credentials(config, environ, no_logins())
            return await gather(config, state, tiktok, held, people=people, **options)  # type: ignore[arg-type]  # passed on

    return instantly(work())


def test_everything_a_plan_needs_is_there(tiktok: TikTok, config: Config, people: People) -> None:
    found = gathered(tiktok, config, people=people)

    assert found.inputs.desired is config
    assert found.inputs.actual.keys() == {US, EU}
    assert found.inputs.members is not None
    assert found.inputs.members.keys() == {"audience.buyers", "audience.everybody"}
    assert len(found.sets) == 2


def test_without_people_no_source_is_touched(tiktok: TikTok, declare: Callable[..., Config]) -> None:
    found = gathered(tiktok, declare(("customers.csv", "not_here.csv")), people=None)

    assert found.inputs.members is None
    assert found.sets == {}


def test_sources_that_do_not_hold_end_it_with_every_finding(
    tiktok: TikTok, declare: Callable[..., Config], people: People
) -> None:
    broken = declare(("mpid: mpid", "mpid: mpdi"), ("ltv > 10", "lvt > 10"))

    with pytest.raises(InvalidConfigError) as refused:
        gathered(tiktok, broken, people=people)

    assert len(refused.value.diagnostics) == 2


def test_findings_so_far_and_targets_go_on_into_the_plan(tiktok: TikTok, config: Config, people: People) -> None:
    finding, targets = warning("seen earlier"), frozenset({"audience.buyers"})
    found = gathered(tiktok, config, people=people, findings=[finding], targets=targets)

    assert found.inputs.findings == (finding,)
    assert found.inputs.targets == targets
    assert found.inputs.members is not None
    assert found.inputs.members.keys() == targets


def test_what_uses_audiences_is_read_only_where_something_may_be_deleted(
    sandbox: Sandbox, tiktok: TikTok, config: Config
) -> None:
    audience_id = sandbox.controls.add_audience(EU, "Former", STREAMING)
    state = owned(resource(audience_id, "audience.former", advertiser_id=EU))
    actual = gathered(tiktok, config, state, people=None).inputs.actual

    assert actual[US].usage is None
    assert actual[EU].usage == {audience_id: ()}


def test_an_account_that_only_the_state_knows_is_read_too(
    sandbox: Sandbox, tiktok: TikTok, declare: Callable[..., Config]
) -> None:
    former = "7000000000000000009"
    sandbox.ensure([former])

    assert gathered(tiktok, declare(), owned(resource(advertiser_id=former)), people=None).inputs.actual.keys() == {
        US,
        EU,
        former,
    }


def test_without_a_token_nothing_is_asked(sandbox: Sandbox, tiktok: TikTok, config: Config) -> None:
    with pytest.raises(NoTokenError):
        gathered(tiktok, config, people=None, environ={})

    assert sandbox.controls.requests() == ()


def test_planning_a_full_account_makes_at_most_twenty_requests(
    sandbox: Sandbox, tiktok: TikTok, declare: Callable[..., Config]
) -> None:
    config = declare((f'  eu: {{advertiser_id: "{EU}"}}\n', ""), ("advertiser: eu", "advertiser: us"))
    ids = [sandbox.controls.add_audience(US, f"A{number}", STREAMING) for number in range(400)]
    state = owned(*(resource(audience_id, f"audience.a{number}") for number, audience_id in enumerate(ids)))
    sandbox.controls.clear_requests()
    gathered(tiktok, config, state, people=None)

    assert len(sandbox.controls.requests()) <= 20
