"""Reading and writing one grey PNG."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ReadError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY = 0
_COLOURS = {2: "RGB", 3: "indexed colours", 4: "grey with transparency", 6: "RGB with transparency"}


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
