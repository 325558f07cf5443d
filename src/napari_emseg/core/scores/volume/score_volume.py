"""Scores of the cells of a volume against true ones, slice by slice in bounded memory.

`score_volume` does everything; the parts are `Pieces`, `Agreement`, `VolumeErrors` and
`Outlines`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np

from napari_emseg.core.cell_ids import ids_of_slice, require_ids
from napari_emseg.core.config.volume_scores import VolumeScoresConfig
from napari_emseg.core.growing_table import GrowingTable
from napari_emseg.core.label_runs import Numbers
from napari_emseg.core.parallel import in_order
from napari_emseg.core.scores.metrics import check_shapes
from napari_emseg.core.scores.volume.agreement import Agreement
from napari_emseg.core.scores.volume.errors import FoundErrors, Kind, VolumeErrors
from napari_emseg.core.scores.volume.foreground import border_px, pieces_of
from napari_emseg.core.scores.volume.outlines import Outlines, Pair, SliceOutlines
from napari_emseg.core.scores.volume.pieces import Pieces
from napari_emseg.errors import LabelsError
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
    border = check_volumes(predicted, truth, config, voxel_size_nm)
    total, tally = truth.shape[0], Tally(config)

    def count(z: int) -> Pieces:
        return pieces_of(z, ids_of_slice(truth, z), ids_of_slice(predicted, z), border)

    for z, pieces in enumerate(in_order(count, range(total), workers=workers)):
        tally.add(z, pieces)
        if on_slice is not None:
            on_slice(z + 1, total)
    counted = tally.total()
    outline, outlines = SliceOutlines(counted.wanted), Outlines()

    def look(z: int) -> list[tuple[Pair, Numbers]]:
        return outline.of(z, ids_of_slice(truth, z), ids_of_slice(predicted, z))

    for each in in_order(look, range(total if counted.wanted else 0), workers=workers):
        outlines.add(each)
        if on_slice is not None:
            on_slice(total, total)
    return counted.scores(outlines, voxel_size_nm)


def check_volumes(
    predicted: ArrayLike, truth: ArrayLike, config: VolumeScoresConfig, size: VoxelSize | None
) -> float | None:
    """How near to a border pixels do not count, if any; raises what `score_volume` does."""
    check_shapes(predicted.shape, truth.shape, axes="ZYX")
    require_ids(truth, "truth", way_out=_WAY_OUT)
    require_ids(predicted, "prediction", way_out=_WAY_OUT)
    return border_px(config, size)


class Tally:
    """Takes the pieces of slices in their order; see `score_volume`."""

    def __init__(self, config: VolumeScoresConfig) -> None:
        self._config = config
        self._table: GrowingTable[Pieces] = GrowingTable(Pieces.joined)
        self._slices: dict[int, Agreement] = {}

    def add(self, z: int, pieces: Pieces) -> None:
        """Take those of a slice."""
        if len(pieces):
            alone = self._config.foreground == "cremi"
            self._slices[z] = Agreement.of(pieces, unassigned_alone=alone)
            self._table.add(pieces)

    def total(self) -> Counted:
        """What they come to.

        Raises
        ------
        LabelsError
            If there is no cell in the truth.
        """
        if not self._slices:
            raise LabelsError(
                "truth: expected cells (ids above 0) in voxels that count, received none; were "
                "prediction and truth given in this order?"
            )
        pieces, config = self._table.total(), self._config
        how: dict[str, Any] = {"radius_px": config.error_radius_px, "worst": config.worst}
        mergers, splits = (FoundErrors.find(kind, pieces, **how) for kind in get_args(Kind))
        return Counted(pieces, self._slices, mergers, splits, config)


@dataclass(frozen=True, eq=False)
class Counted:
    """The pieces of a volume, and the errors that follow from them alone.

    Parameters
    ----------
    pieces : Pieces
        Of the volume.
    slices, config
        As in `VolumeScores`.
    mergers, splits : FoundErrors
        Without their places.
    """

    pieces: Pieces
    slices: dict[int, Agreement]
    mergers: FoundErrors
    splits: FoundErrors
    config: VolumeScoresConfig

    @property
    def wanted(self) -> set[Pair]:
        """The pieces of the worst errors, which are looked for to say where they are."""
        found = (*self.mergers.pairs, *self.splits.pairs)
        return {piece for both in found for piece in both}

    def scores(self, outlines: Outlines, voxel_size_nm: VoxelSize | None) -> VolumeScores:
        """With the places of the worst errors."""
        pieces, alone = self.pieces, self.config.foreground == "cremi"
        size = voxel_size_nm or (1, 1, 1)
        return VolumeScores(
            volume=Agreement.of(pieces, unassigned_alone=alone),
            slices=self.slices,
            voxels=int(pieces.voxels.sum()),
            true_cells=np.unique(pieces.true_ids).size,
            predicted_cells=np.unique(pieces.predicted_ids[pieces.predicted_ids > 0]).size,
            mergers=self.mergers.described(outlines, size),
            splits=self.splits.described(outlines, size),
            config=self.config,
        )


def _plain(errors: VolumeErrors) -> dict[str, Any]:
    return {
        "count": len(errors),
        "by_voxels": {str(size): count for size, count in errors.by_size.items()},
        "worst": [each.to_dict() for each in errors.worst],
    }
