"""MRC and its likes (IMOD, SerialEM): mapped into memory, with the pixel size in their header."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np

from napari_emseg.errors import ReadError
from napari_emseg.io.formats.file_format import FileFormat, is_large
from napari_emseg.io.layout.arrays import Loaded, check_dtype, native
from napari_emseg.io.layout.packages import needed
from napari_emseg.io.layout.voxels import RecordedSize, recorded_size

_ANGSTROM_NM = 0.1
_IMOD_STAMP, _IMOD_SIGNED = 1146047817, 1
_HEADER_BYTES, _EXTENDED_AT, _ORDER_AT = 1024, 92, 212
_EXTRA_BEGINS = 96  # byte of the header at which its field "extra" does
_STAMP_AT, _FLAGS_AT = 152 - _EXTRA_BEGINS, 156 - _EXTRA_BEGINS


class Mrc(FileFormat):
    """A stack in an MRC file."""

    name = "MRC file"
    endings = (".mrc", ".mrcs", ".map", ".rec", ".st")

    def read(self, path: Path) -> Loaded:
        return read_mrc(path)


def read_mrc(path: Path) -> Loaded:
    """Read an MRC file as a stack.

    Raises
    ------
    ReadError
        If it is no MRC file, is truncated, or holds complex numbers or colours.
    """
    mrcfile = needed("mrcfile", path)
    _require_extended_header(path)
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            opened = mrcfile.mmap(path, mode="r")
    except (ValueError, OSError, TypeError) as error:
        raise ReadError(
            f"{path}: not an MRC file, or one that is truncated ({error}); copy it again"
        ) from error
    if opened.data is None:
        raise ReadError(f"{path}: holds no pixels, or is truncated; copy it again")
    check_dtype(path, opened.data.dtype)
    data = _as_meant(opened.header, opened.data)
    if not is_large(data.nbytes):
        data = np.array(data)
    size = _size(opened.header, opened.voxel_size)
    notes = tuple(f"{each.message}." for each in said) + size.notes
    return Loaded(
        native(data), size.voxel_size_nm, axes=_axes(path, opened.header, data.ndim),
        thickness_assumed=size.thickness_assumed, notes=notes,
    )  # fmt: skip


def _require_extended_header(path: Path) -> None:
    """Raise `ReadError` where it is longer than the file: mrcfile makes room before it reads."""
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    order: Literal["big", "little"] = "big" if header[_ORDER_AT:][:1] == b"\x11" else "little"
    claimed = int.from_bytes(header[_EXTENDED_AT:][:4], order, signed=True)
    if claimed > path.stat().st_size - _HEADER_BYTES:
        raise ReadError(
            f"{path}: not an MRC file, or one that is truncated (its header says that {claimed} "
            "bytes follow it); copy it again"
        )


def _as_meant(header: Any, data: Any) -> Any:
    """Bytes are unsigned in what IMOD has written without saying that they are signed."""
    extra = header.tobytes()[_EXTRA_BEGINS:]
    order = header.dtype["nx"].str[0]
    stamp, flags = (
        int(np.frombuffer(extra, f"{order}i4", 1, at)[0]) for at in (_STAMP_AT, _FLAGS_AT)
    )
    unsigned = stamp == _IMOD_STAMP and not flags & _IMOD_SIGNED
    return data.view(np.uint8) if unsigned and data.dtype == np.int8 else data


def _axes(path: Path, header: Any, n: int) -> tuple[str, ...]:
    """Names of the axes, slowest first; the header says which of x, y, z a column is."""
    columns = [int(header[name]) for name in ("maps", "mapr", "mapc")]
    if sorted(columns) != [1, 2, 3]:  # 0 in files from old programs
        columns = [3, 2, 1]
    if n > 3:
        raise ReadError(f"{path}: holds several volumes; save one of them as a file of its own")
    return tuple("xyz"[column - 1] for column in columns)[-n:]


def _size(header: Any, voxel_size: Any) -> RecordedSize:
    x, y, z = (float(voxel_size[name]) for name in "xyz")
    if not (x > 0 and y > 0):
        return RecordedSize()
    if (x, y, z) == (1.0, 1.0, 1.0):
        return RecordedSize(notes=("Its pixel size of 1 Å is what programs write who know none.",))
    # a pile of pictures, and no volume, has no distance of its sections
    is_volume = int(header["ispg"]) != 0
    z_nm = z * _ANGSTROM_NM if z > 0 and is_volume else None
    found = recorded_size(z * _ANGSTROM_NM or None, y * _ANGSTROM_NM, x * _ANGSTROM_NM)
    assumed = found.thickness_assumed or z_nm is None
    return found._replace(thickness_assumed=assumed)
