"""zarr (v2 and v3), read lazily: plain arrays, and OME-Zarr with its voxel size.

Written is OME-Zarr 0.4 with one level, chunked by slice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ReadError
from napari_emseg.io.disk.atomic import sync_folder
from napari_emseg.io.formats.arrays import (
    Loaded,
    check_dtype,
    check_not_empty,
    native,
    with_three_axes,
    zyx_by_names,
)
from napari_emseg.io.formats.file_format import Put, WritableFormat
from napari_emseg.io.formats.units import nm_per_unit
from napari_emseg.io.formats.voxels import voxel_size_or_none
from napari_emseg.types import ArrayLike, Stack, VoxelSize

NOTES_ATTRIBUTE = "napari_emseg"
"""Attribute of an OME-Zarr group under which kind and edits of a stack are noted."""

_METADATA = (".zarray", ".zgroup", "zarr.json")
_CHUNK = 1024

_HOW_TO = "store one 3-D array, or an OME-Zarr that names its axes"


class Zarr(WritableFormat):
    """A stack in a ``.zarr``, or in any folder that holds a zarr's metadata."""

    name = "zarr"
    endings = (".zarr",)
    is_folder = True

    def holds(self, folder: Path) -> bool:
        return any((folder / name).is_file() for name in _METADATA)

    def read(self, path: Path) -> Loaded:
        return read_zarr(path)

    def make(self, path: Path, stack: Stack) -> None:
        import zarr

        group = zarr.create_group(str(path), zarr_format=2, attributes=_ome_metadata(stack))
        group.create_array(
            "0",
            shape=stack.shape,
            dtype=np.dtype(stack.data.dtype),
            chunks=(1, *(min(length, _CHUNK) for length in stack.shape[1:])),
            chunk_key_encoding={"name": "v2", "separator": "/"},
        )

    @contextmanager
    def fill(self, path: Path, stack: Stack) -> Iterator[Put]:
        import zarr

        array = zarr.open_array(str(path / "0"), mode="r+")

        def put(z: int, pixels: npt.NDArray[Any]) -> None:
            array[z] = pixels
            sync_folder(path / "0" / str(z))

        yield put


def _ome_metadata(stack: Stack) -> dict[str, Any]:
    unit = {"unit": "nanometer"} if stack.voxel_size_nm is not None else {}
    scale = list(stack.voxel_size_nm or (1.0, 1.0, 1.0))
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
    axes = [{"name": name, "type": "space", **unit} for name in "zyx"]
    image = {"version": "0.4", "name": stack.name, "axes": axes, "datasets": [level]}
    edits = {} if stack.edits is None else {"edits": stack.edits}
    return {"multiscales": [image], NOTES_ATTRIBUTE: {"kind": stack.kind, **edits}}


def read_zarr(path: Path) -> Loaded:
    """Read a zarr array, or the first level of an OME-Zarr image, as a lazy stack.

    Raises
    ------
    ReadError
        If it is no zarr, holds no or several images, or has more than three long axes.
    """
    node = _opened(path)
    if hasattr(node, "shape"):
        return Loaded(_without_names(path, node))
    multiscales = _multiscales(node)
    if multiscales:
        return _from_ome(path, node, multiscales[0])
    return Loaded(_without_names(path, _only_array(path, node)))


def _opened(path: Path) -> Any:
    import zarr

    try:
        return zarr.open(str(path), mode="r")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReadError(
            f"{path}: expected a zarr array or an OME-Zarr group, received something else "
            f"({type(error).__name__}: {error}); give the folder that holds .zarray, .zgroup or "
            "zarr.json"
        ) from error


def _only_array(path: Path, group: Any) -> Any:
    arrays = sorted(group.array_keys())
    if len(arrays) != 1:
        inside = ", ".join(sorted(group.keys())) or "nothing"
        raise ReadError(
            f"{path}: expected one array or an OME-Zarr image, received a group with {inside}; "
            f"give the array itself, such as {path / (arrays[0] if arrays else 'NAME')}"
        )
    return group[arrays[0]]


def _lazy(path: Path, array: Any) -> ArrayLike:
    import dask.array

    check_dtype(path, np.dtype(array.dtype))
    check_not_empty(path, array.shape)
    return native(dask.array.from_zarr(array))


def _without_names(path: Path, array: Any) -> ArrayLike:
    data = _lazy(path, array)
    names = getattr(array.metadata, "dimension_names", None)
    if names and all(names) and len(names) > 3:
        return zyx_by_names(path, data, names)
    return with_three_axes(path, data, _HOW_TO)


def _multiscales(group: Any) -> Sequence[Mapping[str, Any]]:
    """The images of a group, as OME-Zarr 0.5 or as 0.4 and earlier name them."""
    attributes = group.attrs.asdict()
    found = attributes.get("ome", attributes).get("multiscales", [])
    return found if isinstance(found, list) else []


def _from_ome(path: Path, group: Any, image: Mapping[str, Any]) -> Loaded:
    try:
        level = image["datasets"][0]
        array = group[level["path"]]
        axes = _axes(image, len(array.shape))
        voxel_size_nm = _voxel_size(image, level, axes)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ReadError(
            f"{path}: its OME-Zarr metadata are incomplete ({type(error).__name__}: {error}); "
            f"give the array itself, such as {path / '0'}"
        ) from error
    data = zyx_by_names(path, _lazy(path, array), [axis["name"] for axis in axes])
    noted = _noted(group)
    kind, edits = noted.get("kind"), noted.get("edits")
    return Loaded(
        data,
        voxel_size_nm,
        kind if kind in ("image", "labels") else None,
        edits if isinstance(edits, dict) else None,
    )


def _axes(image: Mapping[str, Any], n: int) -> list[dict[str, Any]]:
    axes = image.get("axes") or list("tczyx"[5 - n :])
    # up to version 0.3 an axis was its name
    return [axis if isinstance(axis, dict) else {"name": str(axis)} for axis in axes]


def _voxel_size(
    image: Mapping[str, Any], level: Mapping[str, Any], axes: Sequence[Mapping[str, Any]]
) -> VoxelSize | None:
    scale = _scale(level, len(axes)) * _scale(image, len(axes))
    units = {axis["name"].lower(): nm_per_unit(axis.get("unit", "")) for axis in axes}
    lengths = {axis["name"].lower(): value for axis, value in zip(axes, scale, strict=True)}
    if any(units.get(name) is None for name in "yx"):
        return None
    return voxel_size_or_none(
        [lengths.get(n, lengths["y"]) * (units.get(n) or units["y"] or 1.0) for n in "zyx"]
    )


def _scale(owner: Mapping[str, Any], n: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    product = np.ones(n)
    for transformation in owner.get("coordinateTransformations", []):
        product = product * np.asarray(transformation.get("scale", np.ones(n)), np.float64)
    return product


def _noted(group: Any) -> dict[str, Any]:
    """What we have noted beside the pixels."""
    noted = group.attrs.asdict().get(NOTES_ATTRIBUTE)
    return noted if isinstance(noted, dict) else {}
