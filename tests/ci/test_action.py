"""What `uses: OWNER/reconciler@v1` does in a job, step by step, in the scripts of action.yml itself."""

from __future__ import annotations

import json
import re
import sys
import sysconfig
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from tests.ci.conftest import ACCOUNT, WORKFLOWS, config, founded
from tests.ci.runner import PROJECT, Runner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.sandbox import Sandbox
    from tests.ci.conftest import Company
    from tests.ci.jobs import Run

ACTION: Final = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))
STEPS: Final[list[dict[str, Any]]] = ACTION["runs"]["steps"]
TEXT: Final = (PROJECT / "action.yml").read_text(encoding="utf-8")

ONE: Final = {"buyers": {"name": "Buyers"}}
CHECKOUT: Final = {
    "uses": "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd",
    "with": {"persist-credentials": "false"},
}
BROKEN: Final = "version: 1\naudiences: [\n"
HOSTILE: Final = ("venv", "pip", "json", "sysconfig", "encodings")
"""Modules that a pull request brings under the names of Python's own."""
ALL: Final = {"contents": "read", "pull-requests": "write", "actions": "read", "issues": "write"}


def job(company: Company, *uses: Mapping[str, str], permissions: Mapping[str, str] = ALL, **step: object) -> str:
    """Return a workflow that uses the action, once with each of these inputs."""
    secrets = {"TIKTOK_ACCESS_TOKEN": "${{ secrets.TIKTOK_ACCESS_TOKEN }}", "RECONCILER_STATE": str(company.state)}
    used = [
        {"id": f"use{number}", "uses": "acme/reconciler@v1", "with": dict(given), "env": secrets}
        for number, given in enumerate(uses)
    ]
    document = {
        "name": "Any",
        "on": ["pull_request", "push", "schedule"],
        "permissions": dict(permissions),
        "jobs": {"it": {"runs-on": "self-hosted", "steps": [CHECKOUT, *used, *([step] if step else [])]}},
    }
    return yaml.safe_dump(document, sort_keys=False).replace("'on':", "on:")


def proposed(company: Company, workflow: str, files: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Open a pull request with a workflow and an audiences.yaml; returns its number and its commit."""
    company.repository.git("switch", "--quiet", "--create", "change")
    given = {"audiences.yaml": config(ONE)} if files is None else files
    head = company.repository.commit("A change", {f"{WORKFLOWS}/any.yml": workflow, **given})
    return company.forge.open_pull(head), head


def pushed(company: Company, workflow: str, files: Mapping[str, str] | None = None, **repo: str) -> tuple[int, Run]:
    """Open a pull request and run its workflow; returns its number and the run."""
    number, head = proposed(company, workflow, files)
    return number, company.push(number, head, f"{WORKFLOWS}/any.yml", **repo)


# What the file promises by its form.


def test_every_output_that_a_step_reads_is_one_that_its_step_writes() -> None:
    scripts = {step["id"]: step["run"] for step in STEPS if "id" in step}
    read = re.findall(r"steps\.([\w-]+)\.outputs\.([\w-]+)", TEXT)
    assert read
    for step, output in read:
        assert f'"{output}=' in scripts[step], f"{step} never writes {output}"


def test_every_input_is_described_and_used() -> None:
    for name, each in ACTION["inputs"].items():
        assert each["description"].strip()
        assert f"inputs.{name} " in TEXT, f"{name} is used nowhere"
        assert "default" in each or each.get("required") is True


def test_no_script_holds_an_expression_or_traces_itself() -> None:
    for step in STEPS:
        script = step.get("run", "")
        assert "${{" not in script
        assert not re.search(r"set -\w*x|xtrace|bash -x", script)


def test_actions_of_others_are_pinned_by_commit_with_their_version_beside() -> None:
    for line in re.findall(r"uses: .*", TEXT):
        assert re.fullmatch(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_every_python_is_isolated_from_the_folder_it_runs_in() -> None:
    scripts = "\n".join(step.get("run", "") for step in STEPS)
    called = re.findall(r"\bpython[\d.]*\"?\s+(.*)", re.sub(r"\[ -x [^]]*\]", "", scripts))

    assert len(called) == 3
    for arguments in called:
        assert arguments.startswith("-I "), f"python {arguments}"


def test_only_the_steps_that_talk_to_github_hold_its_token() -> None:
    holders = [step["name"] for step in STEPS if "GITHUB_TOKEN" in step.get("env", {})]
    talkers = [step["name"] for step in STEPS if "reconciler publish" in step.get("run", "")]
    assert holders == talkers


# What it does.


def test_it_installs_the_version_that_the_workflow_names_with_the_extras(company: Company) -> None:
    _, run = pushed(company, job(company, {"command": "validate", "extras": "postgres,s3"}))

    assert run.conclusion == "success", run.output
    assert company.runner.installed == [f"{PROJECT}[postgres,s3]"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"command": "destroy"}, '"validate", "plan", "apply" or "drift"'),
        ({"command": "plan", "key": "a b"}, "key is letters and digits"),
        ({"command": "plan", "key": "../../etc"}, "key is letters and digits"),
        ({"command": "plan", "key": "x\n::error::y"}, "key is letters and digits"),
    ],
)
def test_an_input_that_makes_no_sense_ends_it_before_anything_is_done(
    company: Company, given: dict[str, str], said: str
) -> None:
    _, run = pushed(company, job(company, given))

    assert run.conclusion == "failure"
    assert said in run.output
    assert company.runner.installed == []


def test_no_input_can_become_code(company: Company) -> None:
    evil = '$(touch pwned)`touch pwned`";touch pwned;#'
    given = {"command": "drift", "config": evil, "fail-on": evil, "ignore": evil, "issue-title": evil}
    _, run = pushed(company, job(company, given, id="look", shell="bash", run="find . -name pwned -print"))

    assert run.conclusion == "failure"
    assert "/pwned" not in run.output


def test_validate_ends_with_the_findings_of_the_files(company: Company) -> None:
    broken = config(ONE).replace("source: people", "source: peeple")
    number, run = pushed(company, job(company, {"command": "validate"}), {"audiences.yaml": broken})

    assert run.conclusion == "failure"
    assert "peeple" in run.output
    assert company.forge.thread(number) == []


@pytest.fixture(scope="module")
def planned(
    tmp_path_factory: pytest.TempPathFactory, tiktok: tuple[Sandbox, str]
) -> Iterator[tuple[Company, int, Run]]:
    """A company, its pull request, and the run that planned it."""
    with founded(tmp_path_factory.mktemp("planned"), tiktok) as company:
        yield company, *pushed(company, job(company, {"command": "plan"}))


def kept(company: Company, run: Run, name: str = "reconciler-plan") -> dict[str, str]:
    """Return the files of an artifact."""
    folder = company.runner.folder / "artifacts" / str(run.number) / name
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_a_plan_is_commented_and_kept_and_nothing_is_done(planned: tuple[Company, int, Run]) -> None:
    company, number, run = planned

    assert run.conclusion == "success", run.output
    assert "audience.buyers" in company.forge.thread(number)[0]
    assert kept(company, run).keys() == {"plan.json", "plan.md", "plan.html"}
    assert company.names() == []


def test_the_outputs_of_a_plan_tell_what_came_of_it(planned: tuple[Company, int, Run]) -> None:
    _, _, run = planned
    outputs = run.outputs["it.use0"]

    assert (outputs["exit-code"], outputs["changes"]) == ("2", "true")
    assert outputs["plan"].endswith("/plan.json")
    assert outputs["report"].endswith("/plan.html")


def test_the_summary_of_the_job_shows_the_plan(planned: tuple[Company, int, Run]) -> None:
    assert "audience.buyers" in planned[2].summary


def test_a_plan_artifact_names_no_person(planned: tuple[Company, int, Run]) -> None:
    company, _, run = planned
    people = (company.repository.folder / "people.csv").read_text(encoding="utf-8").splitlines()[1:]
    named = {name for person in people for name in person.split(",")}

    for text in kept(company, run).values():
        assert not named & set(re.findall(r"[\w-]+", text))


def test_a_plan_that_is_blocked_is_commented_before_the_job_fails(company: Company) -> None:
    taken = {"buyers": {"name": "Buyers", "import": "7999999999999999999"}}
    number, run = pushed(company, job(company, {"command": "plan"}), {"audiences.yaml": config(taken)})

    assert run.conclusion == "failure"
    assert "7999999999999999999" in company.forge.thread(number)[0]
    assert run.outputs["it.use0"]["exit-code"] == "1"


def test_a_plan_that_cannot_be_made_takes_the_place_of_the_last_one(company: Company) -> None:
    number, run = pushed(company, job(company, {"command": "plan"}), {"audiences.yaml": BROKEN})

    (comment,) = company.forge.thread(number)
    assert run.conclusion == "failure"
    assert "### There is no plan" in comment
    assert "audiences.yaml:3:1" in comment
    assert run.outputs["it.use0"]["exit-code"] == "1"


def test_comment_false_posts_nothing(company: Company) -> None:
    workflow = job(company, {"command": "plan", "comment": "false"}, permissions={"contents": "read"})
    number, run = pushed(company, workflow, {"audiences.yaml": BROKEN})

    assert run.outputs["it.use0"]["exit-code"] == "1"
    assert "publish" not in run.output
    assert company.forge.thread(number) == []


def test_a_plan_after_the_merge_leaves_the_comment_that_was_reviewed(company: Company) -> None:
    number, _ = proposed(company, job(company, {"command": "plan"}), {"audiences.yaml": BROKEN})
    company.forge.say(number, "<!-- reconciler:plan -->\nWhat was reviewed")
    run = company.merge(number, f"{WORKFLOWS}/any.yml")

    assert run is not None
    assert run.outputs["it.use0"]["exit-code"] == "1"
    assert company.forge.thread(number) == ["<!-- reconciler:plan -->\nWhat was reviewed"]


def test_a_permission_that_the_workflow_forgot_fails_it_with_its_name(company: Company) -> None:
    workflow = job(company, {"command": "plan"}, permissions={"contents": "read"})
    _, run = pushed(company, workflow, {"audiences.yaml": BROKEN})

    assert run.conclusion == "failure"
    assert "`pull-requests: write` under `permissions:`" in " ".join(run.output.split())


def test_a_fork_s_plan_is_not_posted_and_that_is_no_failure(company: Company) -> None:
    number, run = pushed(company, job(company, {"command": "plan"}), full_name="mallory/ads")

    assert run.conclusion == "success", run.output
    assert "Nothing was posted" in run.output
    assert company.forge.thread(number) == []


@pytest.mark.slow
def test_workspaces_of_one_repository_have_a_comment_and_a_plan_each(company: Company) -> None:
    uses = [{"command": "plan", "key": key, "working-directory": key} for key in ("us", "eu")]
    csv = (company.repository.folder / "people.csv").read_text(encoding="utf-8")
    files = {
        f"{key}/{name}": text
        for key in ("us", "eu")
        for name, text in (("audiences.yaml", config(ONE)), ("people.csv", csv))
    }
    number, run = pushed(company, job(company, *uses), files)

    assert run.conclusion == "success", run.output
    assert [each.partition("\n")[0] for each in company.forge.thread(number)] == [
        "<!-- reconciler:plan-us -->",
        "<!-- reconciler:plan-eu -->",
    ]
    assert sorted(each["name"] for each in company.forge.artifacts.values()) == [
        "reconciler-plan-eu",
        "reconciler-plan-us",
    ]


@pytest.mark.slow
def test_a_saved_plan_is_applied_and_what_came_of_it_is_commented(company: Company) -> None:
    inputs = [{"command": "plan"}, {"command": "apply", "plan-file": "${{ steps.use0.outputs.plan }}"}]
    number, run = pushed(company, job(company, *inputs))

    assert run.conclusion == "success", run.output
    assert company.names() == ["Buyers"]
    assert company.forge.thread(number)[1].startswith("<!-- reconciler:apply -->")
    assert run.outputs["it.use1"]["exit-code"] == "0"


def test_an_apply_without_a_plan_says_so_and_does_nothing(company: Company) -> None:
    number, _ = proposed(company, job(company, {"command": "apply"}))
    run = company.merge(number, f"{WORKFLOWS}/any.yml")

    assert run is not None
    assert run.conclusion == "failure"
    assert "No workflow ran on its last commit" in " ".join(run.output.split())
    assert company.names() == []


def test_an_apply_whose_plan_has_expired_is_told_to_the_request_before_the_job_fails(company: Company) -> None:
    number, head = proposed(company, job(company, {"command": "apply"}))
    company.forge.keep(company.forge.start_run(head), "reconciler-plan", expired=True)
    run = company.merge(number, f"{WORKFLOWS}/any.yml")

    assert run is not None
    assert run.conclusion == "failure"
    assert run.outputs["it.use0"]["exit-code"] == "1"
    (comment,) = company.forge.thread(number)
    assert comment.startswith("<!-- reconciler:apply -->")
    assert "The apply came to no outcome" in comment
    assert "has expired" in comment


def test_a_refused_apply_is_commented_before_the_job_fails(company: Company) -> None:
    number, _ = proposed(company, job(company, {"command": "apply", "plan-file": "plan.json"}), {"plan.json": "{}"})
    run = company.merge(number, f"{WORKFLOWS}/any.yml")

    assert run is not None
    assert run.conclusion == "failure"
    assert company.forge.thread(number)[0].startswith("<!-- reconciler:apply -->")
    assert run.outputs["it.use0"]["exit-code"] == "1"


@pytest.mark.slow
def test_drift_opens_an_issue_and_fail_on_decides_about_the_job(company: Company) -> None:
    applied = [{"command": "plan"}, {"command": "apply", "plan-file": "${{ steps.use0.outputs.plan }}"}]
    drift = {"command": "drift", "issue-labels": "tiktok,drift", "key": "us"}
    calm = {**drift, "fail-on": "none"}
    _, run = pushed(company, job(company, *applied))
    assert run.conclusion == "success", run.output
    (audience,) = company.tiktok.audiences(ACCOUNT)
    company.tiktok.rename(audience.audience_id, "Renamed", editor="bob@example.com")
    head = company.repository.commit("Drift", {f"{WORKFLOWS}/any.yml": job(company, calm, drift)})
    run = company.push(1, head, f"{WORKFLOWS}/any.yml")

    (issue,) = company.forge.open_issues()
    assert (issue["title"], [each["name"] for each in issue["labels"]]) == (
        "TikTok audiences have drifted (us)",
        ["tiktok", "drift"],
    )
    assert [run.outputs[f"it.use{number}"]["changes"] for number in (0, 1)] == ["true", "true"]
    assert [run.outputs[f"it.use{number}"]["exit-code"] for number in (0, 1)] == ["0", "2"]
    assert run.conclusion == "failure"


@pytest.mark.slow
def test_a_look_whose_issue_is_refused_leaves_its_report_all_the_same(company: Company) -> None:
    planned = [{"command": "plan"}, {"command": "apply", "plan-file": "${{ steps.use0.outputs.plan }}"}]
    _, run = pushed(company, job(company, *planned))
    assert run.conclusion == "success", run.output
    (audience,) = company.tiktok.audiences(ACCOUNT)
    company.tiktok.rename(audience.audience_id, "Renamed", editor="bob@example.com")
    forgetful = job(company, {"command": "drift"}, permissions={"contents": "read"})
    head = company.repository.commit("Drift", {f"{WORKFLOWS}/any.yml": forgetful})
    run = company.push(1, head, f"{WORKFLOWS}/any.yml")

    assert run.conclusion == "failure"
    assert "reconciler-drift" in [each["name"] for each in company.forge.artifacts.values()]


def test_a_module_of_the_checkout_does_not_run_in_place_of_python_s_own(company: Company) -> None:
    hostile = {f"{name}.py": "raise SystemExit('hostile')" for name in HOSTILE}
    _, run = pushed(company, job(company, {"command": "drift"}), {"audiences.yaml": config(ONE), **hostile})

    assert "hostile" not in run.output
    assert run.outputs["it.use0"]["changes"] in {"true", "false"}


@pytest.mark.slow
def test_what_it_installs_really_is_this_project_and_works(company: Company) -> None:
    runner = Runner(
        company.runner.folder,
        company.runner.repository,
        company.forge,
        company.runner.secrets,
        env={
            **company.runner.env,
            # The network is out of reach: dependencies come from this environment, and so does what builds the wheel.
            "PYTHONPATH": sysconfig.get_path("purelib"),
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",
        },
        real_python=True,
    )
    company.runner = runner
    python = "$RUNNER_TEMP/reconciler/venv/bin/python"
    where = f'"{python}" -P -c "import json, reconciler, sys; print(json.dumps([reconciler.__file__, sys.prefix]))"'
    hostile = {f"{name}.py": "raise SystemExit('hostile')" for name in HOSTILE}
    workflow = job(company, {"command": "validate"}, id="where", shell="bash", run=where)
    _, run = pushed(company, workflow, {"audiences.yaml": config(ONE), **hostile})

    assert run.conclusion == "success", run.output
    module, prefix = json.loads(run.output.splitlines()[-1])
    assert module.startswith(prefix)
    assert prefix != sys.prefix
