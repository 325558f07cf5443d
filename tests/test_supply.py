"""No version of a package is allowed whose holes are known and of use to whoever makes a file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

MENDED = {
    "aiohttp": ("3.13.3", "CVE-2025-69223, answers that unpack to any size"),
    "bokeh": ("3.8.2", "CVE-2026-21883, other pages that speak to the dashboard"),
    "distributed": ("2026.1.0", "CVE-2026-23528, code by way of the dashboard"),
    "keras": ("3.13.2", "CVE-2025-1550, -8747, -9905, -9906, -12058, CVE-2026-0897, -1669"),
    "onnx": ("1.17.0", "CVE-2024-5187 and -7776, archives that write elsewhere"),
    "opencv-python-headless": ("4.12.0.88", "CVE-2025-53644, JPEG"),
    "pillow": ("12.1.1", "CVE-2023-50447, CVE-2024-28219, CVE-2025-48379, CVE-2026-25990"),
    "pyyaml": ("5.4", "CVE-2020-14343, code in YAML"),
    "requests": ("2.32.4", "CVE-2024-47081, passwords told to other hosts"),
    "torch": ("2.6.0", "CVE-2025-32434, code in weights"),
    "tqdm": ("4.66.3", "CVE-2024-34062"),
}
"""The first version in which holes are mended, by package."""
NOT_LOCKED = ("docs", "torch", "gpu")
"""Extras and groups that ``make lock`` leaves out."""


@pytest.fixture(scope="module")
def project(repo):
    return tomllib.loads((repo / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def locked(repo):
    """Versions of the lock file by name."""
    found = {}
    for line in (repo / "requirements-dev.txt").read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([\w.-]+)==([^ ;]+)", line):
            found.setdefault(canonicalize_name(match[1]), set()).add(match[2])
    return found


def requirements(project, *left_out: str) -> Iterator[Requirement]:
    about = project["project"]
    extras, groups = about["optional-dependencies"], project["dependency-groups"]
    kept = [each for name, each in (extras | groups).items() if name not in left_out]
    for listed in (about["dependencies"], *kept):
        yield from (Requirement(each) for each in listed if isinstance(each, str))


def lowest(requirement: Requirement) -> Version:
    return max(
        (Version(each.version) for each in requirement.specifier if each.operator == ">="),
        default=Version("0"),
    )


@pytest.mark.parametrize("name", MENDED)
def test_the_oldest_version_that_is_allowed_is_mended(project, name):
    mended, holes = MENDED[name]
    allowed = [each for each in requirements(project) if each.name.lower() == name]
    assert allowed, "it is none of ours any more"
    for each in allowed:
        assert lowest(each) >= Version(mended), f"{each} has {holes}"


def test_the_lock_file_is_one_of_what_is_required(project, locked):
    for each in requirements(project):
        found = locked.get(canonicalize_name(each.name), ())
        assert not found or any(map(each.specifier.contains, found)), each
    ours = {canonicalize_name(each.name) for each in requirements(project, *NOT_LOCKED)}
    assert ours - {"napari-emseg"} <= locked.keys()


def test_the_lock_file_names_no_place_and_hashes_all(repo):
    text = (repo / "requirements-dev.txt").read_text(encoding="utf-8")
    assert not re.search(r"://|--index|--find-links|@ ", text)
    pinned = re.findall(r"^[\w.-]+(?:\[[\w,-]+\])?==.*$", text, re.MULTILINE)
    assert len(pinned) > 100
    assert all(each.endswith("\\") for each in pinned)
