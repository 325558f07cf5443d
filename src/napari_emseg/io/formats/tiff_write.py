"""Writing TIFF: pages of zeros with all that is to be noted, to be filled slice by slice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from napari_emseg.io.layout.tiff_voxels import VOXEL_KEY
from napari_emseg.types import Stack

_IMAGEJ_DTYPES = ("uint8", "uint16", "float32")
_OME_DTYPES = ("bool", "int8", "int16", "int32", "uint32", "float64", *_IMAGEJ_DTYPES)

KIND_KEY = "emseg_kind"
"""Key in ImageJ's and in tifffile's own metadata that keeps a stack's kind."""

EDITS_TAG = 65123
"""A TIFF tag from the range that anyone may use; holds the note of edits as JSON."""

KIND_TAG = 65124
"""As `EDITS_TAG`; holds the kind, for which OME's metadata have no place."""

ORIGIN_TAG = 65125
"""As `EDITS_TAG`; holds what the pixels were made from."""
PREDICTED_TAG = 65126
"""As `EDITS_TAG`; holds the slices that a model has filled as JSON."""

_TEXT, _BYTES = 2, 7
"""TIFF's types: ASCII, and "undefined", bytes as they are."""

CLASSIC_TIFF_BYTES = 4 * 10**9
"""Above this a TIFF's 32-bit offsets, and with them ImageJ's TIFF, do not reach."""


def make_tiff(path: Path, stack: Stack) -> None:
    """As ImageJ's TIFF where dtype and size permit, else as OME-TIFF, else plain.

    Voxel size, axes and kind are recorded in all three.
    """
    dtype = np.dtype(stack.data.dtype)
    n_bytes = int(np.prod(stack.shape)) * dtype.itemsize
    large = n_bytes > CLASSIC_TIFF_BYTES
    if stack.shape[2] == 1:
        _make_columns(path, stack)
        return
    options = _options(stack, dtype.name, large)
    variant = {key: options.pop(key) for key in ("imagej", "ome") if key in options}
    with tifffile.TiffWriter(path, bigtiff=large, **variant) as tif:
        _add_blank(tif, stack.shape, dtype, extratags=_own_tags(stack), **options)


def _own_tags(stack: Stack) -> list[tuple[int, int, int, str | bytes, bool]]:
    """Kind and notes as tags of the first page, which all three variants have room for."""
    tags: list[tuple[int, int, int, str | bytes, bool]] = [(KIND_TAG, _TEXT, 0, stack.kind, True)]
    noted = (
        (EDITS_TAG, stack.edits), (ORIGIN_TAG, stack.origin), (PREDICTED_TAG, stack.predicted),
    )  # fmt: skip
    for tag, note in noted:
        if note is not None:
            text = json.dumps(note).encode("ascii")
            tags.append((tag, _BYTES, len(text), text, True))
    return tags


def _make_columns(path: Path, stack: Stack) -> None:
    """Slices one pixel wide as pages of their own: in one series tifffile drops their last axis."""
    metadata = {**_plain(stack)["metadata"], "axes": "YX"}
    with tifffile.TiffWriter(path) as tif:
        for z in range(len(stack)):
            shape, dtype = stack.shape[1:], np.dtype(stack.data.dtype)
            tags = () if z else _own_tags(stack)
            _add_blank(tif, shape, dtype, contiguous=False, metadata=metadata, extratags=tags)


def _add_blank(tif: Any, shape: tuple[int, ...], dtype: np.dtype[Any], **options: Any) -> None:
    """Add pages of zeros, each in one piece; tifffile skips their pixels save those of bool."""
    pixels = None if dtype != np.bool_ else np.zeros(shape, dtype)
    tif.write(
        pixels,
        shape=shape,
        dtype=dtype,
        photometric="minisblack",
        rowsperstrip=shape[-2],
        **options,
    )


def pixel_offsets(path: Path) -> list[int]:
    """Where the pixels of each page begin."""
    with tifffile.TiffFile(path) as tif:
        return [page.dataoffsets[0] for page in tif.pages]


def as_stored(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Pixels (Y, X) as they lie in the file: of bools eight make a byte."""
    return np.packbits(pixels, axis=1) if pixels.dtype == np.bool_ else pixels


def _options(stack: Stack, dtype: str, large: bool) -> dict[str, Any]:
    if dtype in _IMAGEJ_DTYPES and not large:
        return _imagej(stack)
    return _ome(stack) if dtype in _OME_DTYPES else _plain(stack)


def _imagej(stack: Stack) -> dict[str, Any]:
    metadata: dict[str, Any] = {"axes": "ZYX", KIND_KEY: stack.kind}
    options: dict[str, Any] = {"imagej": True, "metadata": metadata}
    if stack.voxel_size_nm is not None:
        z, y, x = stack.voxel_size_nm
        metadata["unit"] = "um"
        if not stack.thickness_assumed:
            metadata["spacing"] = z / 1000
        options["resolution"] = (1000 / x, 1000 / y)
    return options


def _ome(stack: Stack) -> dict[str, Any]:
    metadata: dict[str, Any] = {"axes": "ZYX", "Name": stack.name}
    for axis, nm in zip("ZYX", stack.voxel_size_nm or (), strict=False):
        if axis == "Z" and stack.thickness_assumed:
            continue
        metadata |= {f"PhysicalSize{axis}": nm, f"PhysicalSize{axis}Unit": "nm"}
    return {"ome": True, "metadata": metadata}


def _plain(stack: Stack) -> dict[str, Any]:
    metadata: dict[str, Any] = {"axes": "ZYX", KIND_KEY: stack.kind}
    if stack.voxel_size_nm is not None:
        z, y, x = stack.voxel_size_nm
        metadata[VOXEL_KEY] = [None if stack.thickness_assumed else z, y, x]
    return {"metadata": metadata}
