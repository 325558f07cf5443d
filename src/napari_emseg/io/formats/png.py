"""PNG: one grey slice, without voxel size."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ReadError, WriteError
from napari_emseg.io.formats.file_format import Put, SliceFormat, SliceInfo, said_beside_pixels
from napari_emseg.io.layout.arrays import Loaded
from napari_emseg.io.layout.pictures import opened_picture
from napari_emseg.io.layout.texture import is_piecewise_constant
from napari_emseg.types import Stack, StackKind

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _PALETTE, _RGB_ALPHA = 0, 2, 3, 6
_AXES = ("z", "y", "x")

EQUAL_COLOURS = "Red, green and blue are equal, and taken for one grey value."
_COLOURS = {2: "RGB", 3: "indexed colours", 4: "grey with transparency", 6: "RGB with transparency"}


class Png(SliceFormat):
    """A stack of one slice in a ``.png``, or a slice of one in a folder."""

    name = "PNG"
    endings = (".png",)
    dtypes = ("bool", "uint8", "uint16")

    def read(self, path: Path) -> Loaded:
        return self.about_slices(path)

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

    def not_kept(self, stack: Stack) -> tuple[str, ...]:
        return said_beside_pixels(stack)

    def make(self, path: Path, stack: Stack) -> None:
        """Nothing yet: the file comes into being with its slice."""

    @contextmanager
    def fill(self, path: Path, stack: Stack) -> Iterator[Put]:
        yield lambda _, pixels: write_png(path, pixels)

    def slice_info(self, path: Path) -> SliceInfo:
        header = _header(path)
        return SliceInfo(header.shape, header.dtype)

    def read_slice(self, path: Path) -> npt.NDArray[Any]:
        return read_png(path)

    def about_slices(self, path: Path) -> Loaded:
        pixels, colour = read_png(path), _header(path).colour
        if colour == _PALETTE and not _is_grey(_palette(path)):
            kind: StackKind | None = "labels" if is_piecewise_constant(pixels) else None
            note = "Indexed colours: the indices are read, as ids or grey values."
            return Loaded(pixels[None], None, kind, axes=_AXES, notes=(note,))
        notes = (EQUAL_COLOURS,) if colour in (_RGB, _RGB_ALPHA) else ()
        return Loaded(pixels[None], axes=_AXES, notes=notes)


class _Header(NamedTuple):
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    colour: int


def _header(path: Path) -> _Header:
    """What a PNG says of its pixels; the dtype is that of its grey values, or of its indices."""
    with path.open("rb") as file:
        header = file.read(26)
    if len(header) < 26 or not header.startswith(_SIGNATURE):
        raise ReadError(f"{path}: not a PNG file, or one that is cut off; check what the file is")
    width, height, depth, colour = struct.unpack(">IIBB", header[16:])
    one_bit = depth == 1 and colour == _GREY
    dtype = np.dtype(np.bool_ if one_bit else np.uint16 if depth == 16 else np.uint8)
    return _Header((height, width), dtype, colour)


def read_png(path: Path) -> npt.NDArray[Any]:
    """Pixels (Y, X) of a PNG: bool, uint8 or uint16.

    Colours that are equal are one grey value; of indexed colours that are not all grey, the indices
    are read.

    Raises
    ------
    ReadError
        If it is no PNG, is truncated, or has colours.
    """
    shape, dtype, colour = _header(path)
    try:
        pixels = _palette_pixels(path) if colour == _PALETTE else _decoded(path)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ReadError(
            f"{path}: the file is truncated or damaged ({error}); copy or save it again"
        ) from error
    pixels = grey_of(path, pixels, f"a PNG of {_COLOURS.get(colour, colour)}")
    # a 1-bit PNG comes as a bool array whose bytes are 0 and 255: compare, never view
    pixels = pixels.view(np.uint8) != 0 if dtype == np.bool_ else pixels.astype(dtype, copy=False)
    if pixels.shape != shape:
        raise ReadError(f"{path}: expected one picture {shape}, received shape {pixels.shape}")
    return pixels


def grey_of(path: Path, pixels: npt.NDArray[Any], what: str) -> npt.NDArray[Any]:
    """(Y, X) of pixels that may have samples, which must be equal, and opaque.

    Raises
    ------
    ReadError
        If they are not; ``what`` says what was received.
    """
    if pixels.ndim == 2:
        return pixels
    n_colours = 3 if pixels.shape[2] >= 3 else 1
    colours, rest = pixels[..., :n_colours], pixels[..., n_colours:]
    if np.any(rest != np.iinfo(pixels.dtype).max) or np.any(colours != colours[..., :1]):
        raise ReadError(
            f"{path}: expected grey values, received {what}; convert an image to greyscale, and "
            "save labels as their ids, not as colours"
        )
    return np.ascontiguousarray(colours[..., 0])


def _decoded(path: Path) -> npt.NDArray[Any]:
    with opened_picture(path, "PNG") as picture:
        return np.asarray(picture)


def _palette_pixels(path: Path) -> npt.NDArray[Any]:
    """Grey values where all colours are grey, else indices, of a PNG of indexed colours."""
    with opened_picture(path, "PNG") as picture:
        indices = np.asarray(picture, np.uint8)
    palette = _palette(path)
    return palette[indices, 0] if _is_grey(palette) else indices


def _palette(path: Path) -> npt.NDArray[np.uint8]:
    """Colours (256, 3); what the file does not name is black."""
    with opened_picture(path, "PNG") as picture:
        named = np.asarray(picture.getpalette("RGB") or (), np.uint8).reshape(-1, 3)
    colours = np.zeros((256, 3), np.uint8)
    colours[: len(named)] = named
    return colours


def _is_grey(palette: npt.NDArray[np.uint8]) -> bool:
    return bool(np.all(palette == palette[:, :1])) and bool(palette.any())


def write_png(path: Path, pixels: npt.NDArray[Any]) -> None:
    """Write bool, uint8 or uint16 pixels (Y, X) without loss."""
    import imageio.v3 as iio

    iio.imwrite(path, pixels, extension=".png")
