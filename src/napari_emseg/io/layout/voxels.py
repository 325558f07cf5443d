"""Voxel sizes: as a person gives them, and as the challenge fixes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from napari_emseg.errors import SettingError
from napari_emseg.types import ISBI_VOXEL_SIZE_NM, VoxelSize

CHALLENGE_STEMS = ("train-volume", "train-labels", "test-volume")


class RecordedSize(NamedTuple):
    """What a file says of its voxel size, in nm; whether the thickness in it is a guess."""

    voxel_size_nm: VoxelSize | None = None
    thickness_assumed: bool = False
    notes: tuple[str, ...] = ()


def recorded_size(z_nm: float | None, y_nm: float | None, x_nm: float | None) -> RecordedSize:
    """From edge lengths; an unknown thickness is taken to be the pixel's height."""
    found = voxel_size_or_none((z_nm or y_nm, y_nm, x_nm))
    return RecordedSize(found, thickness_assumed=found is not None and not z_nm)


def without_unit(ratio: Sequence[float]) -> RecordedSize:
    """No voxel size, and what is to be said where a file has lengths without a unit."""
    if all(length == 1 for length in ratio):
        return RecordedSize()
    listed = " : ".join(f"{length:g}" for length in ratio)
    note = f"Its lengths {listed} (z, y, x) have no unit, so that the voxel size is not known."
    return RecordedSize(notes=(note,))


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
