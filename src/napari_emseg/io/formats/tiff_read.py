"""Reading TIFF: plain, ImageJ's and OME's; loaded where small, lazily where large."""

from __future__ import annotations

import contextlib
import json
import logging
import struct
import weakref
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tifffile

from napari_emseg.errors import ReadError
from napari_emseg.io.formats.file_format import SliceInfo, is_large
from napari_emseg.io.formats.tiff_write import (
    EDITS_TAG,
    KIND_KEY,
    KIND_TAG,
    ORIGIN_TAG,
    PREDICTED_TAG,
)
from napari_emseg.io.layout.arrays import Loaded, check_dtype, check_shape, native, note_or_none
from napari_emseg.io.layout.axes import zyx_by_names
from napari_emseg.io.layout.texture import is_piecewise_constant
from napari_emseg.io.layout.tiff_check import check_intact, truncated
from napari_emseg.io.layout.tiff_voxels import tiff_voxel_size
from napari_emseg.types import ArrayLike, StackKind

logger = logging.getLogger(__name__)

_MIN_IS_WHITE, _PALETTE = 0, 3

_UNNAMED = frozenset("QI")
"""What tifffile calls axes of which the file says nothing but that they are pages."""

_WHOLE_SLICE_BYTES = 64 * 2**20

# what tifffile and the decoders raise on bytes that make no sense
_DAMAGE = (
    ValueError,
    OSError,
    EOFError,
    struct.error,
    zlib.error,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    ArithmeticError,
    AssertionError,
)


def read_tiff(path: Path) -> Loaded:
    """Read a TIFF file as a stack.

    Returns
    -------
    Loaded
        Data (Z, Y, X) in the machine's byte order, as stored; voxel size and kind where recorded.

    Raises
    ------
    ReadError
        If the file is no TIFF, is truncated, holds colours, or pages of different sizes or more
        axes than three.
    """
    with _opened(path) as tif:
        series = _only_series(path, tif)
        check_codec(path, series.keyframe)
        pixels = _grey_pixels(path, series)
        about = _recorded(tif, series, pixels)
        data = None if is_large(series.nbytes) else _loaded(path, series)
    if data is None:
        data = _lazy(path)
    return replace(about, data=native(data[pixels.pick]))


def tiff_slice_info(path: Path) -> SliceInfo:
    """Shape (Y, X) and dtype of a TIFF that is one slice of a folder, without its pixels.

    Raises
    ------
    ReadError
        If it is no grey TIFF of one slice.
    """
    with _opened(path) as tif:
        series = _only_series(path, tif)
        check_codec(path, series.keyframe)
        pixels, dtype = _grey_pixels(path, series), np.dtype(series.dtype).newbyteorder("=")
        min_is_white = _is_min_white(series.keyframe)
        # as large as the file's pixels, without a byte of them
        stand_in = np.broadcast_to(np.empty((), dtype), series.shape)[pixels.pick]
    n, height, width = zyx_by_names(path, stand_in, pixels.axes)[0].shape
    if n != 1:
        raise ReadError(
            f"{path}: expected one slice in each file of a folder, received {n}; open this file "
            "itself as a stack"
        )
    return SliceInfo((height, width), dtype, min_is_white)


def read_tiff_slice(path: Path) -> npt.NDArray[Any]:
    """Pixels (Y, X) of a TIFF of one slice, as they are stored."""
    found = read_tiff(path)
    return np.asarray(zyx_by_names(path, found.data, found.axes or "ZYX")[0][0])


def _recorded(tif: Any, series: Any, pixels: _GreyPixels) -> Loaded:
    """All that a TIFF says of its pixels, beside these."""
    size = tiff_voxel_size(tif)
    lengths = zip(series.axes, series.shape, strict=True)
    unnamed = any(name in _UNNAMED and length > 1 for name, length in lengths)
    return Loaded(
        None,
        size.voxel_size_nm,
        _recorded_kind(tif) or _kind_of_palette(series.keyframe),
        note_or_none(_noted(tif, EDITS_TAG)),
        axes=None if unnamed else tuple(pixels.axes),
        thickness_assumed=size.thickness_assumed,
        min_is_white=_is_min_white(tif.pages[0]),
        notes=(*size.notes, *pixels.notes),
        origin=note_or_none(_noted(tif, ORIGIN_TAG)),
        predicted=_noted(tif, PREDICTED_TAG),
    )


def _kind_of_palette(page: Any) -> StackKind | None:
    """Labels where a page of indexed colours looks like ids."""
    colours = None if int(page.photometric) != _PALETTE else page.colormap
    if colours is None or bool(np.all(colours == colours[:1])):
        return None
    return "labels" if is_piecewise_constant(np.asarray(page.asarray())) else None


def _is_min_white(page: Any) -> bool:
    return int(page.photometric) == _MIN_IS_WHITE


def check_codec(path: Path, page: Any) -> None:
    """Raise `ReadError` if the compression needs a package that is not there."""
    try:
        tifffile.TIFF.DECOMPRESSORS[page.compression]
        tifffile.TIFF.UNPREDICTORS[page.predictor]
    except KeyError as error:
        name = getattr(page.compression, "name", page.compression)
        raise ReadError(
            f"{path}: compressed by {name}, which needs the package imagecodecs; "
            "`pip install imagecodecs`, or save the file without compression"
        ) from error


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """An open `tifffile.TiffFile` that is whole; what it raises becomes `ReadError`."""
    try:
        with tifffile.TiffFile(path) as tif:
            if not tif.pages:
                raise truncated(path, "it holds no page")
            check_intact(path, tif)
            yield tif
    except tifffile.TiffFileError as error:
        raise ReadError(f"{path}: not a TIFF file ({error}); check what the file is") from error
    except _DAMAGE as error:
        raise truncated(path, f"{type(error).__name__}: {error}") from error


def _only_series(path: Path, tif: Any) -> Any:
    """The one series of equal pages; many series of one equal page each count as one."""
    if len(tif.series) == 1:
        return tif.series[0]
    plain = _plain_series(tif)
    if plain is None:
        first, other = tif.series[0], _unlike_first(tif.series)
        raise ReadError(
            f"{path}: expected pages of one size, received {_described(first)} and "
            f"{_described(other)}; save the slices of one size as a stack of their own"
        )
    return plain


def _plain_series(tif: Any) -> Any | None:
    """All pages as one series, without the metadata by which tifffile set them apart."""
    pages = list(tif.pages)
    if len({(page.shape, page.dtype) for page in pages}) != 1 or len(pages[0].shape) != 2:
        return None
    keyframe = pages[0]
    return tifffile.TiffPageSeries(
        pages, shape=(len(pages), *keyframe.shape), dtype=keyframe.dtype, axes="ZYX"
    )


def _unlike_first(series: list[Any]) -> Any:
    def size(each: Any) -> tuple[Any, Any]:
        return each.shape, each.dtype

    return next((each for each in series[1:] if size(each) != size(series[0])), series[1])


def _described(series: Any) -> str:
    return f"page {series.keyframe.index} of shape {tuple(series.shape)} {series.dtype}"


class _GreyPixels(NamedTuple):
    """Axes of a series without colours, one letter each, and how they are picked from it."""

    axes: str
    pick: tuple[Any, ...] = (...,)
    notes: tuple[str, ...] = ()


def _grey_pixels(path: Path, series: Any) -> _GreyPixels:
    """The one grey value of each pixel.

    Raises
    ------
    ReadError
        If there are several samples per pixel, and they differ.
    """
    check_dtype(path, np.dtype(series.dtype))
    axes, shape = str(series.axes), tuple(series.shape)
    check_shape(path, shape, np.dtype(series.dtype))
    if series.keyframe.samplesperpixel == 1:
        return _GreyPixels(axes)
    if series.kind == "shaped" and axes == "SYX":
        # tifffile.imwrite stores a plain stack of three or four slices as colour planes
        note = f"Its colour planes are taken for {shape[0]} slices."
        logger.warning("%s: its colour planes are taken for %d slices", path, shape[0])
        return _GreyPixels("ZYX", notes=(note,))
    at = axes.index("S")
    if not all(map(_is_grey, _looked_at(series))):
        raise ReadError(
            f"{path}: expected grey values, received a colour picture "
            f"({series.keyframe.samplesperpixel} samples per pixel, axes {axes}, shape {shape}); "
            "convert it to greyscale, or, where colours are labels, save their ids"
        )
    note = "Red, green and blue are equal, and taken for one grey value."
    return _GreyPixels(axes.replace("S", ""), (*(slice(None),) * at, 0), (note,))


def _looked_at(series: Any) -> list[Any]:
    """The first, the middle and the last page."""
    n = len(series.pages)
    return [series.pages[i] for i in sorted({0, n // 2, n - 1})]


def _is_grey(page: Any) -> bool:
    """Whether all colours of a page are equal, and nothing is transparent."""
    samples = np.moveaxis(np.asarray(page.asarray()), page.keyframe.axes.index("S"), -1)
    n_colours = 3 if samples.shape[-1] >= 3 else 1
    colours, rest = samples[..., :n_colours], samples[..., n_colours:]
    top = np.iinfo(samples.dtype).max if samples.dtype.kind in "iu" else 1
    opaque = bool(np.all(rest == top))
    return opaque and bool(np.all(colours == colours[..., :1]))


def _recorded_kind(tif: Any) -> StackKind | None:
    noted = [tif.imagej_metadata or {}, *(tif.shaped_metadata or ())]
    tag = tif.pages[0].tags.get(KIND_TAG)
    kinds = [None if tag is None else tag.value, *(each.get(KIND_KEY) for each in noted)]
    return "labels" if "labels" in kinds else "image" if "image" in kinds else None


def _noted(tif: Any, number: int) -> Any:
    """What a tag of ours holds as JSON."""
    tag = tif.pages[0].tags.get(number)
    try:
        return None if tag is None else json.loads(bytes(tag.value))
    except (ValueError, TypeError) as error:
        logger.warning("the note in the TIFF tag %s cannot be read: %s", number, error)
        return None


def _loaded(path: Path, series: Any) -> npt.NDArray[Any]:
    data = np.asarray(series.asarray(maxworkers=1))
    if data.shape != series.shape:
        raise truncated(path, f"shape {data.shape} instead of {series.shape}")
    return data


def _lazy(path: Path) -> ArrayLike:
    """Uncompressed pixels in one piece are memory-mapped; others are dask's, decoded in parts."""
    import dask.array
    import zarr

    # stays open as long as the array lives: closed when the store is collected
    tif = tifffile.TiffFile(path)
    series = _only_series(path, tif)
    if series.dataoffset is not None:
        tif.close()
        return _mapped_pixels(path, series)
    store = series.aszarr(level=0)
    weakref.finalize(store, tif.close)
    data = dask.array.from_zarr(zarr.open_array(store, mode="r"))
    return _rechunked(data.reshape(series.shape))


def _rechunked(data: ArrayLike) -> ArrayLike:
    """Whole slices as blocks, where the file cuts them into strips and they are not huge."""
    slice_bytes = int(np.prod(data.shape[-2:])) * data.dtype.itemsize
    whole = {data.ndim - 2: -1, data.ndim - 1: -1}
    return data.rechunk(whole) if slice_bytes <= _WHOLE_SLICE_BYTES else data


def _mapped_pixels(path: Path, series: Any) -> npt.NDArray[Any]:
    dtype = np.dtype(series.parent.byteorder + series.dtype.char)
    return np.memmap(path, dtype, "r", offset=series.dataoffset, shape=series.shape)
