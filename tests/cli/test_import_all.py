"""`import --all --adopt`: an account that has audiences already is declared and managed in one go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.config.files import MAX_BYTES
from reconciler.state.repository import OpenState

if TYPE_CHECKING:
    from tests.cli.project import Project

STREAMING = "Partner Audience"
FILE = "Customer File Audience"
NAMES = (
    "Plain", "Twice", "Twice", "UPPER lower", "Grüße 🎉", "日本", "${HOME} $${x}", 'q"u\'o\\te', "- a: b # c", "true",
    "2024-01-01", "yes", "\u202eturned", "family 👩\u200d👩\u200d👧", "x" * 70, "y" * 128, "!tag", "*alias", "&anchor",
    "  spaces  ", "a, b] }", "<b>&amp;</b>", "@team #1", "::error::x", "\ufeffmark", "audience", "0", "null",
)  # fmt: skip
UNDECLARABLE = ("line\nbreak", "tab\t", "\x1b[31mred", "\u2028", " ", "z" * 129)


def test_400_mixed_audiences_are_managed_and_nothing_changes(bare: Project) -> None:
    made, left = _populate(bare, 400)
    bare.tiktok.clear_requests()
    ran = bare("import", "--all", "acme", "--adopt")
    assert ran.code == 0, ran.text
    assert f"Now managed: {len(made)} audiences of acme, declared in audiences.yaml" in ran.text
    assert all(each in ran.err for each in ("shared it in", "characters that a file cannot declare", "is blank"))
    calls = bare.tiktok.requests()
    assert {each.method for each in calls} == {"GET"}
    assert len([each for each in calls if each.path.endswith("/custom_audience/list/")]) == 4  # pages, not audiences
    written = (bare.folder / "audiences.yaml").read_text(encoding="utf-8")
    assert all(written.count(f'import: "{each}"') == 1 for each in made)
    assert not any(each in written for each in left)
    assert len(bare("state list").out.splitlines()) == len(made)
    replace(bare, skip_members=False).assert_settled()
    assert bare.run("fmt", "--check").code == 0
    assert "nothing to adopt" in bare("import", "--all", "acme", "--adopt").text


def test_the_slower_road_imports_400_and_nothing_else(bare: Project) -> None:
    made, _ = _populate(bare, 400)
    folder = bare.folder / "files"
    folder.mkdir()
    (bare.folder / "audiences.yaml").rename(folder / "accounts.yaml")
    (folder / ".reconciler").symlink_to(bare.folder / ".reconciler")
    assert bare("import", "-c", "files", "--all", "acme", "-o", "files/acme.yaml").code == 0
    planned = bare("plan", "-c", "files", "--format", "json").document
    assert {kind: count for kind, count in planned["summary"].items() if count} == {"import": len(made)}
    assert all(each["changes"] == [] for each in planned["actions"])
    assert bare("apply", "-c", "files", "--auto-approve").code == 0
    assert bare("plan", "-c", "files", "--detailed-exitcode").code == 0
    printed = bare("import", "-c", "files", "--all", "acme")
    assert "audiences: {}" in printed.out


def test_a_directory_gets_a_file_of_its_own(bare: Project) -> None:
    bare.tiktok.add_audience(bare.account, "By hand", STREAMING)
    folder = bare.folder / "files"
    folder.mkdir()
    before = (bare.folder / "audiences.yaml").rename(folder / "acme.yaml").read_bytes()
    (folder / ".reconciler").symlink_to(bare.folder / ".reconciler")
    ran = bare("import", "-c", "files", "--all", "acme", "--adopt")
    assert ran.code == 0, ran.text
    assert "declared in files/acme_2.yaml" in ran.text
    assert (folder / "acme.yaml").read_bytes() == before
    assert bare("plan", "-c", "files", "--detailed-exitcode").code == 0


def test_what_the_files_say_already_stays_byte_for_byte(project: Project) -> None:
    project = project.structure()
    project.apply()
    theirs = project.tiktok.add_audience(project.account, "Buyers!", STREAMING)
    text = (project.folder / "audiences.yaml").read_text(encoding="utf-8").replace("audiences:", "audiences:  # ours")
    raw = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() + b"# the end"
    path = project.folder / "audiences.yaml"
    path.write_bytes(raw)
    path.chmod(0o640)
    assert project("import", "--all", "acme", "--adopt").code == 0
    written = path.read_bytes()
    added = f'  buyers_2:\r\n    advertiser: acme\r\n    name: "Buyers!"\r\n    import: "{theirs}"\r\n'.encode()
    assert written.replace(added, b"") == raw
    assert path.stat().st_mode & 0o777 == 0o640
    project.assert_settled()


def test_keys_that_mean_something_already_are_not_used_again(project: Project) -> None:
    project = project.structure()
    project.declare(
        {"buyers": {"name": "Ours"}},
        moved=[{"from": "audience.old", "to": "audience.buyers"}],
        removed=[{"from": "audience.gone", "destroy": False}],
    )
    project.apply()
    for name in ("Buyers", "Old", "Gone"):
        project.tiktok.add_audience(project.account, name, STREAMING)
    assert project("import", "--all", "acme", "--adopt").code == 0
    addresses = {"audience.buyers", "audience.buyers_2", "audience.old_2", "audience.gone_2"}
    assert set(project("state list").out.split()) == addresses
    project.assert_settled()


def test_one_with_the_name_of_a_declared_audience_is_left_out_with_the_way_out(project: Project) -> None:
    project = project.structure()
    theirs = project.tiktok.add_audience(project.account, "Buyers", STREAMING)
    ran = project("import", "--all", "acme", "--adopt")
    assert ran.code == 0
    assert f'{theirs} "Buyers": audience.buyers is declared with its name' in ran.text
    assert project("validate").code == 0


def test_a_run_that_ends_between_files_and_state_is_gone_on_with(
    bare: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("One", "Two"):
        bare.tiktok.add_audience(bare.account, name, STREAMING)

    def killed(_self: OpenState, _state: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(OpenState, "save", killed)
        assert bare("import", "--all", "acme", "--adopt").code == 130
    assert bare("state list").out == ""
    declared = (bare.folder / "audiences.yaml").read_bytes()
    assert bare.plan()["summary"]["import"] == 2
    bare.tiktok.add_audience(bare.account, "Three", STREAMING)
    assert bare("import", "--all", "acme", "--adopt").code == 0
    assert (bare.folder / "audiences.yaml").read_bytes().startswith(declared)
    assert len(bare("state list").out.split()) == 3
    bare.assert_settled()


def test_an_import_line_that_leads_nowhere_is_told_and_the_rest_adopted(bare: Project) -> None:
    theirs = bare.tiktok.add_audience(bare.account, "Theirs", STREAMING)
    bare.declare({"lost": {"import": "7300000000000000042"}})
    text = (bare.folder / "audiences.yaml").read_text(encoding="utf-8").replace("    source: people\n", "")
    bare.write(text)
    ran = bare("import", "--all", "acme", "--adopt")
    assert ran.code == 1
    assert "7300000000000000042" in ran.text
    assert bare("state list").out == "audience.theirs\n"
    assert theirs in (bare.folder / "audiences.yaml").read_text(encoding="utf-8")


def test_an_import_line_with_a_source_is_left_to_a_plan(project: Project) -> None:
    project = project.structure()
    theirs = project.tiktok.add_audience(project.account, "Buyers", STREAMING)
    project.declare({"buyers": {"name": "Buyers", "import": theirs}})
    ran = project("import", "--all", "acme", "--adopt")
    assert ran.code == 0
    assert "nothing to adopt" in ran.text
    assert project("state list").out == ""


def test_files_that_would_not_hold_are_put_back(bare: Project) -> None:
    bare.tiktok.add_audience(bare.account, "By hand", STREAMING)
    text = (bare.folder / "audiences.yaml").read_text(encoding="utf-8")
    bare.write(f"{text}#".ljust(MAX_BYTES - 8, "x") + "\n")
    before = (bare.folder / "audiences.yaml").read_bytes()
    refused = bare("import", "--all", "acme", "--adopt")
    assert refused.code == 1
    assert "put back as it was" in refused.text
    assert (bare.folder / "audiences.yaml").read_bytes() == before
    assert bare("state list").out == ""


@pytest.fixture
def bare(project: Project) -> Project:
    """A project that declares an account and no audience yet."""
    project = project.structure()
    project.write('version: 1\n\nadvertisers:\n  acme:\n    advertiser_id: "7000000000000000001"\n')
    return project


def _populate(project: Project, count: int) -> tuple[set[str], set[str]]:
    """Fill the account with audiences of every kind; return those that can be managed, and those that cannot."""
    add, account = project.tiktok.add_audience, project.account
    left = {add(account, name, STREAMING) for name in UNDECLARABLE}
    left |= {add(account, f"Shared {each}", STREAMING, is_creator=False) for each in range(4)}
    seed = add(account, "Seed", FILE, calculate_type="MULTIPLE_TYPES", cover_num=5_000)
    made = {seed}
    past = project.tiktok.now() - timedelta(days=1)
    kinds = (
        {"kind": STREAMING},
        {"kind": FILE, "calculate_type": "IDFA_MD5"},
        {"kind": FILE, "sub_type": "REACH_FREQUENCY", "calculate_type": "EMAIL_SHA256"},
        {"kind": FILE, "retention_in_days": 90},
        {"kind": FILE, "is_editable": False},
        {"kind": STREAMING, "expires": past},
        {"kind": "Lookalike Audience", "source_audience_id": seed},
        {"kind": "Website Audience", "error_msg": "pixel gone"},
        {"kind": "Engagement Audience"},
        {"kind": "App Activity Audience"},
    )
    for number in range(count - len(left) - 1):
        name = NAMES[number] if number < len(NAMES) else f"Audience {number % 250}"
        made.add(add(account, name, **kinds[number % len(kinds)]))
    return made, left
