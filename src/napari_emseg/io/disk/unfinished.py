"""The record that lies in an output that is being written slice by slice."""

from __future__ import annotations

import json
from pathlib import Path

RECORD = ".napari-emseg-unfinished.json"
"""Lies in an unfinished folder or zarr; beside an unfinished file, with its name before it."""


def record_of(place: Path, *, is_folder: bool) -> Path:
    """Where the record of an output that grows at ``place`` lies."""
    return place / RECORD if is_folder else place.with_name(f".{place.name}{RECORD}")


def finished_slices(place: Path) -> tuple[int, ...] | None:
    """Slices of an unfinished output that are written; None where nobody says so."""
    try:
        text = record_of(place, is_folder=place.is_dir()).read_text()
        return tuple(range(int(json.loads(text)["done"])))
    except (OSError, ValueError, TypeError, LookupError):
        return None
