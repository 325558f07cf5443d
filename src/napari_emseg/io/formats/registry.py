"""All formats of stacks, and which of them a path is.

A new one is a module that defines it, and its place in `FORMATS`; what napari is to offer it for
stands in ``napari.yaml``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

from napari_emseg.errors import WriteError
from napari_emseg.io.formats.dm import DigitalMicrograph
from napari_emseg.io.formats.file_format import (
    AnyPath,
    FileFormat,
    SliceFormat,
    SliceReader,
    ending,
)
from napari_emseg.io.formats.folder import Folder
from napari_emseg.io.formats.hdf5 import Hdf5
from napari_emseg.io.formats.jpeg import Jpeg
from napari_emseg.io.formats.mrc import Mrc
from napari_emseg.io.formats.npy import Npy
from napari_emseg.io.formats.png import Png
from napari_emseg.io.formats.tensorstores import N5, Precomputed
from napari_emseg.io.formats.tiff import Tiff
from napari_emseg.io.formats.zarr import Zarr, image_that_holds
from napari_emseg.io.layout.location import Location

FORMATS: tuple[FileFormat, ...] = (
    Tiff(), Png(), Npy(), Hdf5(), Mrc(), DigitalMicrograph(), N5(), Precomputed(), Zarr(),
)  # fmt: skip
"""Those that are known by an ending, or by what a folder holds."""

WRITTEN_SLICES: tuple[SliceFormat, ...] = (Png(), Tiff())
"""Those of the slices in a folder; of those that hold a dtype the first is taken."""

SLICES: tuple[SliceReader, ...] = (*WRITTEN_SLICES, Jpeg())
"""Those that a folder is read from."""

FOLDER = Folder(SLICES, WRITTEN_SLICES[0])
"""What every other folder is."""


def stack_endings() -> tuple[str, ...]:
    """Endings, with their dot and in lower case, of what can be read as a stack."""
    return tuple(each for known in FORMATS for each in known.endings)


def format_of(path: AnyPath) -> FileFormat | None:
    """What a path is, by its ending, or as a folder that exists; None for an unknown ending.

    An existing folder is what its ending or the metadata in it say, and a folder of slices
    otherwise; an address is a zarr, or, as ``precomputed://https://...``, a precomputed volume.
    ``DIR/`` and a path without ending, neither of which need exist, are folders of slices too.
    """
    where = Location.of(path)
    if where.is_remote:
        return _format_of_address(where.place)
    place = where.path
    if image_that_holds(place) is not None:
        return next(each for each in FORMATS if isinstance(each, Zarr))
    path = where.place
    if place.is_dir():
        folders = (each for each in FORMATS if each.is_folder)
        return next((f for f in folders if f.holds(place) or ending(path) in f.endings), FOLDER)
    if os.fspath(path).endswith(("/", os.sep)) or not ending(path):
        return FOLDER
    return next((each for each in FORMATS if ending(path) in each.endings), None)


def _format_of_address(address: str) -> FileFormat:
    wanted = Precomputed if address.startswith("precomputed://") else Zarr
    return next(each for each in FORMATS if isinstance(each, wanted))


def format_to_write(path: AnyPath, slice_ending: str) -> FileFormat | None:
    """As `format_of`; ``slice_ending`` is that of the files in a folder of slices.

    Raises
    ------
    WriteError
        If there are no such slices.
    """
    endings = [each.endings[0] for each in WRITTEN_SLICES]
    if slice_ending not in endings:
        expected = " or ".join(map(repr, endings))
        raise WriteError(f"slice_ending: expected {expected}, received {slice_ending!r}")
    found = format_of(path)
    return Folder(SLICES, WRITTEN_SLICES[endings.index(slice_ending)]) if found is FOLDER else found


def slice_ending_for(dtype: np.dtype[np.generic]) -> str:
    """``.png`` for slices in a folder where PNG holds the dtype, else ``.tif``."""
    holding = (each for each in WRITTEN_SLICES if dtype.name in each.dtypes)
    return next(holding, WRITTEN_SLICES[-1]).endings[0]


def stem_of(path: AnyPath) -> str:
    """Name without ending (``a.ome.tif`` is ``a``); a folder of slices keeps its whole name."""
    name = Path(os.path.abspath(path)).name  # noqa: PTH100 - resolve() would follow links
    known = "|".join(map(re.escape, stack_endings()))
    return re.sub(rf"(\.ome)?({known})$", "", name, flags=re.IGNORECASE) or name
