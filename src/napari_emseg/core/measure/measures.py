"""Cells measured slice by slice: `measure_cells` gives a row a cell, a profile, a slice, a pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cell_ids import ids_of_slice, is_mask, require_ids
from napari_emseg.core.config.measurement import MeasureConfig
from napari_emseg.core.label_images import cell_components
from napari_emseg.core.label_runs import LabelRuns
from napari_emseg.core.measure.bodies import body_columns
from napari_emseg.core.measure.boundaries import Amounts, contacts, surfaces, total
from napari_emseg.core.measure.boundary_weights import SurfaceRule
from napari_emseg.core.measure.membranes import Grown, grown_along_z, thickness_sums
from napari_emseg.core.measure.parts import PartCounter, part_columns
from napari_emseg.core.measure.profiles import Profiles, slice_table
from napari_emseg.core.measure.table import Table, Units, divided
from napari_emseg.errors import LabelsError, ShapeError
from napari_emseg.types import ArrayLike, VoxelSize

Cells = npt.NDArray[np.int64]

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


class _Numbering:
    """Numbers cells 1, 2, ... in the order in which they are met."""

    def __init__(self) -> None:
        self._number_of: dict[int, int] = {0: 0}

    def number(self, ids: Cells) -> Cells:
        """Numbers in place of ids (Y, X)."""
        runs = LabelRuns.of(ids)
        found, row = np.unique(runs.values[0], return_inverse=True)
        known = self._number_of
        numbers = [known.setdefault(each, len(known)) for each in found.tolist()]
        painted: Cells = runs.paint(np.array(numbers, np.int64)[row])
        return painted

    def ids(self) -> Cells:
        """The id of each number, 0 first."""
        return np.fromiter(self._number_of, np.int64)


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
    _check(cells, image, classes, sections=sections)
    job = _Measuring(cells, image, classes, sections or cells.shape[0] == 1, config, units)
    for done in job.run():
        if on_slice is not None:
            on_slice(done, cells.shape[0])
    return job.measures()


class _Measuring:
    """One pass over the slices, and what it has added up so far."""

    def __init__(
        self, cells: ArrayLike, image: ArrayLike | None, classes: ArrayLike | None,
        sections: bool, config: MeasureConfig, units: Units,
    ) -> None:  # fmt: skip
        self._cells, self._image, self._classes = cells, image, classes
        self._sections, self._config, self._units = sections, config, units
        self._rule = SurfaceRule.of(units.edges)
        self._numbering, self._mask = _Numbering(), sections and is_mask(cells)
        self._square = units.edges[1] == units.edges[2]
        self._profiles: list[Profiles] = []
        self._surfaces: list[Amounts] = []
        self._contacts: list[Amounts] = []
        self._thickness: list[Amounts] = []
        self._lines: list[Amounts] = []
        self._parts = None if classes is None else PartCounter()

    def run(self) -> Iterator[int]:
        """Measure; yields how many slices are done."""
        if self._sections:
            for z in range(self._cells.shape[0]):
                self._take(z)
                yield z + 1
            return
        depth, height, _ = self._units.edges
        widest = int(self._config.widest_membrane_px * height / depth)
        before: Cells | None = None
        for done, grown in enumerate(grown_along_z(self._grown(), widest), 1):
            if before is not None:
                self._contacts.append(contacts(before, grown, self._rule))
            before = grown
            yield done
        if before is not None:  # half a section below the first middle, and half above the last
            self._contacts.append(contacts(before, before, self._rule))

    def _grown(self) -> Iterator[Cells]:
        """Take the slices, and give them with cells grown until they meet."""
        widest = self._config.widest_membrane_px
        before: Cells | None = None
        for z in range(self._cells.shape[0]):
            numbers = self._take(z)
            if before is not None:
                self._surfaces.append(surfaces(before, numbers, self._rule))
            before, grown = numbers, Grown.of(numbers, widest)
            if self._config.thickness and self._square and numbers.any():
                sums, counts = thickness_sums(grown, widest)
                self._thickness.append(sums)
                self._lines.append(counts)
            yield grown.cells
        if before is not None:
            self._surfaces.append(surfaces(before, before, self._rule))

    def _take(self, z: int) -> Cells:
        """Measure what a slice tells alone."""
        ids = ids_of_slice(self._cells, z)
        numbers = self._numbering.number(self._apart(ids))
        image = None if self._image is None else np.asarray(self._image[z])
        self._profiles.append(Profiles.of_slice(z, numbers, self._units, image))
        if self._parts is not None and self._classes is not None:
            self._parts.add(z, numbers, np.asarray(self._classes[z]))
        return numbers

    def _apart(self, ids: Cells) -> Cells:
        """Ids of a slice; those of a mask go on counting from slice to slice."""
        if not self._mask:
            return ids
        pieces = cell_components(ids).astype(np.int64)
        above = int(self._numbering.ids().max(initial=0))
        return np.where(pieces > 0, pieces + above, 0)

    def measures(self) -> Measures:
        """The tables of what was added up."""
        ids, units = self._numbering.ids(), self._units
        if ids.size == 1:
            raise LabelsError("cells: expected ids above 0, received a stack without any cell")
        profiles = Profiles.joined(self._profiles)
        rows = profiles.table(ids, units)
        shape = tuple(self._cells.shape)
        parts = None if self._parts is None else self._parts.table(ids, units)
        joint = None if self._sections else total(self._contacts, width=2)
        return Measures(
            cells=None if joint is None else self._cell_table(profiles, ids, joint, parts),
            profiles=rows,
            slices=slice_table(rows, shape, units),
            contacts=None if joint is None else _contact_table(joint, ids, units),
            parts=parts,
            notes=tuple(self._notes()),
            of_mask=self._mask,
        )

    def _cell_table(
        self, profiles: Profiles, ids: Cells, joint: Amounts, parts: Table | None
    ) -> Table:
        count, units = ids.size - 1, self._units
        bodies = body_columns(profiles, count, self._cells.shape[0] - 1, units)
        surface = _spread(total(self._surfaces), count)
        sides = Amounts(joint.whose.T.ravel(), np.tile(joint.amount, 2))
        neighbours = np.bincount(sides.whose, minlength=count + 1)[1:]
        columns = {
            **bodies,
            **units.area("surface", surface),
            "neighbours": neighbours,
            **units.area("contact_area", _spread(total([sides]), count)),
        }
        if self._thickness:
            mean = divided(
                _spread(total(self._thickness), count), _spread(total(self._lines), count)
            )
            columns |= units.length("membrane_thickness", mean * units.edges[1])
        order = np.argsort(ids[1:])
        ordered = {"id": ids[1:][order], **{name: each[order] for name, each in columns.items()}}
        more = {} if parts is None else part_columns(parts, ordered["id"], ordered["voxels"])
        return Table(ordered | more)

    def _notes(self) -> Iterator[str]:
        if not self._units.known:
            yield (
                "The voxel size is not known: all is in px, as if voxels were cubes; give it, "
                "such as 50 x 4 x 4 nm."
            )
        if self._mask:
            yield "A mask: each piece of a section that holds together is measured as a cell."
        if not (self._square or self._sections) and self._config.thickness:
            yield "Pixels are not square: the thickness of membranes is not measured."


def _contact_table(joint: Amounts, ids: Cells, units: Units) -> Table:
    pairs = np.sort(ids[joint.whose.reshape(-1, 2)], axis=1)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return Table({
        "id": pairs[order, 0],
        "neighbour": pairs[order, 1],
        **units.area("contact_area", joint.amount[order]),
    })  # fmt: skip


def _spread(sums: Amounts, count: int) -> npt.NDArray[np.float64]:
    """Amounts of cells 1 to ``count``, 0 where there is none."""
    out = np.zeros(count + 1)
    out[sums.whose.ravel()] = sums.amount
    return out[1:]


def _check(
    cells: ArrayLike, image: ArrayLike | None, classes: ArrayLike | None, *, sections: bool
) -> None:
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
