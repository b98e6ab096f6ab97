"""A source that is broken writes nothing to TikTok: not its own audience's people, and nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.csv
import pytest

if TYPE_CHECKING:
    from tests.cli.project import Project

HEADER = "mpid,idfa,gaid\n"
BROKEN = {
    "cut-off": HEADER + '1,"0bfb14a7-8b38-4a3b-9f8b-97f3e4d4a1f2',
    "ragged": HEADER + "1,0bfb14a7-8b38-4a3b-9f8b-97f3e4d4a1f2\n",
    "no header": "1,0bfb14a7-8b38-4a3b-9f8b-97f3e4d4a1f2,\n2,,\n",
    "not text": "\x00\x01\x02",
    "empty": "",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_source_fails_the_plan_and_sends_nothing(project: Project, content: str) -> None:
    identities = {"mpid": "mpid", "idfa": "idfa", "gaid": "gaid"}
    sound = {"path": "people.parquet", "identities": identities}
    broken = {"path": "broken.csv", "identities": identities}
    project.declare(
        {"buyers": {"name": "Buyers"}, "sellers": {"name": "Sellers", "source": "broken"}},
        sources={"people": sound, "broken": broken},
    )
    pyarrow.csv.write_csv(project.table.select(list(identities)), project.folder / "broken.csv")
    assert project("apply", "--auto-approve").code == 0
    project.tiktok.clear_requests()
    project.write(content, "broken.csv")
    planned, applied = project("plan"), project("apply", "--auto-approve")
    for ran in (planned, applied):
        assert ran.code == 1
        assert "broken.csv" in ran.text
        assert "97f3e4d4a1f2" not in ran.text
    assert {each.method for each in project.tiktok.requests()} <= {"GET"}
