"""Scores of the cells of a volume against true ones, slice by slice in bounded memory.

`score_volume` does everything; the parts are `Pieces`, `Agreement`, `VolumeErrors` and
`Outlines`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from napari_emseg.core.cell_ids import CellIds, ids_of_slice, require_ids
from napari_emseg.core.config.volume_scores import VolumeScoresConfig
from napari_emseg.core.growing_table import GrowingTable
from napari_emseg.core.label_runs import Numbers
from napari_emseg.core.parallel import in_order
from napari_emseg.core.scores.metrics import check_shapes
from napari_emseg.core.scores.volume.agreement import Agreement
from napari_emseg.core.scores.volume.errors import FoundErrors, VolumeErrors
from napari_emseg.core.scores.volume.outlines import Outlines, Pair, SliceOutlines
from napari_emseg.core.scores.volume.pieces import Pieces
from napari_emseg.errors import LabelsError, SettingError
from napari_emseg.types import ArrayLike, VoxelSize

_WAY_OUT = "make cells of it first, or score its slices alone"


@dataclass(frozen=True, eq=False)
class VolumeScores:
    """Scores of a volume.

    Parameters
    ----------
    volume : Agreement
        Of all voxels that count.
    slices : dict of int to Agreement
        Of each slice in which any count, by its number; ids are those of the volume.
    voxels : int
        How many count.
    true_cells, predicted_cells : int
        How many have any of them.
    mergers, splits : VolumeErrors
        Where it is wrong.
    config : VolumeScoresConfig
        How it was scored.
    """

    volume: Agreement
    slices: dict[int, Agreement]
    voxels: int
    true_cells: int
    predicted_cells: int
    mergers: VolumeErrors
    splits: VolumeErrors
    config: VolumeScoresConfig

    def moved(self, slices: Sequence[int], y: int = 0, x: int = 0) -> VolumeScores:
        """The same of a part of a stack, with slices and places as the stack counts them.

        Parameters
        ----------
        slices : sequence of int
            What the slices of the part are called in the stack.
        y, x : int
            Row and column of the stack at which the part begins.
        """
        mergers, splits = (
            replace(each, worst=tuple(error.moved(slices, y, x) for error in each.worst))
            for each in (self.mergers, self.splits)
        )
        named = {slices[z]: each for z, each in self.slices.items()}
        return replace(self, slices=named, mergers=mergers, splits=splits)

    def to_dict(self) -> dict[str, Any]:
        """Plain values in the form of ``volume`` in what ``evaluate --volume --json`` prints."""
        return {
            **self.volume.to_dict(),
            "voxels": self.voxels,
            "true_cells": self.true_cells,
            "predicted_cells": self.predicted_cells,
            "mergers": _plain(self.mergers),
            "splits": _plain(self.splits),
            "slices": [{"slice": z, **each.to_dict()} for z, each in self.slices.items()],
            "settings": self.config.to_dict(),
        }


def score_volume(
    predicted: ArrayLike,
    truth: ArrayLike,
    *,
    config: VolumeScoresConfig | None = None,
    voxel_size_nm: VoxelSize | None = None,
    on_slice: Callable[[int, int], object] | None = None,
    workers: int = 2,
) -> VolumeScores:
    """Score the cells of a volume.

    Parameters
    ----------
    predicted, truth : (Z, Y, X) integer arrays
        Ids through the volume, numpy or lazy; read slice by slice. 0 is no cell, and so is what is
        below 0. Voxels that are 0 in the truth do not count; those that are 0 in the prediction
        are one predicted cell, see `Agreement.of`.
    config : VolumeScoresConfig, optional
        Which voxels count, and what is an error.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm; the foreground ``cremi`` needs them.
    on_slice : callable, optional
        Called as ``on_slice(done, total)`` after every slice, and again with ``done == total``
        while it is looked where the worst errors are; may raise to stop.
    workers : int
        Slices that are counted side by side.

    Returns
    -------
    VolumeScores

    Raises
    ------
    ShapeError
        Not three axes, different shapes, or no voxel.
    LabelsError
        One is a mask or a probability, or the truth holds no cell.
    SettingError
        ``cremi`` without a voxel size, or with pixels that are not square.

    Notes
    -----
    The foreground ``snemi3d`` is that of the SNEMI3D challenge (https://snemi3d.grand-challenge.org,
    Arganda-Carreras et al. 2015, https://doi.org/10.3389/fnana.2015.00142): what is 0 in the truth
    does not count. It gives the figures of `skimage.metrics`. The foreground ``cremi`` is that of
    the CREMI challenge (https://cremi.org, its program https://github.com/cremi/cremi_python),
    which leaves out besides what lies within 25 nm of a pixel with a neighbour of another id in
    its slice.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.ones((2, 8, 8), int)
    >>> truth[:, :, 4:] = 2
    >>> merged = np.ones_like(truth)
    >>> score_volume(merged, truth).volume.voi_merge
    1.0
    """
    config = config or VolumeScoresConfig()
    check_shapes(predicted.shape, truth.shape, axes="ZYX")
    require_ids(truth, "truth", way_out=_WAY_OUT)
    require_ids(predicted, "prediction", way_out=_WAY_OUT)
    border_px = _border_px(config, voxel_size_nm)
    total = truth.shape[0]

    def count(z: int) -> Pieces:
        true = ids_of_slice(truth, z)
        if border_px is not None:
            true = _without_borders(true, border_px)
        return Pieces.of_slice(z, true, ids_of_slice(predicted, z))

    alone = config.foreground == "cremi"
    table, slices = GrowingTable(Pieces.joined), {}
    for z, pieces in enumerate(in_order(count, range(total), workers=workers)):
        if len(pieces):
            slices[z] = Agreement.of(pieces, unassigned_alone=alone)
            table.add(pieces)
        if on_slice is not None:
            on_slice(z + 1, total)
    if not slices:
        raise LabelsError(
            "truth: expected cells (ids above 0) in voxels that count, received none; were "
            "prediction and truth given in this order?"
        )
    pieces = table.total()
    found = [
        FoundErrors.find(kind, pieces, radius_px=config.error_radius_px, worst=config.worst)
        for kind in ("merger", "split")
    ]
    wanted = {piece for each in found for both in each.pairs for piece in both}
    outline = SliceOutlines(wanted)

    def look(z: int) -> list[tuple[Pair, Numbers]]:
        return outline.of(z, ids_of_slice(truth, z), ids_of_slice(predicted, z))

    outlines = Outlines()
    for each in in_order(look, range(total if wanted else 0), workers=workers):
        outlines.add(each)
        if on_slice is not None:
            on_slice(total, total)
    mergers, splits = (each.described(outlines, voxel_size_nm or (1, 1, 1)) for each in found)
    return VolumeScores(
        volume=Agreement.of(pieces, unassigned_alone=alone),
        slices=slices,
        voxels=int(pieces.voxels.sum()),
        true_cells=np.unique(pieces.true_ids).size,
        predicted_cells=np.unique(pieces.predicted_ids[pieces.predicted_ids > 0]).size,
        mergers=mergers,
        splits=splits,
        config=config,
    )


def _plain(errors: VolumeErrors) -> dict[str, Any]:
    return {
        "count": len(errors),
        "by_voxels": {str(size): count for size, count in errors.by_size.items()},
        "worst": [each.to_dict() for each in errors.worst],
    }


def _border_px(config: VolumeScoresConfig, voxel_size_nm: VoxelSize | None) -> float | None:
    """How near to a border pixels do not count; None where all do."""
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
