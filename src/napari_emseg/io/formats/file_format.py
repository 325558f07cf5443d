"""Which files and folders are stacks: their endings, and their natural order."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal, TypeAlias

AnyPath: TypeAlias = str | os.PathLike[str]
FileFormat: TypeAlias = Literal["tiff", "png", "npy", "zarr", "folder"]

FORMAT_OF_ENDING: dict[str, FileFormat] = {
    ".tif": "tiff",
    ".tiff": "tiff",
    ".png": "png",
    ".npy": "npy",
    ".zarr": "zarr",
}
STACK_ENDINGS: tuple[str, ...] = tuple(FORMAT_OF_ENDING)
"""Endings, with their dot and in lower case, that can be read and written as a stack."""

SLICE_ENDINGS: tuple[str, ...] = (".png", ".tif", ".tiff")
"""Endings of the slices in a folder."""

LAZY_BYTES = 256 * 2**20
"""Stacks with more bytes than this are not loaded, but read as they are looked at."""

_ZARR_FILES = (".zarray", ".zgroup", "zarr.json")


def is_large(n_bytes: int) -> bool:
    """Whether a stack of this size is read lazily."""
    return n_bytes > LAZY_BYTES


def ending(path: AnyPath) -> str:
    """Ending of a path in lower case, with its dot; empty where it has none."""
    return Path(path).suffix.lower()


def format_of(path: AnyPath) -> FileFormat | None:
    """What a path is, by its ending, or as a folder that exists; None for an unknown ending.

    An existing folder is a zarr where it holds a zarr's metadata and a folder of slices otherwise;
    ``DIR/`` and a path without ending, neither of which need exist, are folders of slices too.
    """
    folder = Path(path)
    if folder.is_dir():
        return "zarr" if is_zarr(folder) or ending(path) == ".zarr" else "folder"
    if os.fspath(path).endswith(("/", os.sep)) or not ending(path):
        return "folder"
    return FORMAT_OF_ENDING.get(ending(path))


def is_zarr(folder: Path) -> bool:
    """Whether a folder holds the metadata of a zarr array or group."""
    return any((folder / name).is_file() for name in _ZARR_FILES)


def stem_of(path: AnyPath) -> str:
    """Name without ending (``a.ome.tif`` is ``a``); a folder of slices keeps its whole name."""
    name = Path(os.path.abspath(path)).name  # noqa: PTH100 - resolve() would follow links
    bare = re.sub(r"(\.ome)?\.(tiff?|png|npy|zarr)$", "", name, flags=re.IGNORECASE)
    return bare or name


def natural_key(path: AnyPath) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Sort key under which ``slice2`` comes before ``slice10``.

    Examples
    --------
    >>> sorted(["s10.png", "s2.png"], key=natural_key)
    ['s2.png', 's10.png']
    """
    name = Path(path).name
    parts = re.split(r"([0-9]+)", name.lower())
    numbers = tuple((0, int(part), "") if i % 2 else (1, 0, part) for i, part in enumerate(parts))
    return numbers, name


def slice_files(folder: Path) -> list[Path]:
    """The slices in a folder in natural order; hidden files and other endings are left out."""
    found = [
        path
        for path in folder.iterdir()
        if ending(path) in SLICE_ENDINGS and not path.name.startswith(".") and path.is_file()
    ]
    return sorted(found, key=natural_key)
