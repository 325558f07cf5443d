"""One version everywhere, and what a release says of itself."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

REPO = Path(__file__).parents[1]
sys.path.insert(0, str(REPO / "tools"))
from release_notes import section, versions  # noqa: E402  a program of the repository

sys.path.remove(str(REPO / "tools"))

PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION = PROJECT["version"]


def test_all_files_have_one_version():
    assert set(versions(REPO).values()) == {VERSION}


def test_a_section_is_that_of_its_version_alone():
    changelog = (
        "## [Unreleased]\n\n- new\n\n## [1.2.0] - 2026-01-02\n\n### Added\n\n- this\n\n"
        "## [1.2] - 2025-01-02\n\n- old\n"
    )
    assert section(changelog, "1.2.0") == "### Added\n\n- this"
    assert section(changelog, "1.2") == "- old"
    assert section(changelog, "2.0") == section(changelog, "Unreleased") == ""


def test_a_version_that_is_out_has_a_section():
    changelog = (REPO / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "dev" in VERSION or section(changelog, VERSION)


def test_a_tag_that_the_files_do_not_have_is_refused():
    done = subprocess.run(
        [sys.executable, REPO / "tools" / "release_notes.py", "v0.0.7"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"pyproject.toml: expected version 0.0.7, as the tag says, received {VERSION}" in (
        done.stderr
    )


def test_every_dependency_says_from_which_version_on():
    """Else the oldest that are tried are of any age."""
    extras = PROJECT["optional-dependencies"].values()
    wanted = [Requirement(each) for some in (PROJECT["dependencies"], *extras) for each in some]
    without = [each.name for each in wanted if not each.specifier]
    assert set(without) <= {PROJECT["name"]}


def test_the_pythons_that_are_named_are_those_that_are_tried():
    named = {
        each.rpartition(" ")[2] for each in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", each)
    }
    tried = set(re.findall(r'"(3\.\d+)"', (REPO / ".github/workflows/wheel.yml").read_text()))
    assert named == tried
    assert PROJECT["requires-python"] == f">={min(named, key=lambda v: int(v[2:]))}"
