"""Cells of a volume, from a probability or a mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_emseg.api.arrays import OnSlice, as_stack
from napari_emseg.api.in_blocks import is_in_blocks
from napari_emseg.api.models import AnyModel, load_model
from napari_emseg.core.config.blocks import BlocksConfig
from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.config.setting import Config, require_known
from napari_emseg.engine.jobs import CellsJob, CellsResult
from napari_emseg.io.formats.file_format import AnyPath
from napari_emseg.model.packages.library import DEFAULT
from napari_emseg.types import ArrayLike, OnEvent, ShouldStop, Stack, VoxelSize


def cells(
    probability: Stack | ArrayLike,
    *,
    model: AnyModel = DEFAULT,
    threshold: float = 0.5,
    least_slices: int = 1,
    voxel_size_nm: VoxelSize | None = None,
    on_slice: OnSlice | None = None,
    should_stop: ShouldStop = lambda: False,
    **settings: Any,
) -> Stack:
    """Cells through a volume, from anybody's probability or mask.

    Each slice is cut into fragments; a graph connects those that touch in a slice and those that
    overlap between slices; how likely each pair belongs together was learned from a volume that
    people have traced; and those are joined between which the mean evidence is for it.

    Parameters
    ----------
    probability : Stack, or (Z, Y, X) array
        Of cell: float in 0..1, or whole numbers up to 255; a mask, not 0 being cell; or cells of
        single slices. Numpy or lazy.
    model : str, Path or ModelPackage
        Whose edge weights count; those of `default` where it has none.
    threshold : float
        A pixel is cell where its probability is above this.
    least_slices : int
        Cells that live in fewer slices are left out, save those at the ends of the volume.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm, where ``probability`` does not know them.
    on_slice : callable, optional
        Called as ``on_slice(done, total)`` after every slice.
    should_stop : callable
        Looked at after every slice.
    **settings
        Of `CellsConfig`, by name: ``merging``, ``fill_membranes``, ...

    Returns
    -------
    Stack
        uint32 ids from 1 without gaps, the same through the slices of a cell; 0 where there is no
        tissue, and on membranes without ``fill_membranes``.

    Raises
    ------
    ShapeError
        If it is no volume, or its values are no probability.
    SettingError
        If a setting is unknown or out of range.
    CancelledError
        If stopped.

    References
    ----------
    Beier et al. 2017, https://doi.org/10.1038/nmeth.4151; Bailoni et al. 2022,
    https://doi.org/10.1109/CVPR52688.2022.01135

    Examples
    --------
    >>> import napari_emseg as em
    >>> _, truth = em.phantom()
    >>> cells = em.cells(truth)
    >>> cells.shape, cells.data.dtype
    ((8, 512, 512), dtype('uint32'))
    """
    from napari_emseg.core.cells3d.graph import learned_scale
    from napari_emseg.engine.cells.volume import AsProbability, solve_volume
    from napari_emseg.model.packages.edges import read_edges

    rules, config = _settings(threshold, least_slices, settings)
    stack, edges = as_stack(probability, voxel_size_nm), read_edges(load_model(model))
    source = AsProbability(stack.data, learned_scale(stack.voxel_size_nm))
    solved = solve_volume(
        source, np.empty(stack.shape, np.int32), edges, rules=rules, config=config,
        voxel_size_nm=stack.voxel_size_nm, on_slice=on_slice, should_stop=should_stop,
    )  # fmt: skip
    data = np.stack([solved.cells[z] for z in range(len(stack))])
    return stack.with_data(data, name=f"{stack.name} cells", kind="labels")


def cells_file(
    source: AnyPath,
    out: AnyPath,
    *,
    model: AnyModel = DEFAULT,
    threshold: float = 0.5,
    least_slices: int = 1,
    voxel_size_nm: VoxelSize | None = None,
    overwrite: bool = False,
    resume: bool = False,
    client: Any = None,
    on_event: OnEvent = lambda _: None,
    should_stop: ShouldStop = lambda: False,
    **settings: Any,
) -> CellsResult:
    """The same from file to file, in bounded memory; ``napari-emseg cells`` does this.

    Parameters
    ----------
    source : path
        What `read_stack` reads.
    out : path
        What `write_stack` writes.
    model, threshold, least_slices, voxel_size_nm, should_stop, **settings
        As `cells` takes them.
    overwrite : bool
        Whether an existing output may be replaced.
    resume : bool
        In blocks: go on where a run into the same output was stopped. Of one that is finished,
        with other settings of what is merged, the graph that it has left is solved again.
    client : distributed.Client, optional
        Do it in blocks, by the workers of this cluster of Dask. So it is done with the settings of
        `BlocksConfig` as well, such as ``workers=2``, and where ``out`` is an address; it is
        OME-Zarr then.
    on_event : callable
        Receives a `Log` for what was found of the source, and `Progress`.

    Returns
    -------
    CellsResult
        How many cells of how many fragments, in what time; without a count where other parts are
        missing.

    Raises
    ------
    EmsegError
        As `cells`, `read_stack` and `write_stack`.

    Examples
    --------
    >>> import napari_emseg as em
    >>> from napari_emseg.io.samples import phantom_path
    >>> _ = em.segment_file(phantom_path(), "p.tif", output="probability", slices=[0, 1])
    >>> made = em.cells_file("p.tif", "cells.tif")
    >>> int(em.read_stack("cells.tif").data.max()) == made.cells.cells
    True
    """
    from napari_emseg.engine.run import run

    rules, config = _settings(threshold, least_slices, settings, BlocksConfig)
    shared = BlocksConfig().changed(settings)
    job = CellsJob(
        Path(source), str(out), str(load_model(model).folder), rules, config, voxel_size_nm,
        overwrite, resume,
    )  # fmt: skip
    if is_in_blocks(shared, client, out):
        from napari_emseg.engine.cells.run_blocks import cells_in_blocks
        from napari_emseg.engine.distributed.runners import do_in_blocks

        return do_in_blocks(cells_in_blocks, job, shared, client, "cpu", on_event, should_stop)
    made: CellsResult = run(job, on_event, should_stop)
    return made


def _settings(
    threshold: float, least_slices: int, settings: dict[str, Any], *more: type[Config]
) -> tuple[MaskConfig, CellsConfig]:
    require_known(settings, CellsConfig, *more)
    rules = MaskConfig(threshold=threshold, least_slices=least_slices)
    return rules, CellsConfig().changed(settings)
