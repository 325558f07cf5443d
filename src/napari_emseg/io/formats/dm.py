"""Gatan's DM3 and DM4, with their pixel size, through rosettasciio, which maps them into memory."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_emseg.errors import ReadError
from napari_emseg.io.formats.file_format import FileFormat, is_large
from napari_emseg.io.layout.arrays import Loaded, check_dtype, native
from napari_emseg.io.layout.packages import needed
from napari_emseg.io.layout.units import nm_per_unit
from napari_emseg.io.layout.voxels import RecordedSize, recorded_size, without_unit


class DigitalMicrograph(FileFormat):
    """A picture or a stack as Gatan's DigitalMicrograph saves it."""

    name = "DM3/DM4 file"
    endings = (".dm3", ".dm4")

    def read(self, path: Path) -> Loaded:
        return read_dm(path)


def read_dm(path: Path) -> Loaded:
    """Read a DM3 or DM4 file as a stack.

    Raises
    ------
    ReadError
        If it is none, is truncated, or holds no picture, or several.
    """
    package = needed("rsciio.digitalmicrograph", path)
    logging.getLogger("rsciio").setLevel(logging.ERROR)
    try:
        found = package.file_reader(str(path), lazy=is_large(path.stat().st_size))
    # what it raises on bytes that make no sense is of all kinds
    except Exception as error:
        if isinstance(error, (MemoryError, AssertionError)):
            raise
        raise ReadError(
            f"{path}: not a DM3 or DM4 file, or one that is truncated or damaged "
            f"({type(error).__name__}: {error}); copy it again"
        ) from error
    pictures = [each for each in found if np.ndim(each["data"]) in (2, 3)]
    if len(pictures) != 1:
        shapes = ", ".join(str(np.shape(each["data"])) for each in found) or "nothing"
        raise ReadError(f"{path}: expected one picture or stack, received {shapes}")
    return _from_picture(path, pictures[0])


def _from_picture(path: Path, picture: Mapping[str, Any]) -> Loaded:
    data = picture["data"]
    check_dtype(path, data.dtype)
    size = _size(picture["axes"])
    return Loaded(
        native(data), size.voxel_size_nm, axes=tuple("zyx"[-data.ndim :]),
        thickness_assumed=size.thickness_assumed, notes=size.notes, kind=None,
    )  # fmt: skip


def _size(axes: Sequence[Mapping[str, Any]]) -> RecordedSize:
    ordered = sorted(axes, key=lambda axis: int(axis.get("index_in_array", 0)))
    scales = [float(axis.get("scale", 1)) for axis in ordered]
    units = [nm_per_unit(axis.get("units") or "") for axis in ordered]
    lengths = [None if unit is None else s * unit for s, unit in zip(scales, units, strict=True)]
    if lengths[-1] is None or lengths[-2] is None:
        return without_unit(([1.0] * 3 + scales)[-3:])
    return recorded_size(lengths[0] if len(lengths) == 3 else None, lengths[-2], lengths[-1])
