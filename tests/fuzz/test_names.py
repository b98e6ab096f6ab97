"""Names are chosen by strangers. No command shows one, in any form it has, so that it acts on whoever looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click
import pytest

from reconciler.cli.root import reconciler
from tests.fuzz import harmless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.project import Project, Ran

NAMES: Final = {
    "terminal": "\x1b[2J\x1b]8;;http://x\x07l\x1b]52;c;eA==\x07\x1bPq\x1b\\\x9b31m\x08\r\x00\x7f",
    "lines": "x\n::set-output name=a::b\n  ::add-mask::c\n##[error]y\r\n%0A:: Error: z",
    "hidden": "\u202egpj\u2066\u2069\u200b\u200d\ufeff\u3164\u2028\u2029\u0085\U000e0041 \ufffe\uffff",
    "elements": "<script>alert(1)</script><img src=x onerror=a()><a href=javascript:b()>",
    "ends": "</script><!-- --> ]]> &amp; &#27; \" ' </details></summary>",
    "markdown": "| a | `b` ``` [l](http://x) ![i](http://x) ~~~ @team #123 !7 **b** <b>",
    "mermaid": '```mermaid\ngraph LR\nclick a href "http://x"\n```\n# h\n- [x] @team',
    "formula": "=1+1\t+2 -3 @team =cmd|' /C calc'!A0",
    "markup": "[bold red]x[/] :warning: [link=http://x]y[/link] {{ 7*7 }} ${HOME} %s {0}",
}
"""What each is after, by a name that is short enough for TikTok."""

TABLE: Final = {
    "advertisers": ("text", "yaml", "json"),
    "validate": ("text", "json", "sarif"),
    "plan": ("text", "markdown", "html", "json"),
    "apply": ("text", "markdown", "json"),
    "drift": ("text", "markdown", "html", "json", "junit"),
    "show": ("text", "markdown", "html", "json", "junit"),
    "status": ("text", "json"),
    "history": ("text", "json"),
    "state list": ("text", "json"),
    "state show": ("json",),
    "state rm": ("text",),
    "import": ("yaml",),
    "fmt": ("text",),
    "sandbox audiences": ("text",),
}
"""Every command that names what strangers named, and the forms it has."""

ELSEWHERE: Final = {
    "auth login": "tests/cli/test_auth_login.py",
    "auth logout": "shows profiles, which people here name, of letters and digits",
    "auth status": "tests/cli/test_auth_commands.py",
    "auth token": "prints a token",
    "init": "names nothing",
    "demo": "runs the commands above on names of its own",
    "publish comment": "tests/publish/test_body.py",
    "publish issue": "tests/publish/test_body.py",
    "publish find-artifact": "prints a number",
    "state mv": "names addresses only, of letters and digits",
    "state unlock": "tests/cli/test_state.py",
    "state pull": "the document itself, for a program",
    "state push": "names addresses only, of letters and digits",
    "state migrate": "names addresses only, of letters and digits",
}
"""Commands that show no stranger's name, or whose own tests do this. Acting on the local TikTok needs none."""


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, ...]]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
            continue
        forms = [
            each.type.choices for each in command.params if isinstance(each.type, click.Choice) and each.name == "form"
        ]
        yield " ".join((*path, name)), tuple(map(str, forms[0])) if forms else ()


def test_every_command_and_form_there_is_has_its_place_in_the_table() -> None:
    found = dict(_commands(reconciler))
    acting = {each for each in found if each.startswith("sandbox ") and each not in TABLE}
    assert found.keys() - acting - TABLE.keys() - ELSEWHERE.keys() == set()
    for command, forms in TABLE.items():
        assert set(found[command]) <= set(forms), command


@pytest.fixture(params=sorted(NAMES))
def named(project: Project, request: pytest.FixtureRequest) -> tuple[Project, str]:
    """A project in which everything strangers name has such a name: on TikTok, and in the files where they take it."""
    name = NAMES[request.param]
    project = project.structure()
    tiktok = project.tiktok
    project.declare({"buyers": {"name": "Buyers"}, "kept": {"name": "Kept"}, "gone": {"name": "Gone"}})
    project.apply()
    tiktok.set_account(project.account, name=name)
    stranger = tiktok.add_audience(project.account, name, error_msg=name, editor=name)
    for key in ("Buyers", "Gone"):
        audience = project.audience_id(key)
        tiktok.add_ad_group(project.account, f"{name}{key}", includes=[audience], editor=name)
        tiktok.add_saved_audience(project.account, f"{name}{key}", includes=[audience])
    tiktok.set_error(project.audience_id("Kept"), name)
    tiktok.rename(project.audience_id("Kept"), f"{name}!", editor=name)
    tiktok.edit(stranger, name, name, editor=name)
    project.declare(
        {"buyers": {"name": "Buyers"}, "kept": {"name": _declarable(name)}, "new": {"name": f"{_declarable(name)}2"}}
    )
    return project, name


def _declarable(name: str) -> str:
    """Return what of a name the files may hold: what shows."""
    shown = "".join(each for each in name if each.isprintable()).replace("${", "$${")
    return f"x{shown}"[:60].strip()


def _forms(ran: Ran, form: str) -> None:
    harmless.CHECKS[form](ran.out)
    harmless.text(ran.err)


def test_no_command_lets_a_name_act(named: tuple[Project, str]) -> None:
    project, _ = named
    commands = {
        "validate": ("--skip-sources",),
        "plan": (),
        "drift": (),
        "status": (),
        "state list": (),
        "history": (),
        "advertisers": (),
    }
    for command, options in commands.items():
        for form in TABLE[command]:
            ran = project(command, *options, "--format", form)
            try:
                _forms(ran, form)
            except AssertionError as problem:
                raise AssertionError(f"{command} --format {form}") from problem


def test_no_saved_document_lets_a_name_act(named: tuple[Project, str]) -> None:
    project, _ = named
    project("plan", "--out", "plan.json")
    project("drift", "--format", "json", "-o", "drift.json")
    project("apply", "--auto-approve", "--skip-blocked", "--format", "json", "-o", "applied.json")
    for saved, forms in (
        ("plan.json", ("text", "markdown", "html", "json")),
        ("drift.json", TABLE["show"]),
        ("applied.json", ("text", "markdown", "json")),
    ):
        for form in forms:
            ran = project.run("show", saved, "--format", form)
            assert ran.code == 0, ran.text
            try:
                _forms(ran, form)
            except AssertionError as problem:
                raise AssertionError(f"show {saved} --format {form}") from problem


def test_nothing_that_changes_something_lets_a_name_act(named: tuple[Project, str]) -> None:
    project, _ = named
    for form in TABLE["apply"]:
        _forms(project("apply", "--auto-approve", "--skip-blocked", "--format", form), form)
    _forms(project("import", "--all", "acme"), "yaml")
    _forms(project("state show", "audience.kept"), "json")
    _forms(project("sandbox audiences"), "text")
    _forms(project.run("fmt", "--diff"), "text")
    _forms(project("state rm", "audience.kept"), "text")


def test_no_name_is_a_command_to_the_runner(named: tuple[Project, str], monkeypatch: pytest.MonkeyPatch) -> None:
    project, _ = named
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for command in ("plan", "drift", "status", "validate --skip-sources", "import --all acme", "advertisers"):
        ran = project(command)
        harmless.unheard(ran.out)
        harmless.unheard(ran.err)


def test_a_file_with_a_hostile_name_is_named_harmlessly(project: Project) -> None:
    for name in ("a\x1b[2J\u202e.yaml", "a\n::error::x.yaml", b"\xff\x9b.yaml".decode("utf-8", "surrogateescape")):
        (project.folder / name).write_text("x: 1\n")
        for form in TABLE["validate"]:
            ran = project.run("validate", "--skip-sources", "-c", name, "--format", form)
            assert ran.code == 1
            _forms(ran, form)
        harmless.text(project.run("fmt", "--check", "--diff", name).out)
        for command in (("show", name), ("fmt", f"{name}x"), ("plan", "-c", name), ("apply", name), ("plan", name)):
            ran = project.run(*command)
            harmless.text(ran.out + ran.err)
