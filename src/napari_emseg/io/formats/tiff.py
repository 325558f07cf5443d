"""TIFF: plain, ImageJ's and OME's, with voxel size, kind and the note of edits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import WriteError
from napari_emseg.io.formats.file_format import Put, SliceFormat, SliceInfo, put_at
from napari_emseg.io.layout.arrays import Loaded
from napari_emseg.types import Stack


class Tiff(SliceFormat):
    """A stack in a ``.tif``, or a slice of one in a folder; `tifffile` is loaded when needed."""

    name = "TIFF"
    endings = (".tif", ".tiff")
    dtypes = (
        "int64", "uint64", "float16", "bool", "int8", "int16", "int32", "uint32", "float64",
        "uint8", "uint16", "float32",
    )  # fmt: skip

    def read(self, path: Path) -> Loaded:
        from napari_emseg.io.formats.tiff_read import read_tiff

        return read_tiff(path)

    def check(self, path: Path, stack: Stack) -> None:
        self.check_dtype(path, np.dtype(stack.data.dtype))

    def check_dtype(self, path: Path, dtype: np.dtype[Any]) -> None:
        if dtype.name not in self.dtypes:
            raise WriteError(
                f"{path}: expected a dtype of {', '.join(self.dtypes)} for TIFF, received {dtype}; "
                "convert the pixels first"
            )

    def make(self, path: Path, stack: Stack) -> None:
        from napari_emseg.io.formats.tiff_write import make_tiff

        make_tiff(path, stack)

    @contextmanager
    def fill(self, path: Path, stack: Stack) -> Iterator[Put]:
        from napari_emseg.io.formats.tiff_write import as_stored, pixel_offsets

        with put_at(path, pixel_offsets(path)) as put:
            yield lambda z, pixels: put(z, as_stored(pixels))

    def slice_info(self, path: Path) -> SliceInfo:
        from napari_emseg.io.formats.tiff_read import tiff_slice_info

        return tiff_slice_info(path)

    def read_slice(self, path: Path) -> npt.NDArray[Any]:
        from napari_emseg.io.formats.tiff_read import read_tiff_slice

        return read_tiff_slice(path)

    def about_slices(self, path: Path) -> Loaded:
        return self.read(path)
