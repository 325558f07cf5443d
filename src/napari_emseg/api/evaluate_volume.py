"""The cells of a volume scored against true ones."""

from __future__ import annotations

from typing import Any

from napari_emseg.api.arrays import OnSlice, as_stack
from napari_emseg.core.config.setting import require_known
from napari_emseg.core.config.volume_scores import VolumeScoresConfig
from napari_emseg.core.scores.volume.score_volume import VolumeScores, score_volume
from napari_emseg.errors import CancelledError
from napari_emseg.types import ArrayLike, ShouldStop, Stack, VoxelSize


def evaluate_volume(
    prediction: Stack | ArrayLike,
    truth: Stack | ArrayLike,
    *,
    voxel_size_nm: VoxelSize | None = None,
    on_slice: OnSlice | None = None,
    should_stop: ShouldStop = lambda: False,
    **settings: Any,
) -> VolumeScores:
    """Score cells through a volume: adapted Rand error, variation of information, CREMI score.

    Parameters
    ----------
    prediction, truth : Stack, or (Z, Y, X) or (Y, X) array
        Ids of cells, the same through the slices of a cell, any integer dtype; numpy, or lazy,
        which is read slice by slice. What is 0 in the truth does not count.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm, where the truth does not know them; the foreground ``cremi``
        needs them.
    on_slice : callable, optional
        Called as ``on_slice(done, total)`` after every slice.
    should_stop : callable
        Looked at after every slice.
    **settings
        Of `VolumeScoresConfig`, by name.

    Returns
    -------
    VolumeScores
        Of the volume and of each slice, with all mergers and splits; the worst ones are listed
        with their ids and a point (Z, Y, X) inside each of both pieces.

    Raises
    ------
    ShapeError
        If the shapes differ.
    LabelsError
        If one is a mask or a probability, or the truth holds no cell.
    SettingError
        If a setting is unknown or out of range, or ``cremi`` does not know the voxel size.
    CancelledError
        If stopped.

    Examples
    --------
    >>> import numpy as np
    >>> import napari_emseg as em
    >>> truth = np.ones((2, 32, 32), int)
    >>> truth[:, :, 16:] = 2
    >>> scores = em.evaluate_volume(np.ones_like(truth), truth)
    >>> scores.volume.voi_merge, len(scores.mergers), scores.mergers.worst[0].true_ids
    (1.0, 1, (1, 2))
    """

    def advance(done: int, total: int) -> None:
        if on_slice is not None:
            on_slice(done, total)
        if should_stop() and done < total:
            raise CancelledError(f"Stopped after {done} of {total} slices.")

    require_known(settings, VolumeScoresConfig)
    true = as_stack(truth, voxel_size_nm, kind="labels")
    return score_volume(
        as_stack(prediction, kind="labels").data, true.data, config=VolumeScoresConfig(**settings),
        voxel_size_nm=true.voxel_size_nm, on_slice=advance,
    )  # fmt: skip
