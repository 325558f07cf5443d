"""The npe2 reader: files that a person opens in napari become layers.

The import of this module is light: what reads pixels is imported when a file is read.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from napari_emseg.io.formats.file_format import AnyPath, is_large
from napari_emseg.io.formats.registry import FOLDER, format_of
from napari_emseg.io.layer_metadata import LayerMetadata, metadata_of
from napari_emseg.io.layout.location import SEPARATOR, Location
from napari_emseg.types import ArrayLike, Stack

logger = logging.getLogger(__name__)

LayerData: TypeAlias = tuple[Any, dict[str, Any], str]
Paths: TypeAlias = AnyPath | Sequence[AnyPath]


def get_reader(path: Paths) -> Callable[[Paths], list[LayerData]] | None:
    """Reader for a path or for a list of slices, or None where we do not read such files.

    Only the name is looked at, and in a folder the names in it.
    """
    paths = path_list(path)
    readable = bool(paths) and all(_is_readable(each) for each in paths)
    return read_layers if readable else None


def read_layers(path: Paths) -> list[LayerData]:
    """Layer data of a stack; a list of several paths is one stack of slices in natural order.

    Raises
    ------
    ReadError
        If it cannot be read as a stack.
    """
    from napari_emseg.io.read import read_slices, read_stack

    paths = path_list(path)
    stack = read_stack(paths[0]) if len(paths) == 1 else read_slices(paths)
    stacks = [stack, *(labels_of(paths[0], stack) if len(paths) == 1 else ())]
    scaled = [_beside_the_open(each) for each in stacks]
    for each in scaled:
        tell(each.name, each.notes)
    return [layer_data(each) for each in scaled]


def labels_of(path: AnyPath, image: Stack) -> list[Stack]:
    """The label images that lie in an OME-Zarr image, under ``labels/``; else none."""
    from napari_emseg.io.formats.zarr import LABELS, Zarr
    from napari_emseg.io.read import read_stack

    where = Location.of(path)
    if where.is_remote or where.part or not isinstance(format_of(path), Zarr):
        return []
    if image.kind != "image" or not (where.path / LABELS).is_dir():
        return []
    from napari_emseg.io.formats.zarr_read import label_names

    found = (
        replace(read_stack(f"{where.place}{SEPARATOR}{LABELS}/{name}", kind="labels"), name=name)
        for name in label_names(where.place)
    )
    return [each for each in found if each.shape == image.shape]


def layer_data(stack: Stack, *, grows: bool = False) -> LayerData:
    """What napari makes a layer from: data, keyword arguments and the layer's type.

    Scale and units are the voxel size in nm; 1 pixel where it is not known. Of one that ``grows``
    no pixels are loaded, not even those that painting would go on with.
    """
    known = stack.voxel_size_nm is not None
    meta: dict[str, Any] = {
        "name": stack.name,
        "scale": stack.voxel_size_nm or (1.0, 1.0, 1.0),
        "units": ("nm" if known else "pixel",) * 3,
        "axis_labels": ("z", "y", "x"),
    }
    if stack.kind == "image":
        # said outright, for napari takes a last axis of 3 or 4 pixels for colours
        meta["rgb"] = False
        if grows:
            meta["contrast_limits"] = (0.0, 1.0)
        elif _is_lazy(stack):
            meta["contrast_limits"] = contrast_limits(stack)
    about = LayerMetadata.from_origin(
        stack.origin,
        edits=stack.edits_alone,
        thickness_assumed=stack.thickness_assumed,
        notes=stack.notes,
        class_names=stack.class_names,
        predicted=stack.predicted,
    )
    if about != LayerMetadata():
        meta["metadata"] = about.stored()
    return stack.data if grows else _paintable(stack), meta, stack.kind


def _paintable(stack: Stack) -> ArrayLike:
    """The pixels; those that painting, or a moved threshold, goes on with are loaded."""
    size = int(np.prod(stack.shape)) * stack.data.dtype.itemsize
    is_ours = stack.edits is not None or stack.origin is not None
    if stack.kind == "image" or not is_ours or is_large(size):
        return stack.data
    # a file has cells as small as they are, and more ids may come; classes stay few
    dtypes = {"cells": np.uint32, "classes": np.uint8}
    return np.asarray(stack.data, dtypes.get((stack.origin or {}).get("kind", "")))


def _beside_the_open(stack: Stack) -> Stack:
    """A stack without a size, at the scale of the open stack of its shape, so that both match."""
    if stack.voxel_size_nm is not None or "napari" not in sys.modules:
        return stack
    from napari import current_viewer

    from napari_emseg.io.napari_writer import layer_voxel_size

    viewer = current_viewer()
    for layer in () if viewer is None else viewer.layers:
        shape = tuple(getattr(layer.data, "shape", ()))
        size = layer_voxel_size({"scale": layer.scale, "units": layer.units})
        if shape == stack.shape and size is not None:
            assumed = (metadata_of(layer) or LayerMetadata()).thickness_assumed
            note = f"It has no voxel size; shown at that of {layer.name!r}, which has its shape."
            notes = (*stack.notes, note)
            return replace(stack, voxel_size_nm=size, thickness_assumed=assumed, notes=notes)
    return stack


def tell(name: str, notes: Sequence[str]) -> None:
    """Say sentences on a stack or a file in the log and, within napari, in its notifications."""
    for note in notes:
        logger.info("%s: %s", name, note)
    if notes and "napari" in sys.modules:
        from napari.utils.notifications import show_info

        show_info(f"{name}: {' '.join(notes)}")


def contrast_limits(stack: Stack) -> tuple[float, float]:
    """Smallest and largest finite grey value of the first, middle and last slice."""
    looked_at = [stack.slice(z) for z in sorted({0, len(stack) // 2, len(stack) - 1})]
    ranges = [_finite_range(values) for values in looked_at if np.isfinite(values).any()]
    low = min((low for low, _ in ranges), default=0.0)
    high = max((high for _, high in ranges), default=1.0)
    return (low, high) if low < high else (low, low + 1.0)


def path_list(path: Paths) -> list[AnyPath]:
    """One path or several, as a list."""
    return [path] if isinstance(path, (str, Path)) or not isinstance(path, Sequence) else list(path)


def _finite_range(values: np.ndarray[Any, Any]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return float(finite.min()), float(finite.max())


def _is_lazy(stack: Stack) -> bool:
    return not isinstance(stack.data, np.ndarray) or isinstance(stack.data, np.memmap)


def _is_readable(path: AnyPath) -> bool:
    place, found = Location.of(path).path, format_of(path)
    if found is not None and place.is_dir():
        return found.holds(place)
    return found not in (None, FOLDER)
