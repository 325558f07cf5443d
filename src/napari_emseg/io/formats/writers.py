"""For each form what makes an output of zeros, and what fills it slice by slice.

An output can be filled later, by another process, and by slices in any order; so a writing that was
stopped can go on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import WriteError
from napari_emseg.io.atomic import replacing_file
from napari_emseg.io.formats.file_format import FileFormat
from napari_emseg.types import Stack

_IMAGEJ_DTYPES = ("uint8", "uint16", "float32")
_OME_DTYPES = ("bool", "int8", "int16", "int32", "uint32", "float64", *_IMAGEJ_DTYPES)
_PLAIN_DTYPES = ("int64", "uint64", "float16", *_OME_DTYPES)
_PNG_DTYPES = ("bool", "uint8", "uint16")

NOTES_ATTRIBUTE = "napari_emseg"
"""Attribute of an OME-Zarr group under which kind and edits of a stack are noted."""

EDITS_TAG = 65123
"""A TIFF tag from the range that anyone may use; holds the note of edits as JSON."""

_BYTES = 7
"""TIFF's type "undefined": bytes as they are."""

CLASSIC_TIFF_BYTES = 4 * 10**9
"""Above this a TIFF's 32-bit offsets, and with them ImageJ's form, do not reach."""

_CHUNK = 1024

Put: TypeAlias = Callable[[int, npt.NDArray[Any]], None]
"""Writes pixels (Y, X) as the slice of that number; when it returns, they are with the system."""


def make(path: Path, form: FileFormat, stack: Stack) -> None:
    """Make an output of zeros with the shape, dtype, voxel size, name and kind of ``stack``.

    It takes no space for its pixels yet, where the file system can do without. A single PNG comes
    into being with its slice.
    """
    makers: dict[FileFormat, Callable[[Path, Stack], None]] = {
        "tiff": _make_tiff,
        "npy": _make_npy,
        "zarr": _make_zarr,
    }
    if form in makers:
        makers[form](path, stack)


def fill(path: Path, form: FileFormat, stack: Stack, ending: str) -> AbstractContextManager[Put]:
    """Open what `make` has made; gives what writes its slices.

    ``ending`` is that of the files in a folder of slices.
    """
    if form == "zarr":
        return _fill_zarr(path)
    if form == "folder":
        return _fill_folder(path, stack, ending)
    if form == "png":
        return _fill_png(path)
    offsets = _tiff_offsets(path) if form == "tiff" else _npy_offsets(path, stack)
    return _fill_file(path, offsets, packed=form == "tiff")


# -- TIFF -------------------------------------------------------------------------------------


def _make_tiff(path: Path, stack: Stack) -> None:
    """In ImageJ's form where dtype and size permit, else as OME-TIFF, else plain.

    Voxel size and axes are recorded in all three; the kind in the first and the last.
    """
    import tifffile

    dtype = np.dtype(stack.data.dtype)
    n_bytes = int(np.prod(stack.shape)) * dtype.itemsize
    large = n_bytes > CLASSIC_TIFF_BYTES
    if stack.shape[2] == 1:
        _make_columns(path, stack)
        return
    options = _tiff_form(stack, dtype.name, large)
    form = {key: options.pop(key) for key in ("imagej", "ome") if key in options}
    with tifffile.TiffWriter(path, bigtiff=large, **form) as tif:
        _add_blank(tif, stack.shape, dtype, extratags=_edits_tag(stack), **options)


def _edits_tag(stack: Stack) -> list[tuple[int, int, int, bytes, bool]]:
    """The note of edits as a tag of the first page, which all three forms have room for."""
    if stack.edits is None:
        return []
    note = json.dumps(stack.edits).encode("ascii")
    return [(EDITS_TAG, _BYTES, len(note), note, True)]


def _make_columns(path: Path, stack: Stack) -> None:
    """Slices one pixel wide as pages of their own: in one series tifffile drops their last axis."""
    import tifffile

    metadata = {**_plain(stack)["metadata"], "axes": "YX"}
    with tifffile.TiffWriter(path) as tif:
        for _ in range(len(stack)):
            shape, dtype = stack.shape[1:], np.dtype(stack.data.dtype)
            _add_blank(tif, shape, dtype, contiguous=False, metadata=metadata)


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


def _tiff_offsets(path: Path) -> list[int]:
    """Where the pixels of each page begin."""
    import tifffile

    with tifffile.TiffFile(path) as tif:
        return [page.dataoffsets[0] for page in tif.pages]


def _tiff_form(stack: Stack, dtype: str, large: bool) -> dict[str, Any]:
    if dtype in _IMAGEJ_DTYPES and not large:
        return _imagej(stack)
    return _ome(stack) if dtype in _OME_DTYPES else _plain(stack)


def _imagej(stack: Stack) -> dict[str, Any]:
    metadata: dict[str, Any] = {"axes": "ZYX", "emseg_kind": stack.kind}
    options: dict[str, Any] = {"imagej": True, "metadata": metadata}
    if stack.voxel_size_nm is not None:
        z, y, x = stack.voxel_size_nm
        metadata.update(spacing=z / 1000, unit="um")
        options["resolution"] = (1000 / x, 1000 / y)
    return options


def _ome(stack: Stack) -> dict[str, Any]:
    metadata: dict[str, Any] = {"axes": "ZYX", "Name": stack.name}
    for axis, nm in zip("ZYX", stack.voxel_size_nm or (), strict=False):
        metadata |= {f"PhysicalSize{axis}": nm, f"PhysicalSize{axis}Unit": "nm"}
    return {"ome": True, "metadata": metadata}


def _plain(stack: Stack) -> dict[str, Any]:
    metadata: dict[str, Any] = {"axes": "ZYX", "emseg_kind": stack.kind}
    if stack.voxel_size_nm is not None:
        metadata["voxel_size_nm"] = list(stack.voxel_size_nm)
    return {"metadata": metadata}


# -- .npy -------------------------------------------------------------------------------------


def _make_npy(path: Path, stack: Stack) -> None:
    """The form has no place for voxel size and kind."""
    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(stack.data.dtype)),
        "fortran_order": False,
        "shape": stack.shape,
    }
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + int(np.prod(stack.shape)) * stack.data.dtype.itemsize)


def _npy_offsets(path: Path, stack: Stack) -> range:
    """Where the pixels of each slice begin."""
    each = int(np.prod(stack.shape[1:])) * stack.data.dtype.itemsize
    end = path.stat().st_size
    return range(end - len(stack) * each, end, each)


@contextmanager
def _fill_file(path: Path, offsets: Sequence[int], *, packed: bool) -> Iterator[Put]:
    """Write slices to their places in a file; ``packed`` says that eight bools make a byte."""
    # written and not mapped: on a full disk a write is an error, a page of a map a crash
    with path.open("r+b") as file:

        def put(z: int, pixels: npt.NDArray[Any]) -> None:
            stored = np.packbits(pixels, axis=1) if packed and pixels.dtype == np.bool_ else pixels
            file.seek(offsets[z])
            file.write(np.ascontiguousarray(stored).data)
            file.flush()

        yield put


# -- OME-Zarr ---------------------------------------------------------------------------------


def _make_zarr(path: Path, stack: Stack) -> None:
    """OME-Zarr 0.4 with one level and the voxel size, chunked by slice."""
    import zarr

    group = zarr.create_group(str(path), zarr_format=2, attributes=_ome_zarr_metadata(stack))
    group.create_array(
        "0",
        shape=stack.shape,
        dtype=np.dtype(stack.data.dtype),
        chunks=(1, *(min(length, _CHUNK) for length in stack.shape[1:])),
        chunk_key_encoding={"name": "v2", "separator": "/"},
    )


def _ome_zarr_metadata(stack: Stack) -> dict[str, Any]:
    unit = {"unit": "nanometer"} if stack.voxel_size_nm is not None else {}
    scale = list(stack.voxel_size_nm or (1.0, 1.0, 1.0))
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
    axes = [{"name": name, "type": "space", **unit} for name in "zyx"]
    image = {"version": "0.4", "name": stack.name, "axes": axes, "datasets": [level]}
    edits = {} if stack.edits is None else {"edits": stack.edits}
    return {"multiscales": [image], NOTES_ATTRIBUTE: {"kind": stack.kind, **edits}}


@contextmanager
def _fill_zarr(path: Path) -> Iterator[Put]:
    import zarr

    yield zarr.open_group(str(path), mode="r+")["0"].__setitem__


# -- pictures ---------------------------------------------------------------------------------


@contextmanager
def _fill_png(path: Path) -> Iterator[Put]:
    yield lambda _, pixels: _write_picture(path, pixels)


@contextmanager
def _fill_folder(folder: Path, stack: Stack, ending: str) -> Iterator[Put]:
    """A numbered file for each slice; PNG has no place for the voxel size, TIFF has."""
    files = [folder / name for name in slice_names(len(stack), ending)]

    def put(z: int, pixels: npt.NDArray[Any]) -> None:
        with replacing_file(files[z]) as beside:
            if ending == ".png":
                _write_picture(beside, pixels)
            else:
                _write_single_tiff(beside, stack.with_data(pixels[None]))

    yield put


def _write_single_tiff(path: Path, stack: Stack) -> None:
    _make_tiff(path, stack)
    with fill(path, "tiff", stack, "") as put:
        put(0, stack.data[0])


def _write_picture(path: Path, pixels: npt.NDArray[Any]) -> None:
    from napari_emseg.io.formats.png import write_png

    write_png(path, pixels)


def slice_names(n: int, ending: str) -> Iterator[str]:
    """``slice_0000.png`` and so on, with as many digits as ``n`` slices need."""
    digits = max(4, len(str(n - 1)))
    return (f"slice_{z:0{digits}d}{ending}" for z in range(n))


def slice_ending_for(dtype: np.dtype[Any]) -> str:
    """``.png`` for slices in a folder where PNG holds the dtype, else ``.tif``."""
    return ".png" if dtype.name in _PNG_DTYPES else ".tif"


def check_tiff_dtype(path: Path, dtype: np.dtype[Any]) -> None:
    """Raise `WriteError` for a dtype that TIFF does not hold."""
    if dtype.name not in _PLAIN_DTYPES:
        raise WriteError(
            f"{path}: expected a dtype of {', '.join(_PLAIN_DTYPES)} for TIFF, received {dtype}; "
            "convert the pixels first"
        )


def check_png_dtype(path: Path, dtype: np.dtype[Any]) -> None:
    """Raise `WriteError` for a dtype that grey PNG does not hold."""
    if dtype.name not in _PNG_DTYPES:
        raise WriteError(
            f"{path}: expected a dtype of {', '.join(_PNG_DTYPES)} for PNG slices, received "
            f"{dtype}; write to a path that ends in .tif or .npy, or convert the pixels first"
        )
