"""A file that a project does not hold, and by which it is found and known again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_emseg.io.formats.file_format import ending
from napari_emseg.io.formats.registry import format_of

_SAMPLES, _SAMPLE_BYTES = 16, 64 * 2**10
"""So many pieces of a file, evenly apart, and so large, stand for all of it."""


def reference_to(path: Path, folder: Path) -> dict[str, Any]:
    """What a project in ``folder`` notes of a file or folder, in a form for JSON.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    path = path.absolute()
    try:
        relative = os.path.relpath(path, folder.absolute())
    except ValueError:  # on another drive
        relative = ""
    return {"absolute": str(path), "relative": relative, "fingerprint": fingerprint(path)}


def found_again(reference: Mapping[str, Any], folder: Path) -> Path | None:
    """Where the file is now, seen from the project's folder; None where it is not.

    It is looked for where it was, seen from the project, then where it was on the disk, then beside
    the project; one that looks the same is taken before one of the same name.
    """
    absolute, relative = Path(str(reference["absolute"])), str(reference.get("relative", ""))
    places = [*([folder / relative] if relative else []), absolute, folder / absolute.name]
    there = [place for place in places if _can_be_read(place)]
    same = (place for place in there if looks_the_same(reference, place))
    return next(same, there[0] if there else None)


def _can_be_read(place: Path) -> bool:
    """Whether a stack may be there: no pipe, which would be waited for, and no whole disk."""
    if not place.is_dir():
        return place.is_file()
    known = format_of(place)
    return known is not None and (known.holds(place) or ending(place) in known.endings)


def looks_the_same(reference: Mapping[str, Any], path: Path) -> bool:
    """Whether a file is, as far as samples tell, the one that was noted."""
    try:
        return fingerprint(path) == reference.get("fingerprint")
    except OSError:
        return False


def fingerprint(path: Path) -> dict[str, Any]:
    """Size in bytes and SHA-256 of samples; of a folder number and size of its files."""
    if path.is_dir():
        sizes = [each.stat().st_size for each in path.rglob("*") if each.is_file()]
        return {"files": len(sizes), "bytes": sum(sizes)}
    size = path.stat().st_size
    found = hashlib.sha256()
    with path.open("rb") as file:
        for k in range(_SAMPLES):
            file.seek(max(0, size - _SAMPLE_BYTES) * k // (_SAMPLES - 1))
            found.update(file.read(_SAMPLE_BYTES))
    return {"bytes": size, "sample": found.hexdigest()}
