"""Small notes on disk as JSON, which a crash leaves whole and damage leaves empty."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_emseg.io.atomic import as_write_error, replacing_file

_log = logging.getLogger(__name__)


def read_json(path: Path) -> dict[str, Any]:
    """What a file holds by name; empty where it is missing, damaged, or holds something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        _log.debug("%s: %s", path, error)
        return {}
    return found if isinstance(found, dict) else {}


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write values by name in the place of what was there, and make the folder.

    Raises
    ------
    WriteError
        If the disk is full, or writing is not allowed.
    """
    with as_write_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with replacing_file(path) as beside:
        beside.write_text(json.dumps(values, indent=2), encoding="utf-8")
