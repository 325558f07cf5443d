"""Several stacks with their labels as one, behind one another and without a copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from napari_emseg.errors import SettingError, ShapeError
from napari_emseg.io.formats.arrays import as_dask
from napari_emseg.types import Stack, VoxelSize

_SAME_SIZE = 0.01
"""Voxel sizes that differ by less than this part of them count as one."""


def join_stacks(
    pairs: Sequence[tuple[Stack, Stack]], *, input_slices: int = 1
) -> tuple[Stack, Stack]:
    """Images and labels of several stacks, each as one lazy stack.

    Parameters
    ----------
    pairs : sequence of (Stack, Stack)
        Images and labels, of one shape within each pair.
    input_slices : int
        Slices that the network sees. The first and the last slice of a stack have no neighbours
        in another, so more than 1 is refused for several stacks.

    Returns
    -------
    (Stack, Stack)
        (Z, Y, X), the slices of the first pair first; a single pair as it is.

    Raises
    ------
    ShapeError
        If there is no pair, or an image and its labels differ in shape.
    SettingError
        If several stacks do not go together; the message says what they would need to have alike.
    """
    if not pairs:
        raise ShapeError("stacks: expected at least one with its labels, received none")
    for image, labels in pairs:
        if image.shape != labels.shape:
            raise ShapeError(
                f"labels: expected the image's shape {image.shape}, received {labels.shape}"
            )
    if len(pairs) == 1:
        return pairs[0]
    images, all_labels = (list(each) for each in zip(*pairs, strict=True))
    if input_slices > 1:
        raise SettingError(
            f"input_slices: expected 1 for a training on several stacks, received {input_slices}; "
            "the neighbours of a slice cannot be told from another stack's yet"
        )
    _require_alike("slices", images, "a shape (Y, X)", lambda each: each.shape[1:])
    _require_alike("image", images, "a kind of numbers", _numbers)
    _require_alike("labels", all_labels, "a kind of numbers", _numbers)
    voxel_size_nm = _common_voxel_size(images)
    return _joined(images, voxel_size_nm), _joined(all_labels, voxel_size_nm)


def _numbers(stack: Stack) -> str:
    names = {"b": "integer", "i": "integer", "u": "integer", "f": "float"}
    return names[np.dtype(stack.data.dtype).kind]


def _require_alike(
    what: str, stacks: Sequence[Stack], unit: str, of: Callable[[Stack], Any]
) -> None:
    found = list(dict.fromkeys(of(each) for each in stacks))
    if len(found) > 1:
        raise SettingError(
            f"{what}: stacks that are trained on together need {unit} in common, received "
            f"{' and '.join(map(str, found))}; crop or convert them first"
        )


def _common_voxel_size(stacks: Sequence[Stack]) -> VoxelSize | None:
    """The one voxel size of those that have one."""
    known = [each.voxel_size_nm for each in stacks if each.voxel_size_nm is not None]
    for other in known[1:]:
        if not np.allclose(known[0], other, rtol=_SAME_SIZE):
            raise SettingError(
                "voxel_size_nm: stacks that are trained on together need one in common, received "
                f"{known[0]} and {other}; resample them to one pixel size first"
            )
    return known[0] if known else None


def _joined(stacks: Sequence[Stack], voxel_size_nm: VoxelSize | None) -> Stack:
    import dask.array

    data = dask.array.concatenate([as_dask(each.data) for each in stacks])
    name = " + ".join(each.name for each in stacks)
    return Stack(data, voxel_size_nm, name, stacks[0].kind)
