"""Against a server that fails at the worst moment, every write ends up done once, or is known to be uncertain."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from reconciler.sandbox import TOKEN, Sandbox
from reconciler.secret import Secret
from reconciler.tiktok import accounts, audiences, streaming
from reconciler.tiktok.client import TikTok
from reconciler.tiktok.errors import UncertainWriteError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.tiktok.client import Session

HARMLESS = ["rate_limit", "server_error", "http_500", "write_conflict", "drop_before", "drop_after"]
CERTAIN = ["rate_limit", "write_conflict"]
UNCERTAIN = {"server_error": 0, "http_500": 0, "drop_before": 0, "drop_after": 1}


@pytest.fixture
def sandbox(tmp_path: Path, advertiser_id: str) -> Iterator[Sandbox]:
    with Sandbox(tmp_path / "sandbox.db") as sandbox:
        sandbox.ensure([advertiser_id])
        yield sandbox


@pytest.fixture
def session(sandbox: Sandbox) -> Session:
    return TikTok(transport=sandbox.transport(), tier="ultimate").acting_with(Secret(TOKEN))


@pytest.mark.parametrize("kind", HARMLESS)
async def test_a_list_comes_whole_through_any_fault(
    sandbox: Sandbox, session: Session, advertiser_id: str, kind: str
) -> None:
    made = {await streaming.create(session, advertiser_id, f"A{number}") for number in range(3)}
    sandbox.controls.add_fault(kind, path="custom_audience/list", times=2)

    assert (await audiences.list_all(session, advertiser_id)).keys() == made


@pytest.mark.parametrize("kind", HARMLESS)
async def test_members_arrive_exactly_through_any_fault(
    sandbox: Sandbox, session: Session, advertiser_id: str, kind: str
) -> None:
    audience_id = await streaming.create(session, advertiser_id, "Lapsed buyers")
    values = [hashlib.md5(str(number).encode()).digest() for number in range(50)]
    batch = pa.record_batch([pa.array(values)], names=["idfa_md5"])
    sandbox.controls.add_fault(kind, path="segment/mapping", times=2)
    await streaming.send(session, advertiser_id, [audience_id], "add", batch)
    sandbox.controls.add_fault(kind, path="segment/mapping", times=1)
    await streaming.send(session, advertiser_id, [audience_id], "delete", batch.slice(0, 20))

    assert {value for _, value in sandbox.controls.members(audience_id)} == {value.hex() for value in values[20:]}


@pytest.mark.parametrize("kind", CERTAIN)
async def test_a_create_refused_for_now_is_done_once(
    sandbox: Sandbox, session: Session, advertiser_id: str, kind: str
) -> None:
    sandbox.controls.add_fault(kind, path="segment/audience", times=3)
    audience_id = await streaming.create(session, advertiser_id, "Lapsed buyers")

    assert [each.audience_id for each in sandbox.controls.audiences(advertiser_id)] == [audience_id]


@pytest.mark.parametrize(("kind", "made"), UNCERTAIN.items())
async def test_a_create_that_may_have_happened_is_never_done_twice(
    sandbox: Sandbox, session: Session, advertiser_id: str, kind: str, made: int
) -> None:
    sandbox.controls.add_fault(kind, path="segment/audience")
    with pytest.raises(UncertainWriteError):
        await streaming.create(session, advertiser_id, "Lapsed buyers")

    assert len(sandbox.controls.audiences(advertiser_id)) == made


async def test_a_delete_whose_answer_was_lost_is_uncertain_although_it_happened(
    sandbox: Sandbox, session: Session, advertiser_id: str
) -> None:
    audience_id = await streaming.create(session, advertiser_id, "Lapsed buyers")
    sandbox.controls.add_fault("drop_after", path="custom_audience/delete")
    with pytest.raises(UncertainWriteError):
        await audiences.delete(session, advertiser_id, audience_id)

    assert await audiences.list_all(session, advertiser_id) == {}


async def test_a_rename_through_a_lost_answer_is_done(sandbox: Sandbox, session: Session, advertiser_id: str) -> None:
    audience_id = await streaming.create(session, advertiser_id, "Lapsed buyers")
    sandbox.controls.add_fault("drop_after", path="custom_audience/update")
    await audiences.rename(session, advertiser_id, audience_id, "Lapsed")

    assert [each.name for each in sandbox.controls.audiences(advertiser_id)] == ["Lapsed"]


async def test_a_planning_run_over_a_full_account_costs_few_requests(
    sandbox: Sandbox, session: Session, advertiser_id: str
) -> None:
    for number in range(400):
        sandbox.controls.add_audience(advertiser_id, f"A{number}")
    sandbox.controls.clear_requests()
    await accounts.describe(session, [advertiser_id], {})
    found = await audiences.list_all(session, advertiser_id)

    assert len(found) == 400
    assert len(sandbox.controls.requests()) == 7
