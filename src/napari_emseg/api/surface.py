"""The surface of a cell."""

from __future__ import annotations

from typing import Any

from napari_emseg.api.arrays import as_stack
from napari_emseg.core.cell_ids import require_ids
from napari_emseg.core.config.export import SurfaceConfig
from napari_emseg.core.config.setting import require_known
from napari_emseg.core.surfaces.surface import Surface
from napari_emseg.core.surfaces.surfaces import surface_of_cell
from napari_emseg.types import ArrayLike, Stack, VoxelSize


def surface(
    cells: Stack | ArrayLike, cell: int, *, voxel_size_nm: VoxelSize | None = None, **settings: Any
) -> Surface:
    """Closed, smoothed surface of one cell.

    Parameters
    ----------
    cells : Stack, or (Z, Y, X) or (Y, X) array
        Ids of cells, any integer dtype; numpy or lazy.
    cell : int
        Id of the cell.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm, where ``cells`` does not know them.
    **settings
        Of `SurfaceConfig`, by name.

    Returns
    -------
    Surface
        Vertices (x, y, z) in nm, or in px where the voxel size is not known; faces; volume; area.

    Raises
    ------
    LabelsError
        If ``cells`` is a probability or a mask, or has no such cell.
    SettingError
        If a setting is unknown or out of range, or the voxel size is not three positive numbers.

    Examples
    --------
    >>> import numpy as np
    >>> import napari_emseg as em
    >>> cells = np.zeros((12, 60, 60), int)
    >>> cells[1:11, 5:55, 5:55] = 7
    >>> box = em.surface(cells, 7, voxel_size_nm=(40, 8, 8))
    >>> box.vertices.shape[1], box.faces.shape[1], round(box.volume / (400 * 400 * 400), 1)
    (3, 3, 1.0)
    """
    require_known(settings, SurfaceConfig)
    stack = as_stack(cells, voxel_size_nm, kind="labels")
    require_ids(stack.data, "cells", way_out="make cells of it first")
    return surface_of_cell(
        stack.data, cell, voxel_size_nm=stack.voxel_size_nm, config=SurfaceConfig(**settings)
    )
