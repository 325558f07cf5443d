"""Reading zarr (v2 and v3), lazily: plain arrays, OME-Zarr images, their levels and labels."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_emseg.errors import ReadError
from napari_emseg.io.layout import ome
from napari_emseg.io.layout.arrays import Loaded, check_dtype, check_shape, native
from napari_emseg.io.layout.axes import meant
from napari_emseg.io.layout.location import SEPARATOR
from napari_emseg.io.layout.units import nm_per_unit
from napari_emseg.io.layout.voxels import RecordedSize, recorded_size, without_unit

_LEVEL = re.compile(r"/?level=(\d+)$")
_MOST_NAMED = 12
_S3 = "s3://"
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE")


def read_zarr(place: str, part: str = "") -> Loaded:
    """Read a zarr array, or a level of an OME-Zarr image, as a lazy stack.

    Parameters
    ----------
    place : str
        Path or address of the zarr.
    part : str
        Path of a group or an array within; its last piece may be the number of a level, or
        ``level=1`` where a number is a name; empty for the only image.

    Raises
    ------
    ReadError
        If it is no zarr, has no such part, or holds no or several images.
    """
    node = opened(place)
    owner: Any = None
    level = _LEVEL.search(part)
    part = _LEVEL.sub("", part)
    names = [name for name in part.split("/") if name]
    for i, name in enumerate(names):
        child = _child(node, name)
        if child is None:
            return _numbered_level(place, node, part, names[i:])
        owner = node if ome.image_of(node) is not None else owner
        node = child
    node = node if _is_array(node) else _only_stack(place, part, node)
    if not _is_array(node):
        return _from_level(place, node, int(level[1]) if level else 0)
    if level is not None:
        raise ReadError(f"{place}: is an array, and has no level {level[1]}")
    owner = owner or (None if part else _parent(place))
    if owner is not None and (found := _level_of(owner, node)) is not None:
        return _from_ome(place, owner, found)
    return _from_array(node)


def label_names(place: str) -> list[str]:
    """Names of the label images of an OME-Zarr image, each under ``labels/``."""
    node = opened(place)
    labels = None if _is_array(node) else _child(node, "labels")
    found = [] if labels is None or _is_array(labels) else ome.attributes_of(labels).get("labels")
    return [str(name) for name in found or []]


def opened(place: str) -> Any:
    """The zarr group or array at a path or an address, to be read."""
    import zarr

    try:
        # what is consolidated does not know what was written since; over http it is all there is
        listed: dict[str, Any] = {} if "://" in place else {"use_consolidated": False}
        return zarr.open(_store(place), mode="r", **listed)
    except ImportError as error:
        raise ReadError(
            f"{place}: needs a package that is not installed ({error}); pip install "
            "'napari-emseg[formats]'"
        ) from error
    # aiohttp and botocore have roots of their own, which are not imported here
    except Exception as error:
        if isinstance(error, (AssertionError, MemoryError)):
            raise
        raise ReadError(
            f"{place}: expected a zarr array or an OME-Zarr group, received something else "
            f"({type(error).__name__}: {error}); give the folder that holds .zarray, .zgroup or "
            "zarr.json"
        ) from error


def _store(place: str) -> Any:
    if not place.startswith(_S3):
        return place
    from zarr.storage import FsspecStore

    # what is public is read without keys, and all else with those that a person has named
    anonymous = not any(os.environ.get(name) for name in _KEYS)
    return FsspecStore.from_url(place, read_only=True, storage_options={"anon": anonymous})


def _is_array(node: Any) -> bool:
    return hasattr(node, "shape")


def _child(node: Any, name: str) -> Any | None:
    if _is_array(node):
        return None
    with contextlib.suppress(KeyError, FileNotFoundError):
        return node[name]
    return None


def _numbered_level(place: str, node: Any, part: str, rest: list[str]) -> Loaded:
    is_image = not _is_array(node) and ome.image_of(node) is not None
    if is_image and len(rest) == 1 and rest[0].isdecimal():
        return _from_level(place, node, int(rest[0]))
    inside = "an array" if _is_array(node) else _inside(node)
    raise ReadError(f"{place}: has no part {part!r}; {rest[0]!r} is not among {inside}")


def _from_level(place: str, group: Any, level: int) -> Loaded:
    n = len((ome.image_of(group) or {}).get("datasets", ()))
    if level and level >= n:
        raise ReadError(f"{place}: has {n} levels, counted from 0; received {level}")
    return _from_ome(place, group, level)


def _parent(place: str) -> Any | None:
    """The group in whose folder an array lies, where its path leads into a zarr."""
    from napari_emseg.io.formats.zarr import METADATA

    folder = Path(place).absolute().parent
    is_zarr = "://" not in place and any((folder / name).is_file() for name in METADATA)
    return opened(str(folder)) if is_zarr else None


def _level_of(owner: Any, array: Any) -> int | None:
    image = None if _is_array(owner) else ome.image_of(owner)
    if image is None:
        return None
    name = array.path.rpartition("/")[2] or Path(str(array.store_path)).name
    paths = [each.rpartition("/")[2] for each in ome.level_paths(image)]
    return paths.index(name) if name in paths else None


def _only_stack(place: str, part: str, group: Any) -> Any:
    """The one image or array in a group."""
    if ome.image_of(group) is not None:
        return group
    about = ome.attributes_of(group)
    if "bioformats2raw.layout" in about:
        return _only(place, part, group, "images", _series(group))
    if "plate" in about:
        wells = [str(well.get("path")) for well in about["plate"].get("wells", [])]
        raise _several(place, part, "a plate with wells", wells)
    if "labels" in about:
        return _only(place, part, group, "labels", [str(name) for name in about["labels"]])
    found = _stacks(group)
    if len(found) == 1:
        (node,) = found.values()
        return node
    raise ReadError(
        f"{place}: expected one array or an OME-Zarr image, received a group with "
        f"{_inside(group)}; give the array itself, such as {place}{SEPARATOR}"
        f"{_joined(part, next(iter(found), 'NAME'))}{_listed(found)}"
    )


def _series(group: Any) -> list[str]:
    """Names of the images in a group of bioformats2raw, which counts them."""
    inner = _child(group, "OME")
    named = None if inner is None else ome.attributes_of(inner).get("series")
    if named:
        return [str(name) for name in named]
    found: list[str] = []
    while _child(group, str(len(found))) is not None:
        found.append(str(len(found)))
    return found


def _only(place: str, part: str, group: Any, kind: str, names: list[str]) -> Any:
    if len(names) == 1 and (child := _child(group, names[0])) is not None:
        return child if _is_array(child) else _only_stack(place, names[0], child)
    raise _several(place, part, f"{len(names)} {kind}", names)


def _several(place: str, part: str, what: str, names: list[str]) -> ReadError:
    listed = ", ".join(names[:20]) or "nothing"
    return ReadError(
        f"{place}: expected one image, received {what} ({listed}); choose one, such as "
        f"{place}{SEPARATOR}{_joined(part, names[0] if names else 'NAME')}"
    )


def _joined(part: str, name: str) -> str:
    return f"{part}/{name}".lstrip("/")


def _members(group: Any, *, arrays: bool) -> list[tuple[str, Any]]:
    # over http nothing can be listed
    with contextlib.suppress(NotImplementedError, OSError, ValueError):
        return sorted(group.arrays() if arrays else group.groups())
    return []


def _inside(group: Any) -> str:
    """Names of what is in a group."""
    members = [*_members(group, arrays=True), *_members(group, arrays=False)]
    return ", ".join(sorted(name for name, _ in members)) or "nothing"


def _stacks(group: Any, within: str = "") -> dict[str, Any]:
    """Images, and arrays that are none of their levels, by their paths in a group."""
    found: dict[str, Any] = {}
    for name, array in _members(group, arrays=True):
        # xarray keeps coordinates beside the pixels, which have one axis
        if len(array.shape) > 1:
            found[within + name] = array
    for name, inner in _members(group, arrays=False):
        is_image = ome.image_of(inner) is not None
        found |= {within + name: inner} if is_image else _stacks(inner, f"{within}{name}/")
    return found


def _listed(stacks: Mapping[str, Any]) -> str:
    """Paths, with shapes and dtypes of what is an array."""
    shown = [
        f"{name} {node.shape} {node.dtype}" if _is_array(node) else f"{name} (OME-Zarr)"
        for name, node in list(stacks.items())[:_MOST_NAMED]
    ]
    more = len(stacks) - _MOST_NAMED
    return f" ({', '.join(shown)}{f' and {more} more' if more > 0 else ''})" if shown else ""


def _lazy(place: str, array: Any) -> Any:
    import dask.array

    from napari_emseg.io.formats.zarr_chunks import guarded

    check_dtype(place, np.dtype(array.dtype))
    # who reads whole slices checks them again
    check_shape(place, array.chunks, np.dtype(array.dtype))
    check_shape(place, array.shape, np.dtype(array.dtype), in_parts=True)
    return native(dask.array.from_zarr(guarded(array)))


def _from_array(array: Any) -> Loaded:
    """An array that is no level of an image; its axes have names as zarr or xarray write them."""
    names = getattr(array.metadata, "dimension_names", None)
    if not names or not all(names):
        names = array.attrs.asdict().get("_ARRAY_DIMENSIONS")
    known = isinstance(names, (list, tuple)) and len(names) == len(array.shape)
    axes = tuple(map(str, names)) if known else None
    size = _attributed_size(array.attrs.asdict(), axes)
    return Loaded(
        _lazy(str(array.store_path), array), size.voxel_size_nm, axes=axes, about=array.path,
        thickness_assumed=size.thickness_assumed, notes=size.notes,
    )  # fmt: skip


def _attributed_size(about: Mapping[str, Any], axes: Sequence[str] | None) -> RecordedSize:
    """From ``resolution`` or ``voxel_size``, as those who segment volumes write it, in nm."""
    lengths = about.get("voxel_size", about.get("resolution"))
    if not isinstance(lengths, (list, tuple)) or len(lengths) != 3:
        return RecordedSize()
    spatial = [name for name in meant(axes) or "zyx" if name in "zyx"]
    order = spatial if len(spatial) == 3 else list("zyx")
    units = about.get("units", about.get("unit", "nm"))
    listed = [units] * 3 if isinstance(units, str) else list(units)[-3:]
    found = dict(zip(order, map(float, lengths), strict=True))
    factors = dict(zip(order, map(nm_per_unit, listed), strict=False))
    nm = {name: factors.get(name) for name in "zyx"}
    if any(factor is None for factor in nm.values()):
        return without_unit([found[name] for name in "zyx"])
    z, y, x = (found[name] * (nm[name] or 1.0) for name in "zyx")
    return recorded_size(z, y, x)


def _from_ome(place: str, group: Any, level: int) -> Loaded:
    try:
        image = ome.image_of(group) or {}
        array = group[ome.level_paths(image)[level]]
        axes = ome.axes_of(image, len(array.shape))
        size = ome.size_of(image, level, axes)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ReadError(
            f"{place}: its OME-Zarr metadata are incomplete ({type(error).__name__}: {error}); "
            f"give the array itself, such as {place}{SEPARATOR}0"
        ) from error
    noted = ome.noted(group)
    return Loaded(
        _lazy(place, array),
        size.voxel_size_nm,
        ome.kind_of(group),
        noted.get("edits") if level == 0 else None,
        [axis["name"] for axis in axes],
        size.thickness_assumed,
        about=str(group.path),
        notes=(*size.notes, *ome.unfinished(group)),
        origin=noted.get("origin"),
        predicted=noted.get("predicted"),
    )
