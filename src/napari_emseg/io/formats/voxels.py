"""Voxel sizes: as a person gives them, and as the challenge fixes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_emseg.errors import SettingError
from napari_emseg.types import ISBI_VOXEL_SIZE_NM, VoxelSize

CHALLENGE_STEMS = ("train-volume", "train-labels", "test-volume")


def checked_voxel_size(given: Sequence[float]) -> VoxelSize:
    """A voxel size that a person gave, as three floats (Z, Y, X) in nm.

    Raises
    ------
    SettingError
        If it is not three positive, finite numbers.
    """
    found = voxel_size_or_none(given)
    if found is None:
        raise SettingError(
            "voxel_size_nm: expected three positive numbers (Z, Y, X) in nm, such as 50, 4, 4, "
            f"received {given!r}"
        )
    return found


def voxel_size_or_none(lengths_nm: Any) -> VoxelSize | None:
    """Three positive, finite lengths (Z, Y, X) in nm, or None where they are not."""
    try:
        # 9 digits: a resolution in a file is a fraction, and 1000 / 250 should read 4 nm
        rounded = [float(f"{float(length):.9g}") for length in lengths_nm]
    except (TypeError, ValueError):
        return None
    if len(rounded) != 3 or not all(math.isfinite(nm) and nm > 0 for nm in rounded):
        return None
    return rounded[0], rounded[1], rounded[2]


def challenge_voxel_size(stem: str, shape: Sequence[int], dtype: Any) -> VoxelSize | None:
    """The ISBI 2012 voxel size, (50, 4, 4) nm, where name, shape and dtype are the challenge's."""
    is_challenge = (
        stem.lower() in CHALLENGE_STEMS
        and tuple(shape[1:]) == (512, 512)
        and np.dtype(dtype) == np.uint8
    )
    return ISBI_VOXEL_SIZE_NM if is_challenge else None
