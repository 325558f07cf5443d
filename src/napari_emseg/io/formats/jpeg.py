"""JPEG: slices in a folder, which are read with a warning, and never written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ReadError
from napari_emseg.io.formats.file_format import SliceInfo, SliceReader
from napari_emseg.io.formats.png import grey_of
from napari_emseg.io.layout.arrays import Loaded
from napari_emseg.io.layout.pictures import opened_picture

_WARNING = (
    "JPEG slices: their compression has changed grey values near edges, and makes labels "
    "unreliable; take the originals where you have them."
)


class Jpeg(SliceReader):
    """A slice in a ``.jpg``."""

    name = "JPEG"
    endings = (".jpg", ".jpeg")

    def read(self, path: Path) -> Loaded:
        return Loaded(self.read_slice(path)[None], axes=("z", "y", "x"), notes=(_WARNING,))

    def about_slices(self, path: Path) -> Loaded:
        return self.read(path)

    def slice_info(self, path: Path) -> SliceInfo:
        try:
            with opened_picture(path, "JPEG") as picture:
                return SliceInfo((picture.height, picture.width), np.dtype(np.uint8))
        except (OSError, SyntaxError, ValueError) as error:
            raise ReadError(f"{path}: not a JPEG file ({error}); check what it is") from error

    def read_slice(self, path: Path) -> npt.NDArray[Any]:
        try:
            with opened_picture(path, "JPEG") as picture:
                pixels = np.asarray(picture)
        except (OSError, SyntaxError, ValueError) as error:
            raise ReadError(
                f"{path}: the file is truncated or damaged ({error}); copy it again"
            ) from error
        return grey_of(path, pixels, "a JPEG of colours")
