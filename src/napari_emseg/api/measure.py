"""Cells measured."""

from __future__ import annotations

from typing import Any

from napari_emseg.api.arrays import OnSlice, as_stack
from napari_emseg.core.config.measurement import MeasureConfig
from napari_emseg.core.config.setting import require_known
from napari_emseg.core.measure.measures import Measures, measure_cells
from napari_emseg.errors import CancelledError
from napari_emseg.types import ArrayLike, ShouldStop, Stack, VoxelSize


def measure(
    cells: Stack | ArrayLike,
    *,
    image: Stack | ArrayLike | None = None,
    classes: Stack | ArrayLike | None = None,
    sections: bool = False,
    voxel_size_nm: VoxelSize | None = None,
    on_slice: OnSlice | None = None,
    should_stop: ShouldStop = lambda: False,
    **settings: Any,
) -> Measures:
    """Measure cells: size, surface, shape, contacts, what is in them; slice by slice.

    Parameters
    ----------
    cells : Stack, or (Z, Y, X) or (Y, X) array
        Ids of cells, any integer dtype; numpy or lazy. With ``sections`` a mask will do.
    image : Stack or array, optional
        Grey values, for their mean in each cell.
    classes : Stack or array, optional
        1 membrane, 2 cell, 3 and more parts of cells, as ``segment(..., output="classes")`` gives.
    sections : bool
        The slices are single sections and no volume: no row a cell, a row a profile.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm, where ``cells`` does not know them.
    on_slice : callable, optional
        Called as ``on_slice(done, total)`` after every slice.
    should_stop : callable
        Looked at after every slice.
    **settings
        Of `MeasureConfig`, by name.

    Returns
    -------
    Measures
        Tables whose columns carry their unit in their name; ``dict`` of arrays in ``columns``.

    Raises
    ------
    LabelsError
        If ``cells`` is a probability, a mask of a volume, or 0 everywhere.
    ShapeError
        If image or classes have another shape.
    SettingError
        If a setting is unknown or out of range, or the voxel size is not three positive numbers.
    CancelledError
        If stopped.

    Examples
    --------
    >>> import numpy as np
    >>> import napari_emseg as em
    >>> cells = np.zeros((6, 20, 20), int)
    >>> cells[1:5, 2:12, 2:12] = 7
    >>> table = em.measure(cells, voxel_size_nm=(50, 10, 10)).cells
    >>> table["id"], table["volume_um3"]
    (array([7]), array([0.002]))
    """

    def advance(done: int, total: int) -> None:
        if on_slice is not None:
            on_slice(done, total)
        if should_stop() and done < total:
            raise CancelledError(f"Stopped after {done} of {total} slices.")

    require_known(settings, MeasureConfig)
    stack = as_stack(cells, voxel_size_nm, kind="labels")
    return measure_cells(
        stack.data, voxel_size_nm=stack.voxel_size_nm, sections=sections,
        image=None if image is None else as_stack(image).data,
        classes=None if classes is None else as_stack(classes, kind="labels").data,
        config=MeasureConfig(**settings), on_slice=advance,
    )  # fmt: skip
