"""One writer per form; each takes slices one by one, so that a lazy stack is never loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import WriteError
from napari_emseg.types import Stack

_IMAGEJ_DTYPES = ("uint8", "uint16", "float32")
_OME_DTYPES = ("bool", "int8", "int16", "int32", "uint32", "float64", *_IMAGEJ_DTYPES)
_PLAIN_DTYPES = ("int64", "uint64", "float16", *_OME_DTYPES)
_PNG_DTYPES = ("bool", "uint8", "uint16")

CLASSIC_TIFF_BYTES = 4 * 10**9
"""Above this a TIFF's 32-bit offsets, and with them ImageJ's form, do not reach."""

_CHUNK = 1024

Slices = Iterable[npt.NDArray[Any]]


def write_tiff(path: Path, stack: Stack, slices: Slices) -> None:
    """Write in ImageJ's form where dtype and size permit, else as OME-TIFF, else plain.

    Voxel size and axes are recorded in all three; the kind in the first and the last.
    """
    import tifffile

    dtype = np.dtype(stack.data.dtype)
    n_bytes = int(np.prod(stack.shape)) * dtype.itemsize
    large = n_bytes > CLASSIC_TIFF_BYTES
    if stack.shape[2] == 1:
        _write_columns(path, stack, slices)
        return
    options = _tiff_form(stack, dtype.name, large)
    form = {key: options.pop(key) for key in ("imagej", "ome") if key in options}
    with tifffile.TiffWriter(path, bigtiff=large, **form) as tif:
        tif.write(iter(slices), shape=stack.shape, dtype=dtype, photometric="minisblack", **options)


def _write_columns(path: Path, stack: Stack, slices: Slices) -> None:
    """Write slices one pixel wide page by page: as a whole tifffile drops their last axis."""
    import tifffile

    metadata = {**_plain(stack)["metadata"], "axes": "YX"}
    with tifffile.TiffWriter(path) as tif:
        for each in slices:
            tif.write(each, photometric="minisblack", contiguous=False, metadata=metadata)


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


def write_npy(path: Path, stack: Stack, slices: Slices) -> None:
    """Write ``.npy``; the form has no place for voxel size and kind."""
    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(stack.data.dtype)),
        "fortran_order": False,
        "shape": stack.shape,
    }
    # written and not mapped: on a full disk a write is an error, a page of a map a crash
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for each in slices:
            file.write(each.tobytes())


def write_zarr(path: Path, stack: Stack, slices: Slices) -> None:
    """Write OME-Zarr 0.4 with one level and the voxel size, chunked by slice."""
    import zarr

    group = zarr.open_group(str(path), mode="w", zarr_format=2)
    array = group.create_array(
        "0",
        shape=stack.shape,
        dtype=np.dtype(stack.data.dtype),
        chunks=(1, *(min(length, _CHUNK) for length in stack.shape[1:])),
        chunk_key_encoding={"name": "v2", "separator": "/"},
    )
    for z, each in enumerate(slices):
        array[z] = each
    group.attrs.update(_ome_zarr_metadata(stack))


def _ome_zarr_metadata(stack: Stack) -> dict[str, Any]:
    unit = {"unit": "nanometer"} if stack.voxel_size_nm is not None else {}
    scale = list(stack.voxel_size_nm or (1.0, 1.0, 1.0))
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
    axes = [{"name": name, "type": "space", **unit} for name in "zyx"]
    image = {"version": "0.4", "name": stack.name, "axes": axes, "datasets": [level]}
    return {"multiscales": [image], "napari_emseg": {"kind": stack.kind}}


def write_single_png(path: Path, _stack: Stack, slices: Slices) -> None:
    """Write the only slice of a stack as PNG."""
    from napari_emseg.io._png import write_png

    for each in slices:
        write_png(path, each)


def write_slice_files(folder: Path, stack: Stack, slices: Slices, ending: str) -> None:
    """Write each slice to a numbered file; PNG has no place for the voxel size, TIFF has."""
    from napari_emseg.io._png import write_png

    for name, each in zip(slice_names(len(stack), ending), slices, strict=True):
        if ending == ".png":
            write_png(folder / name, each)
        else:
            write_tiff(folder / name, stack.with_data(each[None]), [each])


def slice_names(n: int, ending: str) -> Iterator[str]:
    """``slice_0000.png`` and so on, with as many digits as ``n`` slices need."""
    digits = max(4, len(str(n - 1)))
    return (f"slice_{z:0{digits}d}{ending}" for z in range(n))


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
