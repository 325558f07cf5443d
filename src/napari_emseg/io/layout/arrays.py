"""Arrays on their way from a file to a stack: dtype, byte order, number of axes, laziness."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np

from napari_emseg.errors import ReadError
from napari_emseg.types import ArrayLike, StackKind, VoxelSize

_LONGEST_AXIS, _LARGEST_PLANE = 2**24, 2**34
"""Pixels along an axis, and bytes of the largest plane: far beyond what any microscope gives."""


@dataclass(frozen=True, eq=False)
class Loaded:
    """What a file holds.

    Parameters
    ----------
    data : array
        Pixels as they are stored, with any number of axes.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm where they are recorded.
    kind : {"image", "labels"}, optional
        Where it is recorded.
    edits : dict, optional
        The note of edits where there is one.
    axes : sequence of str, optional
        Names of the axes; None where the file does not say, and their places count.
    thickness_assumed : bool
        Whether the first edge length is a guess.
    min_is_white : bool
        Whether low values are shown bright.
    about : str
        Words besides the file's name that say what it holds, such as the name of a data set.
    notes : tuple of str
        What a person is to be told, a sentence each.
    origin : dict, optional
        The note of what the pixels were made from, where there is one.
    predicted : object
        What stands where the slices that a model has filled are noted; not checked yet.
    """

    data: ArrayLike
    voxel_size_nm: VoxelSize | None = None
    kind: StackKind | None = None
    edits: dict[str, Any] | None = None
    axes: Sequence[str] | None = None
    thickness_assumed: bool = False
    min_is_white: bool = False
    about: str = ""
    notes: tuple[str, ...] = ()
    origin: dict[str, Any] | None = None
    predicted: Any = None


def note_or_none(note: Any) -> dict[str, Any] | None:
    """A note as it should be; None where it is something else."""
    return note if isinstance(note, dict) else None


def check_dtype(path: str | PathLike[str], dtype: np.dtype[Any]) -> None:
    """Raise `ReadError` unless the dtype is bool, integer or float."""
    if dtype.kind not in "biuf":
        raise ReadError(
            f"{path}: expected bool, integer or float pixels, received dtype {dtype}; save grey "
            "values or labels as uint8, uint16 or float32"
        )


def check_shape(path: str | PathLike[str], shape: Sequence[int], dtype: np.dtype[Any]) -> None:
    """Raise `ReadError` where an axis has no length, or no memory holds a slice.

    A file of some bytes may claim any shape; where chunks that are missing are read as zeros,
    nothing else stands in the way.
    """
    if min(shape, default=1) <= 0:
        raise ReadError(f"{path}: holds no pixels (shape {tuple(shape)}); give a stack with pixels")
    largest = math.prod(sorted(map(int, shape))[-2:]) * dtype.itemsize
    if max(shape, default=1) > _LONGEST_AXIS or largest > _LARGEST_PLANE:
        raise ReadError(
            f"{path}: claims a shape of {tuple(map(int, shape))}, of which no memory holds a "
            "slice; check the file, or save a part of it"
        )


def as_dask(data: ArrayLike) -> ArrayLike:
    """A dask array around anything with numpy indexing, one slice per block."""
    import dask.array

    if isinstance(data, dask.array.Array):
        return data
    # name=False: hashing the content would read the whole file
    chunks = (1, *data.shape[1:])
    meta = np.empty((0,) * len(data.shape), data.dtype)
    return dask.array.from_array(_Indexed(data), chunks=chunks, name=False, meta=meta)


class _Indexed:
    """An array that dask does not know as numpy's: of those, memory maps too, it copies all."""

    def __init__(self, data: ArrayLike) -> None:
        self._data = data
        self.shape, self.dtype, self.ndim = data.shape, data.dtype, len(data.shape)

    def __getitem__(self, key: Any) -> np.ndarray[Any, Any]:
        return np.asarray(self._data[key])


def native(data: ArrayLike) -> ArrayLike:
    """The same values in the machine's byte order; loaded arrays are copied, lazy ones wrapped."""
    if data.dtype.isnative:
        return data
    lazy = isinstance(data, np.memmap) or not isinstance(data, np.ndarray)
    return (as_dask(data) if lazy else data).astype(data.dtype.newbyteorder("="))
