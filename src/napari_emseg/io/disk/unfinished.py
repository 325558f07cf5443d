"""The record that lies in an output that is being written slice by slice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_emseg.errors import WriteError

RECORD = ".napari-emseg-unfinished.json"
"""Lies in an unfinished folder or zarr; beside an unfinished file, with its name before it."""


def record_of(place: Path, *, is_folder: bool) -> Path:
    """Where the record of an output that grows at ``place`` lies."""
    return place / RECORD if is_folder else place.with_name(f".{place.name}{RECORD}")


def require_same_run(place: object, found: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raise `WriteError` where who goes on brings something else than an output was begun with."""
    names = sorted({*found, *new})
    changed = [name for name in names if found.get(name) != new.get(name)]
    if changed:
        name = changed[0]
        raise WriteError(
            f"{place}: was begun with {name} {found.get(name)}, received {new.get(name)}; "
            "give the same to go on, or begin anew",
            overwrite=True,
        )


def finished_slices(place: Path) -> tuple[int, ...] | None:
    """Slices of an unfinished output that are written; None where nobody says so."""
    try:
        text = record_of(place, is_folder=place.is_dir()).read_text()
        return tuple(range(int(json.loads(text)["done"])))
    except (OSError, ValueError, TypeError, LookupError):
        return None
