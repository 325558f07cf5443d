"""PNG: one grey slice, without voxel size."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ReadError, WriteError
from napari_emseg.io.formats.arrays import Loaded
from napari_emseg.io.formats.file_format import Put, SliceFormat
from napari_emseg.types import Stack

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY = 0
_COLOURS = {2: "RGB", 3: "indexed colours", 4: "grey with transparency", 6: "RGB with transparency"}


class Png(SliceFormat):
    """A stack of one slice in a ``.png``, or a slice of one in a folder."""

    name = "PNG"
    endings = (".png",)
    dtypes = ("bool", "uint8", "uint16")

    def read(self, path: Path) -> Loaded:
        return Loaded(read_png(path)[None])

    def check(self, path: Path, stack: Stack) -> None:
        if len(stack) != 1:
            raise WriteError(
                f"{path}: expected one slice for a single PNG, received {len(stack)}; write to a "
                f"folder ({path.stem}/) or a .tif instead"
            )
        self.check_dtype(path, np.dtype(stack.data.dtype))

    def check_dtype(self, path: Path, dtype: np.dtype[Any]) -> None:
        if dtype.name not in self.dtypes:
            raise WriteError(
                f"{path}: expected a dtype of {', '.join(self.dtypes)} for PNG slices, received "
                f"{dtype}; write to a path that ends in .tif or .npy, or convert the pixels first"
            )

    def make(self, path: Path, stack: Stack) -> None:
        """Nothing yet: the file comes into being with its slice."""

    @contextmanager
    def fill(self, path: Path, stack: Stack) -> Iterator[Put]:
        yield lambda _, pixels: write_png(path, pixels)

    def slice_info(self, path: Path) -> tuple[tuple[int, int], np.dtype[Any]]:
        return png_info(path)

    def read_slice(self, path: Path) -> npt.NDArray[Any]:
        return read_png(path)


def png_info(path: Path) -> tuple[tuple[int, int], np.dtype[Any]]:
    """Shape (Y, X) and dtype (bool, uint8 or uint16) of a PNG, from its header.

    Raises
    ------
    ReadError
        If it is no PNG, or has colours.
    """
    with path.open("rb") as file:
        header = file.read(26)
    if len(header) < 26 or not header.startswith(_SIGNATURE):
        raise ReadError(f"{path}: not a PNG file, or one that is cut off; check what the file is")
    width, height, depth, colour = struct.unpack(">IIBB", header[16:])
    if colour != _GREY:
        raise ReadError(
            f"{path}: expected grey values, received a PNG of {_COLOURS.get(colour, colour)}; "
            "convert it to greyscale (Fiji: Image > Type > 8-bit)"
        )
    return (height, width), np.dtype({1: np.bool_, 16: np.uint16}.get(depth, np.uint8))


def read_png(path: Path) -> npt.NDArray[Any]:
    """Pixels (Y, X) of a grey PNG: bool, uint8 or uint16.

    Raises
    ------
    ReadError
        If it is no grey PNG, or is truncated.
    """
    import imageio.v3 as iio

    shape, dtype = png_info(path)
    try:
        pixels = np.asarray(iio.imread(path, extension=".png"))
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ReadError(
            f"{path}: the file is truncated or damaged ({error}); copy or save it again"
        ) from error
    # a 1-bit PNG comes as a bool array whose bytes are 0 and 255: compare, never view
    pixels = pixels.view(np.uint8) != 0 if dtype == np.bool_ else pixels.astype(dtype, copy=False)
    if pixels.shape != shape:
        raise ReadError(f"{path}: expected one picture {shape}, received shape {pixels.shape}")
    return pixels


def write_png(path: Path, pixels: npt.NDArray[Any]) -> None:
    """Write bool, uint8 or uint16 pixels (Y, X) without loss."""
    import imageio.v3 as iio

    iio.imwrite(path, pixels, extension=".png")
