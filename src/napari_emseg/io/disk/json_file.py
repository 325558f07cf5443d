"""Small notes on disk as JSON, whole after a crash; a damaged one is never taken for none."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_emseg.errors import ReadError
from napari_emseg.io.disk.atomic import as_write_error, write_atomically

_log = logging.getLogger(__name__)


def load_json(path: Path) -> dict[str, Any] | None:
    """What a file holds by name; None where there is no file.

    Raises
    ------
    ReadError
        If there is one that cannot be read, is damaged, or holds something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise ReadError(f"{path}: cannot be read ({error}); move it away, or mend it") from error
    if not isinstance(found, dict):
        raise ReadError(f"{path}: expected values by name, received {found!r}; move it away")
    return found


def read_json(path: Path) -> dict[str, Any]:
    """As `load_json`, for what is only looked at and not written back: empty where unreadable."""
    try:
        return load_json(path) or {}
    except ReadError as error:
        _log.warning("%s", error)
        return {}


def read_or_set_aside(path: Path) -> dict[str, Any]:
    """As `load_json`, for what is written back: empty where there is none, or none any more.

    A damaged file is kept as ``NAME.damaged``, the last one of them, and its place is free.

    Raises
    ------
    ReadError
        If it can neither be read nor moved.
    """
    try:
        return load_json(path) or {}
    except ReadError as error:
        aside = path.with_name(f"{path.name}.damaged")
        try:
            path.replace(aside)
        except OSError:
            raise error from None
        _log.warning("%s; it is kept as %s", error, aside.name)
        return {}


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write values by name in the place of what was there, and make the folder.

    Raises
    ------
    WriteError
        If the disk is full, or writing is not allowed.
    """
    with as_write_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(values, indent=2)
    write_atomically(path, lambda to: to.write_text(text, encoding="utf-8"))
