"""Reading a folder, or a list of files, of one slice each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from napari_emseg.errors import ReadError
from napari_emseg.io.formats.arrays import Loaded, as_dask
from napari_emseg.io.formats.file_format import SLICE_ENDINGS, ending, is_large, slice_files
from napari_emseg.io.formats.png import png_info, read_png
from napari_emseg.io.formats.tiff import tiff_slice, tiff_slice_info
from napari_emseg.io.voxels import tiff_voxel_size


def read_folder(folder: Path) -> Loaded:
    """Read the PNG or TIFF slices of a folder, in natural order, as a stack.

    Raises
    ------
    ReadError
        If there are none, or they differ in ending, size or dtype, or one is not a grey slice.
    """
    files = slice_files(folder)
    if not files:
        raise ReadError(
            f"{folder}: expected a folder of slices, received one without any "
            f"{', '.join(SLICE_ENDINGS)} file in it; give the folder that holds the slices"
        )
    return read_files(files)


def read_files(files: Sequence[Path]) -> Loaded:
    """Read files of one slice each, in the order given, as a stack.

    Raises
    ------
    ReadError
        As for `read_folder`.
    """
    slices = _Slices(files)
    lazy = is_large(int(np.prod(slices.shape)) * slices.dtype.itemsize)
    return Loaded(as_dask(slices) if lazy else slices[:], _voxel_size_of(files[0]))


class _Slices:
    """Files as an array (Z, Y, X) of which slices are loaded when they are asked for."""

    def __init__(self, files: Sequence[Path]) -> None:
        _check_one_format(files)
        infos = [_info(path) for path in files]
        _check_equal(files, infos)
        self.files = list(files)
        self.dtype = _common_dtype([dtype for _, dtype in infos])
        self.shape = (len(files), *infos[0][0])
        self.ndim = 3

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        keys = key if isinstance(key, tuple) else (key,)
        which = range(len(self.files))[keys[0]]
        if isinstance(which, int):
            return self._load(which)[keys[1:]]
        out = np.empty((len(which), *self.shape[1:]), self.dtype)
        for i, z in enumerate(which):
            out[i] = self._load(z)
        return out[(slice(None), *keys[1:])]

    def _load(self, z: int) -> npt.NDArray[Any]:
        path = self.files[z]
        pixels = read_png(path) if ending(path) == ".png" else tiff_slice(path)
        if pixels.dtype == np.bool_ and self.dtype != np.bool_:
            # optimisers of PNGs store a slice of nothing but 0 and 255 with one bit
            return np.where(pixels, 255, 0).astype(self.dtype)
        return pixels


def _info(path: Path) -> tuple[tuple[int, int], np.dtype[Any]]:
    return png_info(path) if ending(path) == ".png" else tiff_slice_info(path)


def _check_one_format(files: Sequence[Path]) -> None:
    pngs = [path for path in files if ending(path) == ".png"]
    tiffs = [path for path in files if ending(path) in (".tif", ".tiff")]
    if len(pngs) + len(tiffs) < len(files):
        other = next(path for path in files if path not in pngs and path not in tiffs)
        raise ReadError(f"{other}: expected slices as {', '.join(SLICE_ENDINGS)}; save it as one")
    if pngs and tiffs:
        raise ReadError(
            f"{pngs[0].parent}: expected slices of one format, received both PNG ({pngs[0].name}) "
            f"and TIFF ({tiffs[0].name}); keep each stack in a folder of its own"
        )


def _check_equal(
    files: Sequence[Path], infos: Sequence[tuple[tuple[int, int], np.dtype[Any]]]
) -> None:
    shape, dtype = infos[0]
    mixable = {np.dtype(np.bool_), np.dtype(np.uint8)}
    for path, (other_shape, other_dtype) in zip(files, infos, strict=True):
        same_dtype = other_dtype == dtype or {dtype, other_dtype} == mixable
        if other_shape != shape or not same_dtype:
            raise ReadError(
                f"{path.parent}: expected slices of one size and dtype, received {files[0].name} "
                f"with {shape} {dtype} and {path.name} with {other_shape} {other_dtype}; crop or "
                "convert them alike, or keep each stack in a folder of its own"
            )


def _common_dtype(dtypes: Sequence[np.dtype[Any]]) -> np.dtype[Any]:
    return max(dtypes, key=lambda dtype: dtype != np.bool_)


def _voxel_size_of(first: Path) -> Any:
    if ending(first) == ".png":
        return None
    with tifffile.TiffFile(first) as tif:
        return tiff_voxel_size(tif)
