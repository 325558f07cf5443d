"""Cells measured slice by slice: `measure_cells` gives a row a cell, a profile, a slice, a pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cell_ids import require_ids
from napari_emseg.core.config.measurement import MeasureConfig
from napari_emseg.core.measure.bodies import cell_table, contact_table
from napari_emseg.core.measure.measuring import Measuring, has_thickness
from napari_emseg.core.measure.parts import part_columns
from napari_emseg.core.measure.profiles import slice_table
from napari_emseg.core.measure.table import Table, Units
from napari_emseg.errors import LabelsError, ShapeError
from napari_emseg.types import ArrayLike, VoxelSize

_WAY_OUT = "make cells of it first, or measure its sections one by one"


@dataclass(frozen=True, eq=False)
class Measures:
    """What was measured, as tables; see ``docs/measure.md`` for the columns.

    Parameters
    ----------
    cells : Table or None
        A row a cell of the volume; None for single sections.
    profiles : Table
        A row a cell in a slice.
    slices : Table
        A row a slice.
    contacts : Table or None
        A row for two cells that touch; None for single sections.
    parts : Table or None
        A row a part of a cell, such as a mitochondrion; None without classes.
    notes : tuple of str
        What a person should know of it, a sentence each.
    of_mask : bool
        Whether each piece of a section that holds together was measured as a cell.
    """

    cells: Table | None
    profiles: Table
    slices: Table
    contacts: Table | None
    parts: Table | None
    notes: tuple[str, ...]
    of_mask: bool = False


def measure_cells(
    cells: ArrayLike,
    *,
    voxel_size_nm: VoxelSize | None = None,
    image: ArrayLike | None = None,
    classes: ArrayLike | None = None,
    sections: bool = False,
    config: MeasureConfig | None = None,
    on_slice: Callable[[int, int], object] | None = None,
) -> Measures:
    """Measure cells; memory holds some slices and the tables.

    Parameters
    ----------
    cells : (Z, Y, X) integer array
        Ids through the volume, 0 where there is no cell; numpy or lazy. With ``sections`` a mask
        will do, of which each 4-connected piece is a cell.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm; without them all is in px, as if voxels were cubes.
    image : (Z, Y, X) array, optional
        Grey values, for their mean in each cell.
    classes : (Z, Y, X) array, optional
        1 membrane, 2 cell, 3 and more parts of cells, such as mitochondria.
    sections : bool
        The slices are single sections and no volume: every slice is measured for itself.
    config : MeasureConfig, optional
        What is a membrane.
    on_slice : callable, optional
        Called as ``on_slice(done, total)`` after every slice; may raise to stop.

    Returns
    -------
    Measures

    Raises
    ------
    LabelsError
        ``cells`` is a probability, a mask of a volume, or 0 everywhere.
    ShapeError
        Another shape of image or classes, or no three axes.
    """
    config, units = config or MeasureConfig(), Units.of(voxel_size_nm)
    check_cells(cells, image, classes, sections=sections)
    alone = sections or cells.shape[0] == 1
    job = Measuring(cells, config, units, image=image, classes=classes, sections=alone)
    for done in job.run():
        if on_slice is not None:
            on_slice(done, cells.shape[0])
    return _tables(job, alone, config, units)


def _tables(job: Measuring, sections: bool, config: MeasureConfig, units: Units) -> Measures:
    """The tables of what was added up."""
    ids, profiles = job.ids(), job.profiles()
    require_some(ids[1:])
    rows = profiles.table(ids, units)
    parts = None if job.parts is None else job.parts.table(ids, units)
    cells = joint = None
    if not sections:
        sums = job.sums()
        joint = contact_table(sums, units)
        cells = cell_table(sums, job.shape[0], units, thickness=has_thickness(config, units))
        if parts is not None:
            more = part_columns(parts, cells["id"], cells["voxels"])
            cells = Table(cells.columns | more)
    notes = notes_on(config, units, of_mask=job.of_mask, sections=sections)
    slices = slice_table(rows, job.shape, units)
    return Measures(cells, rows, slices, joint, parts, notes, job.of_mask)


def notes_on(
    config: MeasureConfig, units: Units, *, of_mask: bool = False, sections: bool = False
) -> tuple[str, ...]:
    """What a person should know of what is measured so, a sentence each."""
    notes = []
    if not units.known:
        notes.append(
            "The voxel size is not known: all is in px, as if voxels were cubes; give it, such as "
            "50 x 4 x 4 nm."
        )
    if of_mask:
        notes.append("A mask: each piece of a section that holds together is measured as a cell.")
    if config.thickness and not (has_thickness(config, units) or sections):
        notes.append("Pixels are not square: the thickness of membranes is not measured.")
    return tuple(notes)


def require_some(ids: npt.NDArray[np.int64]) -> None:
    """Raise `LabelsError` where there is no cell."""
    if not ids.size:
        raise LabelsError("cells: expected ids above 0, received a stack without any cell")


def check_cells(
    cells: ArrayLike,
    image: ArrayLike | None = None,
    classes: ArrayLike | None = None,
    *,
    sections: bool = False,
) -> None:
    """Raise what `measure_cells` does unless these can be measured."""
    if len(cells.shape) != 3 or 0 in cells.shape:
        raise ShapeError(
            f"cells: expected axes (Z, Y, X) of one pixel or more, received {tuple(cells.shape)}"
        )
    if not (sections and cells.dtype.kind in "biu"):
        require_ids(cells, "cells", way_out=_WAY_OUT, sections=True)
    named: dict[str, Any] = {"image": image, "classes": classes}
    for name, other in named.items():
        if other is not None and tuple(other.shape) != tuple(cells.shape):
            raise ShapeError(
                f"{name}: expected the shape of the cells {tuple(cells.shape)}, received "
                f"{tuple(other.shape)}"
            )
