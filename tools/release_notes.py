"""Print what is new in a version, once everything agrees on which one it is.

    python tools/release_notes.py v0.2.0

Status 1 where ``pyproject.toml`` or ``CITATION.cff`` has another version than the tag, or where
``CHANGELOG.md`` has no section of it with a date.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import yaml

REPO = Path(__file__).parents[1]


def main() -> None:
    version = sys.argv[1].removeprefix("v")
    for name, found in versions(REPO).items():
        if found != version:
            sys.exit(f"{name}: expected version {version}, as the tag says, received {found}")
    notes = section((REPO / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    if not notes:
        sys.exit(f"CHANGELOG.md: expected a section '## [{version}] - YYYY-MM-DD'; add it")
    print(notes)


def versions(folder: Path) -> dict[str, str]:
    """The version that each file has."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((folder / "CITATION.cff").read_text(encoding="utf-8"))
    return {"pyproject.toml": project["version"], "CITATION.cff": citation["version"]}


def section(changelog: str, version: str) -> str:
    """What a changelog says of a version, without its title; empty where it has no section."""
    title = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n"
    found = re.search(rf"{title}(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


if __name__ == "__main__":
    main()
