"""N5, and neuroglancer's precomputed volumes, read lazily through tensorstore."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_emseg.errors import ReadError
from napari_emseg.io.formats.file_format import FileFormat, RemoteFormat
from napari_emseg.io.layout.arrays import Loaded, as_dask, check_shape, native
from napari_emseg.io.layout.location import SEPARATOR
from napari_emseg.io.layout.packages import needed
from napari_emseg.io.layout.units import nm_per_unit
from napari_emseg.io.layout.voxels import RecordedSize, recorded_size, without_unit
from napari_emseg.types import StackKind

_N5_ABOUT, _PRECOMPUTED_ABOUT = "attributes.json", "info"
_PREFIX = "precomputed://"
_DEEPEST = 6


class N5(FileFormat):
    """A data set in an N5 container, whose axes are stored x first."""

    name = "N5 container"
    endings = (".n5",)
    is_folder = True

    def holds(self, folder: Path) -> bool:
        return {"dimensions", "blockSize"} <= set(_json(folder / _N5_ABOUT))

    def read(self, path: Path) -> Loaded:
        return self.read_part(path, "")

    def read_part(self, path: Path, part: str) -> Loaded:
        place = _data_set(path, part)
        about = _json(place / _N5_ABOUT)
        spec = {"driver": "n5", "kvstore": {"driver": "file", "path": f"{place}/"}}
        array = _opened(str(path), spec)
        names = [str(name).lower() for name in about.get("axes") or "xyzct"[: array.ndim]]
        size = _n5_size({**_json(place.parent / _N5_ABOUT), **about}, about, names)
        return Loaded(
            _lazily(str(path), array), size.voxel_size_nm, axes=tuple(names),
            about=part or place.name,
            thickness_assumed=size.thickness_assumed, notes=size.notes,
        )  # fmt: skip


class Precomputed(RemoteFormat):
    """A volume as neuroglancer reads it: a folder with ``info``, or its address."""

    name = "precomputed volume"
    is_folder = True

    def holds(self, folder: Path) -> bool:
        return "scales" in _json(folder / _PRECOMPUTED_ABOUT)

    def read(self, path: Path) -> Loaded:
        return self.read_part(path, "")

    def read_part(self, path: Path, part: str) -> Loaded:
        return _precomputed(str(path), {"driver": "file", "path": f"{path.absolute()}/"}, part)

    def read_remote(self, address: str, part: str) -> Loaded:
        url = address.removeprefix(_PREFIX)
        kind, _, rest = url.partition("://")
        bucket, _, within = rest.partition("/")
        if kind in ("http", "https"):
            return _precomputed(
                address, {"driver": "http", "base_url": f"{url.rstrip('/')}/"}, part
            )
        driver = {"gs": "gcs", "s3": "s3"}[kind]
        return _precomputed(
            address, {"driver": driver, "bucket": bucket, "path": f"{within.rstrip('/')}/"}, part
        )


def _precomputed(place: str, kvstore: dict[str, Any], part: str) -> Loaded:
    part = part.removeprefix("level=")
    if part and not part.isdecimal():
        raise ReadError(f"{place}: expected the number of a level, received {part!r}")
    spec = {"driver": "neuroglancer_precomputed", "kvstore": kvstore, "scale_index": int(part or 0)}
    array = _opened(place, spec)
    metadata = array.spec().to_json()
    resolution = metadata["scale_metadata"]["resolution"]
    kind: StackKind = (
        "labels" if metadata["multiscale_metadata"]["type"] == "segmentation" else "image"
    )
    x, y, z = resolution
    size = recorded_size(z, y, x)
    return Loaded(_lazily(place, array), size.voxel_size_nm, kind, axes=tuple("xyzc"))


def _opened(place: str, spec: dict[str, Any]) -> Any:
    tensorstore = needed("tensorstore", place)
    try:
        return tensorstore.open(spec, read=True, open=True).result()
    except (ValueError, OSError, NotImplementedError, RuntimeError, KeyError) as error:
        reason = str(error).partition("[")[0].strip()
        raise ReadError(f"{place}: cannot be opened ({reason}); check the path") from error


def _lazily(place: str, array: Any) -> Any:
    """As dask: along the last axis, which is z where x is first, in the chunks of the file."""
    import dask.array

    check_shape(place, array.shape, np.dtype(array.dtype.numpy_dtype))
    chunks = array.chunk_layout.read_chunk.shape
    stored = _Read(array)
    if array.ndim == 3 and tuple(chunks) == (0,) * 3:
        return as_dask(stored)
    return native(dask.array.from_array(stored, chunks=tuple(chunks), name=False, meta=stored.meta))


class _Read:
    """A tensorstore with numpy's dtype and reading."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.shape, self.ndim = tuple(array.shape), len(array.shape)
        self.dtype = np.dtype(array.dtype.numpy_dtype)
        self.meta = np.empty((0,) * self.ndim, self.dtype)

    def __getitem__(self, key: Any) -> np.ndarray[Any, Any]:
        # counted from where the array begins, which need not be 0
        return np.asarray(self._array.translate_to[(0,) * self.ndim][key].read().result())


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _data_set(path: Path, part: str) -> Path:
    """Folder of a data set: the one that was chosen, the only one, or the finest level of it."""
    root = path / part.replace("level=", "")
    if not root.is_dir():
        names = [each.relative_to(path).as_posix() for each in _data_sets(path)]
        finest = next((each for each in _levels(root.parent) if root.name.isdecimal()), None)
        if finest is not None:
            return _numbered(path, root.parent, int(root.name))
        raise ReadError(f"{path}: has no part {part!r}; it holds {', '.join(names) or 'nothing'}")
    if N5().holds(root):
        return root
    if levels := _levels(root):
        return levels[0]
    groups = {each if not _is_level(each) else each.parent for each in _data_sets(root)}
    names = sorted(each.relative_to(path).as_posix() for each in groups)
    if len(names) != 1:
        raise ReadError(
            f"{path}: expected one data set, received {', '.join(names) or 'none'}; choose one, "
            f"such as {path.name}{SEPARATOR}{names[0] if names else 'NAME'}"
        )
    return _data_set(path, names[0])


def _numbered(path: Path, group: Path, level: int) -> Path:
    levels = _levels(group)
    if level >= len(levels):
        raise ReadError(f"{path}: has {len(levels)} levels, counted from 0; received {level}")
    return levels[level]


def _is_level(folder: Path) -> bool:
    return folder.name[:1] == "s" and folder.name[1:].isdecimal()


def _levels(group: Path) -> list[Path]:
    found = [each for each in _data_sets(group, deepest=1) if _is_level(each)]
    return sorted(found, key=lambda each: int(each.name[1:]))


def _data_sets(group: Path, deepest: int = _DEEPEST) -> Iterator[Path]:
    if N5().holds(group):
        yield group
    elif deepest and group.is_dir():
        for each in sorted(group.iterdir()):
            if each.is_dir():
                yield from _data_sets(each, deepest - 1)


def _n5_size(about: dict[str, Any], own: dict[str, Any], names: Sequence[str]) -> RecordedSize:
    """From ``pixelResolution``, ``resolution`` or ``transform`` as programs write them."""
    pixel, transform = about.get("pixelResolution"), own.get("transform")
    if isinstance(pixel, dict):
        return _sized(pixel.get("dimensions"), [pixel.get("unit", "")] * 3, names, about)
    if isinstance(pixel, list):
        return _sized(pixel, about.get("units") or [about.get("unit", "um")] * 3, names, about)
    if isinstance(transform, dict) and "scale" in transform:
        axes = [str(axis).lower() for axis in transform.get("axes", names)]
        return _sized(transform["scale"], transform.get("units") or [""] * 3, axes, {})
    units = about.get("units") or [about.get("unit", "nm")] * 3
    return _sized(about.get("resolution"), units, names, about)


def _sized(
    lengths: Any, units: Sequence[str], names: Sequence[str], about: dict[str, Any]
) -> RecordedSize:
    spatial = [name for name in names if name in ("x", "y", "z")]
    if not isinstance(lengths, list) or len(lengths) != len(spatial):
        return RecordedSize()
    factors = about.get("downsamplingFactors") or [1] * len(spatial)
    numbers = [float(n) * float(f) for n, f in zip(lengths, factors, strict=False)]
    found = dict(zip(spatial, numbers, strict=True))
    nm = dict(zip(spatial, map(nm_per_unit, units), strict=False))
    y_nm, x_nm, z_nm = nm.get("y"), nm.get("x"), nm.get("z")
    if y_nm is None or x_nm is None:
        return without_unit([found.get(name, 1.0) for name in "zyx"])
    z = None if z_nm is None else found["z"] * z_nm
    return recorded_size(z, found["y"] * y_nm, found["x"] * x_nm)
