"""The npe2 reader: files that a person opens in napari become layers.

The import of this module is light: what reads pixels is imported when a file is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from napari_emseg.io.formats.file_format import AnyPath
from napari_emseg.io.formats.registry import FOLDER, format_of
from napari_emseg.io.layer_metadata import LayerMetadata
from napari_emseg.types import Stack

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
    return [layer_data(stack)]


def layer_data(stack: Stack) -> LayerData:
    """What napari makes a layer from: data, keyword arguments and the layer's type.

    Scale and units are the voxel size in nm; 1 pixel where it is not known.
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
        if _is_lazy(stack):
            meta["contrast_limits"] = contrast_limits(stack)
    if stack.edits is not None:
        meta["metadata"] = LayerMetadata(edits=stack.edits).stored()
    return stack.data, meta, stack.kind


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
    place, found = Path(path), format_of(path)
    if found is not None and place.is_dir():
        return found.holds(place)
    return found not in (None, FOLDER)
