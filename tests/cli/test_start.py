"""The first minutes: `init`, the demo, and the local TikTok served to others."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import yaml

from reconciler import schemas

if TYPE_CHECKING:
    import pytest

    from tests.cli.project import Project


def test_init_writes_files_that_only_lack_the_data(project: Project) -> None:
    ran = project.run("init", "new")
    assert (ran.code, ran.out) == (0, "")
    assert "cd new" in ran.text
    new = project.folder / "new"
    assert json.loads((new / "schemas" / "audiences.schema.json").read_text("utf-8")) == schemas.load("audiences")
    assert ".reconciler/" in (new / ".gitignore").read_text("utf-8").splitlines()

    checked = project.run("validate", "-c", "new/audiences.yaml")
    assert checked.code == 1
    assert checked.out.endswith("\n1 error.\n")
    assert "there is no file customers.csv" in checked.out

    (new / "customers.csv").write_text("mpid,idfa,gaid,last_order_at\n1,,,2024-01-31\n", encoding="utf-8")
    assert project.run("validate", "-c", "new/audiences.yaml").code == 0
    assert project.run("plan", "--sandbox", "-c", "new/audiences.yaml").code == 0


def test_init_overwrites_nothing(project: Project) -> None:
    before = (project.folder / "audiences.yaml").read_bytes()
    refused = project.run("init")
    assert refused.code == 1
    assert "exists already" in refused.text
    assert (project.folder / "audiences.yaml").read_bytes() == before

    (project.folder / "audiences.yaml").unlink()
    project.write("*.log", ".gitignore")
    assert project.run("init").code == 0
    assert (project.folder / ".gitignore").read_text("utf-8") == "*.log\n.reconciler/\n"


def test_the_demo_shows_all_of_it_and_ends_well(project: Project) -> None:
    ran = project.run("demo")
    assert (ran.code, "Error" in ran.out) == (0, False)
    commands = [line.removeprefix("$ reconciler ") for line in ran.out.splitlines() if line.startswith("$ reconciler ")]
    assert {each.split()[0] for each in commands} >= {"validate", "plan", "apply", "drift", "status", "sandbox"}
    assert 'ad group "Spring sale"' in ran.out
    assert "No changes." in ran.out
    assert sorted(each.name for each in project.folder.iterdir()) == [".reconciler", "audiences.yaml", "people.parquet"]


def test_the_demo_can_be_kept_but_not_over_anything(project: Project) -> None:
    refused = project.run("demo", "--keep", ".")
    assert refused.code == 1
    assert "exists already" in refused.text


def test_the_local_tiktok_is_served_to_whoever_asks_until_it_is_stopped(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "sandbox", "serve", "--port", "0"],
        cwd=project.folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    with server:
        assert server.stderr is not None
        told = [server.stderr.readline() for _ in range(5)]
        exported = next(line for line in told if "export" in line).split()
        for each in exported[1:]:
            monkeypatch.setenv(*each.split("=", 1))
        ran = project.run("apply", "--auto-approve")
        assert ran.code == 0, ran.text
        assert project.run("plan", "--detailed-exitcode").code == 0
        assert project.tiktok.members(project.audience_id("Buyers")) == project.hashed()
        server.send_signal(signal.SIGINT)
        rest = server.stderr.read()
    assert server.returncode == 0
    assert "Traceback" not in rest


def test_people_on_the_other_side_act_through_the_sandbox_commands(project: Project) -> None:
    project = project.structure()
    project.apply()
    buyers = project.audience_id("Buyers")
    assert project.run("sandbox", "rename", buyers, "By hand", "--editor", "ann@example.com").code == 0
    listed = project.run("sandbox", "audiences")
    assert [line.split() for line in listed.out.splitlines()] == [
        ["account", "id", "kind", "matched", "valid", "name"],
        [project.account, buyers, "Partner", "Audience", "0", "no", "By", "hand"],
    ]
    ad_group = project.run(
        "sandbox", "ad-group", project.account, "Spring", "--exclude", buyers, "--kind", "smart_plus"
    )
    assert ad_group.code == 0
    refused = project.run("sandbox", "delete", buyers)
    assert refused.code == 1
    assert ad_group.out.strip() in refused.text
    assert project.run("sandbox", "delete-ad-group", ad_group.out.strip()).code == 0
    assert project.run("sandbox", "delete", buyers).code == 0
    before = project.tiktok.now()
    assert project.run("sandbox", "advance", "26").code == 0
    assert (project.tiktok.now() - before).total_seconds() >= 26 * 3600
    assert project.run("sandbox", "advance", "-1").code == 1


def test_reset_empties_the_local_tiktok_and_its_state_after_a_yes(project: Project) -> None:
    project = project.structure()
    project.apply()
    assert project.run("sandbox", "reset", stdin="n\n").code != 0
    assert project.names() == ["Buyers"]
    assert project.run("sandbox", "reset", "--yes").code == 0
    assert project("state list").out == ""
    assert project("plan", "--detailed-exitcode").code == 2
    project.apply()
    assert project.names() == ["Buyers"]


def test_what_is_served_by_default_are_the_accounts_of_the_files(project: Project) -> None:
    document = yaml.safe_load((project.folder / "audiences.yaml").read_text(encoding="utf-8"))
    document["advertisers"]["acme"]["advertiser_id"] = "7000000000000000055"
    project.write(yaml.safe_dump(document))
    project.structure().apply()
    assert "7000000000000000055" in project.run("sandbox", "audiences").out
