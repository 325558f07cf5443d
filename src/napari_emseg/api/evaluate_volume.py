"""The cells of a volume scored against true ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_emseg.api.arrays import OnSlice, as_stack
from napari_emseg.core.config.blocks import BlocksConfig
from napari_emseg.core.config.setting import require_known
from napari_emseg.core.config.volume_scores import VolumeScoresConfig
from napari_emseg.core.scores.volume.score_volume import VolumeScores, score_volume
from napari_emseg.errors import CancelledError, SettingError
from napari_emseg.types import AnyPath, ArrayLike, OnEvent, ShouldStop, Stack, VoxelSize


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


def evaluate_volume_file(
    prediction: AnyPath,
    truth: AnyPath,
    *,
    voxel_size_nm: VoxelSize | None = None,
    keep: AnyPath | None = None,
    overwrite: bool = False,
    client: Any = None,
    on_event: OnEvent = lambda _: None,
    should_stop: ShouldStop = lambda: False,
    **settings: Any,
) -> VolumeScores | None:
    """Score the cells of files of any size, in blocks; ``napari-emseg evaluate`` does this.

    Parameters
    ----------
    prediction, truth : path
        Ids of cells, what `read_stack` reads.
    voxel_size_nm, should_stop, **settings
        As `evaluate_volume` takes them; and those of `BlocksConfig`, such as ``workers=2``. Without
        any this process does the blocks.
    keep : path, optional
        A folder or an ``s3://`` address, which all workers reach, for what blocks have found; it
        stays, to go on from. By default a temporary folder of this machine.
    overwrite : bool
        Begin anew, where what is kept was begun with something else.
    client : distributed.Client, optional
        The workers of this cluster of Dask do the blocks.
    on_event : callable
        Receives a `Log` for what a person should know, and `Progress`.

    Returns
    -------
    VolumeScores or None
        Those of `evaluate_volume`; None where blocks of other parts are missing.

    Raises
    ------
    EmsegError
        As `evaluate_volume` and `read_stack`.
    SettingError
        If others than processes of this machine do blocks, and ``keep`` does not say where.

    Examples
    --------
    >>> import numpy as np
    >>> import napari_emseg as em
    >>> truth = np.ones((2, 32, 32), np.uint16)
    >>> truth[:, :, 16:] = 2
    >>> _ = em.write_stack("truth.zarr", em.Stack(truth, kind="labels"))
    >>> _ = em.write_stack("merged.zarr", em.Stack(np.ones_like(truth), kind="labels"))
    >>> em.evaluate_volume_file("merged.zarr", "truth.zarr").volume.voi_merge
    1.0
    """
    from napari_emseg.engine.compare.run_blocks import ScoreJob, score_in_blocks
    from napari_emseg.engine.distributed.kept import kept_run
    from napari_emseg.engine.distributed.runners import do_in_blocks

    require_known(settings, VolumeScoresConfig, BlocksConfig)
    config, shared = VolumeScoresConfig().changed(settings), BlocksConfig().changed(settings)
    if keep is None and (client is not None or (shared.is_said and not shared.workers)):
        raise SettingError(
            "keep: expected a folder that all who do blocks reach, received none", keep="FOLDER"
        )
    with kept_run(keep) as place:
        job = ScoreJob(Path(prediction), Path(truth), place, config, voxel_size_nm, overwrite)
        return do_in_blocks(score_in_blocks, job, shared, client, "cpu", on_event, should_stop)
