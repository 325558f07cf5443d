"""What the workflows call is there: targets, programs, extras, groups, commands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

REPO = Path(__file__).parents[1]
FOLDER = REPO / ".github" / "workflows"
WORKFLOWS = {each.name: yaml.safe_load(each.read_text()) for each in FOLDER.glob("*.yml")}
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))
JOBS = {
    f"{name}, {job}": said
    for name, workflow in WORKFLOWS.items()
    for job, said in workflow["jobs"].items()
}
STEPS = [step for job in JOBS.values() for step in job.get("steps", ())]
RUNS = [step["run"] for step in STEPS if "run" in step]


def called(pattern: str) -> set[str]:
    """What a pattern with one group finds in the commands; something."""
    found = {each for run in RUNS for each in re.findall(pattern, run)}
    assert found
    return found


def test_targets_are_in_the_makefile():
    makefile = (REPO / "Makefile").read_text()
    assert called(r"\bmake ([a-z-]+)") <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_variables_of_make_are_in_the_makefile():
    makefile = (REPO / "Makefile").read_text()
    assert called(r"\b([A-Z_]+)=") <= set(re.findall(r"^#   ([A-Z_]+)=", makefile, re.MULTILINE))


def test_paths_are_there():
    for path in called(r"\b((?:tools|tests)/[\w./]+)"):
        assert (REPO / path).exists(), path


def test_extras_and_groups_are_in_pyproject():
    extras = set(PROJECT["project"]["optional-dependencies"])
    assert called(r'"\.\[(\w+)\]"') <= extras
    assert called(r"--group (\w+)") <= set(PROJECT["dependency-groups"])
    tries = WORKFLOWS["wheel.yml"]["jobs"]["try"]["strategy"]["matrix"]
    tried = [*tries["extras"], *(each["extras"] for each in tries["include"])]
    assert set(" ".join(tried).split()) == {"base", *extras} - {"cluster", "formats", "gpu"}


def test_windows_runs_the_groups_of_tests_that_make_runs():
    """It has no make."""
    makefile = (REPO / "Makefile").read_text()
    groups = re.findall(r"^group \w+ (.+?);", makefile, re.MULTILINE)
    assert len(groups) == 2
    runs = [step.get("run", "") for step in JOBS["tests.yml, windows"]["steps"]]
    for group in groups:
        assert any(run.endswith(f'{group} -m "not slow"') for run in runs), group


@pytest.mark.parametrize("job", JOBS)
def test_a_job_ends_and_may_do_little(job):
    said = JOBS[job]
    assert "timeout-minutes" in said or "uses" in said
    assert WORKFLOWS[job.partition(",")[0]]["permissions"] == {"contents": "read"}


def test_jobs_wait_for_jobs_that_are_there():
    for name, workflow in WORKFLOWS.items():
        waited = {job["needs"] for job in workflow["jobs"].values() if "needs" in job}
        assert waited <= set(workflow["jobs"]), name


@pytest.mark.parametrize("form", sorted((REPO / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml")))
def test_a_form_for_issues_has_what_github_wants(form):
    said = yaml.safe_load(form.read_text())
    assert {"name", "description", "body"} <= set(said)
    ids = [part["id"] for part in said["body"]]
    assert len(set(ids)) == len(ids)
    assert all(part["attributes"]["label"] for part in said["body"])
