"""Arrays on their way from a file to a stack: dtype, byte order, number of axes, laziness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_emseg.errors import ReadError
from napari_emseg.types import ArrayLike, StackKind, VoxelSize


@dataclass(frozen=True, eq=False)
class Loaded:
    """What a file holds: (Z, Y, X) array; voxel size in nm, kind, edits where it records them."""

    data: ArrayLike
    voxel_size_nm: VoxelSize | None = None
    kind: StackKind | None = None
    edits: dict[str, Any] | None = None


def check_dtype(path: Path, dtype: np.dtype[Any]) -> None:
    """Raise `ReadError` unless the dtype is bool, integer or float."""
    if dtype.kind not in "biuf":
        raise ReadError(
            f"{path}: expected bool, integer or float pixels, received dtype {dtype}; save grey "
            "values or labels as uint8, uint16 or float32"
        )


def check_not_empty(path: Path, shape: Sequence[int]) -> None:
    """Raise `ReadError` where an axis has no length."""
    if 0 in shape:
        raise ReadError(f"{path}: holds no pixels (shape {tuple(shape)}); give a stack with pixels")


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


def with_three_axes(path: Path, data: ArrayLike, how_to: str) -> ArrayLike:
    """(Z, Y, X) from an array without named axes; (Y, X) becomes a stack with one slice.

    Raises
    ------
    ReadError
        For another number of axes.
    """
    if len(data.shape) == 2:
        return data[None]
    if len(data.shape) != 3:
        raise ReadError(
            f"{path}: expected axes (Z, Y, X) or (Y, X), received shape {tuple(data.shape)}, whose "
            f"axes are unclear; {how_to}"
        )
    return data


def zyx_by_names(path: Path, data: ArrayLike, axes: Sequence[str]) -> ArrayLike:
    """(Z, Y, X) from an array whose axes have names, by dropping other axes of length 1.

    A single other axis that is longer (time, channel) is taken for Z where there is no longer Z.

    Raises
    ------
    ReadError
        If more than one axis besides Y and X is longer than 1, or Y and X are not the last two.
    """
    names = [name.lower() for name in axes]
    if len(names) != len(data.shape):
        raise _unclear(path, data.shape, axes)
    kept = [i for i, name in enumerate(names) if name in ("y", "x") or data.shape[i] > 1]
    if len(kept) > 3 or [names[i] for i in kept[-2:]] != ["y", "x"]:
        raise _unclear(path, data.shape, axes)
    picked = data[tuple(slice(None) if i in kept else 0 for i in range(len(names)))]
    return picked if len(kept) == 3 else picked[None]


def _unclear(path: Path, shape: Sequence[int], axes: Sequence[str]) -> ReadError:
    named = ", ".join(f"{name}={length}" for name, length in zip(axes, shape, strict=False))
    return ReadError(
        f"{path}: expected a stack (Z, Y, X) with one channel and one time point, received axes "
        f"{named or 'without names'} (shape {tuple(shape)}); keep one channel and one time point "
        "(Fiji: Image > Duplicate...) and save again"
    )
