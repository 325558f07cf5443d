"""What a person may give in place of a stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from napari_emseg.io.layout.voxels import checked_voxel_size
from napari_emseg.types import ArrayLike, Stack, StackKind, VoxelSize

OnSlice: TypeAlias = Callable[[int, int], object]
"""Called with the number of slices done and of all."""


def as_stack(
    data: Stack | ArrayLike, voxel_size_nm: VoxelSize | None = None, *, kind: StackKind = "image"
) -> Stack:
    """A stack of what `Stack.of` takes.

    Raises
    ------
    ShapeError
        If it has other axes, or no numbers.
    SettingError
        If ``voxel_size_nm`` is not three positive numbers.
    """
    if voxel_size_nm is not None:
        voxel_size_nm = checked_voxel_size(voxel_size_nm)
    return Stack.of(data, voxel_size_nm=voxel_size_nm, kind=kind)
