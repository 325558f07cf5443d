"""Surfaces of cells: `surface_of_cell` gives that of one, `surfaces_of` those of many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from napari_emseg.core.config.export import SurfaceConfig
from napari_emseg.core.surfaces.cell_runs import CellRuns
from napari_emseg.core.surfaces.marching import march
from napari_emseg.core.surfaces.smoothing import smoothed
from napari_emseg.core.surfaces.surface import Surface
from napari_emseg.errors import LabelsError
from napari_emseg.types import ArrayLike, VoxelSize

CUBES: VoxelSize = (1.0, 1.0, 1.0)
"""Edge lengths where nobody knows them."""


def surface_of_cell(
    cells: ArrayLike,
    cell: int,
    *,
    voxel_size_nm: VoxelSize | None = None,
    config: SurfaceConfig | None = None,
    on_slice: Callable[[int, int], object] | None = None,
) -> Surface:
    """Closed surface of one cell; where the volume ends, it is closed flat.

    Parameters
    ----------
    cells : (Z, Y, X) integer array
        Ids through the volume, 0 where there is no cell; numpy or lazy.
    cell : int
        Its id.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm; without them all is in px, as if voxels were cubes.
    config : SurfaceConfig, optional
        How smooth.
    on_slice : callable, optional
        Called as ``on_slice(done, total)`` after every slice; may raise to stop.

    Raises
    ------
    LabelsError
        If there is no such cell.
    """
    runs = CellRuns(cells, [cell], on_slice=on_slice)
    require_cells(runs, [cell])
    return next(surfaces_of(runs, [cell], voxel_size_nm=voxel_size_nm, config=config))[1]


def require_cells(runs: CellRuns, ids: Iterable[int]) -> None:
    """Raise `LabelsError` where one of ``ids`` is no cell."""
    if missing := sorted(set(ids) - set(runs.voxels)):
        listed = ", ".join(map(str, missing[:10])) + (", ..." if len(missing) > 10 else "")
        raise LabelsError(
            f"ids: expected cells of the volume, received {listed}, which it has not got; the id "
            "of a cell is shown beneath the canvas where the mouse is over it"
        )


def surfaces_of(
    runs: CellRuns,
    ids: Iterable[int],
    *,
    voxel_size_nm: VoxelSize | None = None,
    config: SurfaceConfig | None = None,
) -> Iterator[tuple[int, Surface]]:
    """Id and surface of each cell, one after the other; memory holds one of them."""
    config, voxel = config or SurfaceConfig(), voxel_size_nm or CUBES
    for cell in ids:
        yield cell, _surface(runs, cell, voxel, config)


def _surface(runs: CellRuns, cell: int, voxel: VoxelSize, config: SurfaceConfig) -> Surface:
    box = runs.box(cell)
    masks = (runs.mask(cell, z, box) for z in range(box[0][0], box[0][1] + 1))
    vertices, faces = march(masks, voxel, runs.rims(box))
    places = (vertices + np.array([first for first, _ in box], np.float64)) * np.array(voxel)
    smooth = smoothed(places, faces, config.smooth)
    return Surface(smooth[:, ::-1].astype(np.float32), faces)
