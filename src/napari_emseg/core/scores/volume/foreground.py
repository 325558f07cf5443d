"""Which voxels count where the cells of a volume are scored."""

from __future__ import annotations

import cv2
import numpy as np

from napari_emseg.core.blocks.window import Window
from napari_emseg.core.cell_ids import CellIds
from napari_emseg.core.config.volume_scores import VolumeScoresConfig
from napari_emseg.core.scores.volume.pieces import Pieces
from napari_emseg.errors import SettingError
from napari_emseg.types import VoxelSize


def pieces_of(
    z: int,
    truth: CellIds,
    predicted: CellIds,
    border: float | None,
    window: Window | None = None,
) -> Pieces:
    """The pieces of a slice (Y, X), or of a window of it, without what lies near a ``border``."""
    if border is not None:
        truth = _without_borders(truth, border)
    return Pieces.of_slice(z, truth, predicted, window)


def border_px(config: VolumeScoresConfig, voxel_size_nm: VoxelSize | None) -> float | None:
    """How near to a border of true cells pixels do not count; None where all do.

    Raises
    ------
    SettingError
        If the foreground needs a voxel size and there is none, or pixels are not square.
    """
    if config.foreground != "cremi":
        return None
    if voxel_size_nm is None:
        raise SettingError(
            "foreground cremi: the voxel size is not known, which tells how many px border_nm is; "
            "give it, such as 40 x 4 x 4 nm",
            voxel_size_nm=(40, 4, 4),
        )
    _, height, width = voxel_size_nm
    if height != width:
        raise SettingError(
            f"foreground cremi: expected square pixels, received {height:g} x {width:g} nm; "
            "use the foreground snemi3d"
        )
    return config.border_nm / height


def _without_borders(ids: CellIds, border_px: float) -> CellIds:
    """Ids (Y, X) without pixels that near to one which has a 4-neighbour of another id."""
    padded = np.pad(ids, 1, mode="edge")
    inside = np.ones(ids.shape, bool)
    for near in (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]):
        inside &= near == ids
    away = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.where(inside & (away > np.float32(border_px)), ids, 0)
