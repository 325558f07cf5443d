"""One pass over the slices of a volume, or of a block of it, that adds up what cells are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from napari_emseg.core.blocks.plan import Block, Blocks
from napari_emseg.core.blocks.window import Window
from napari_emseg.core.cell_ids import ids_of_slice, is_mask
from napari_emseg.core.config.measurement import MeasureConfig
from napari_emseg.core.label_images import cell_components
from napari_emseg.core.label_runs import LabelRuns
from napari_emseg.core.measure.boundaries import Amounts, contacts, surfaces, total
from napari_emseg.core.measure.boundary_weights import SurfaceRule
from napari_emseg.core.measure.cell_sums import CellSums
from napari_emseg.core.measure.membranes import Grown, grown_along_z, thickness_sums
from napari_emseg.core.measure.parts import PartCounter
from napari_emseg.core.measure.profiles import Profiles
from napari_emseg.core.measure.table import Units
from napari_emseg.types import ArrayLike, Zyx

Cells = npt.NDArray[np.int64]


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


class Measuring:
    """Measures a volume, or a block of it; memory holds some slices and the sums.

    Parameters
    ----------
    cells : (Z, Y, X) integer array
        Ids: of the volume, or of what ``block`` sees of it.
    config : MeasureConfig
        What is a membrane.
    units : Units
        Voxel size.
    image, classes : (Z, Y, X) array, optional
        Of the same voxels; see `measures.measure_cells`.
    sections : bool
        Every slice for itself.
    block : Block, optional
        What is measured, and what is seen for that: see `seen_beside`.
    shape : (int, int, int), optional
        Of the volume, with a block.
    """

    def __init__(
        self,
        cells: ArrayLike,
        config: MeasureConfig,
        units: Units,
        *,
        image: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        sections: bool = False,
        block: Block | None = None,
        shape: Zyx | None = None,
    ) -> None:
        self.shape: Zyx = shape or (cells.shape[0], cells.shape[1], cells.shape[2])
        self.block = block or Blocks(self.shape, self.shape)[0]
        self._own = range(self.block.inner[0].start, self.block.inner[0].stop)
        self.of_mask = sections and is_mask(cells)
        self._cells, self._image, self._sections = cells, image, sections
        self._classes, self.parts = classes, None if classes is None else PartCounter()
        self._config, self._units = config, units
        self._rule, self._widest_z = SurfaceRule.of(units.edges), widest_along_z(config, units)
        self._window = Window.of(self.block, self.shape)
        self._numbering = _Numbering()
        self._profiles: list[Profiles] = []
        self._surfaces: list[Amounts] = []
        self._contacts: list[Amounts] = []
        self._thickness: list[Amounts] = []
        self._lines: list[Amounts] = []

    def run(self) -> Iterator[int]:
        """Measure; yields how many slices are done."""
        seen = self.block.outer[0]
        if self._sections:
            for done, z in enumerate(range(seen.start, seen.stop), 1):
                self._take(z)
                yield done
            return
        below: Cells | None = None
        slices = grown_along_z(self._grown(), self._widest_z)
        for done, above in enumerate(slices, 1):
            if below is not None and self._has(seen.start + done - 2):
                self._contacts.append(contacts(below, above, self._rule, self._window))
            below = above
            yield done
        if below is not None and self._is_last:
            # half a section below the first middle, and half above the last
            self._contacts.append(contacts(below, below, self._rule, self._window))

    def ids(self) -> Cells:
        """The id of each number, 0 first."""
        return self._numbering.ids()

    def profiles(self) -> Profiles:
        """Those of all slices, by number of the cell."""
        return Profiles.joined(self._profiles)

    def sums(self) -> CellSums:
        """What was added up."""
        return CellSums.of(
            self.profiles(), self.ids(), total(self._surfaces), total(self._thickness),
            total(self._lines), total(self._contacts, width=2),
        )  # fmt: skip

    def _grown(self) -> Iterator[Cells]:
        """Take the slices, and give them with cells grown until they meet."""
        widest, seen = self._config.widest_membrane_px, self.block.outer[0]
        below: Cells | None = None
        for z in range(seen.start, seen.stop):
            above = self._take(z)
            if below is not None and self._has(z - 1):
                self._surfaces.append(surfaces(below, above, self._rule, self._window))
            below, grown = above, Grown.of(above, widest)
            if self._has(z) and has_thickness(self._config, self._units) and above.any():
                sums, counts = thickness_sums(grown, widest, self._window)
                self._thickness.append(sums)
                self._lines.append(counts)
            yield grown.cells
        if below is not None and self._is_last:
            self._surfaces.append(surfaces(below, below, self._rule, self._window))

    def _has(self, z: int) -> bool:
        """Whether a slice is measured, and what lies between it and the next one."""
        return z in self._own

    @property
    def _is_last(self) -> bool:
        return self._own.stop == self.shape[0]

    def _take(self, z: int) -> Cells:
        """Measure what a slice tells alone."""
        k = z - self.block.outer[0].start
        numbers = self._numbering.number(self._apart(ids_of_slice(self._cells, k)))
        if self._has(z):
            image = None if self._image is None else np.asarray(self._image[k])
            self._profiles.append(Profiles.of_slice(z, numbers, self._units, image, self._window))
        if self.parts is not None and self._classes is not None:
            self.parts.add(z, numbers, np.asarray(self._classes[k]))
        return numbers

    def _apart(self, ids: Cells) -> Cells:
        """Ids of a slice; those of a mask go on counting from slice to slice."""
        if not self.of_mask:
            return ids
        pieces = cell_components(ids).astype(np.int64)
        above = int(self._numbering.ids().max(initial=0))
        return np.where(pieces > 0, pieces + above, 0)


def has_thickness(config: MeasureConfig, units: Units) -> bool:
    """Whether the thickness of membranes is measured."""
    return config.thickness and units.edges[1] == units.edges[2]


def widest_along_z(config: MeasureConfig, units: Units) -> int:
    """Gaps of so many slices are closed between cells above and below."""
    depth, height, _ = units.edges
    return int(config.widest_membrane_px * height / depth)


def seen_beside(config: MeasureConfig, units: Units) -> Zyx:
    """How many voxels (Z, Y, X) beside a block must be seen to measure it.

    What is grown over membranes, and where their middle lines lie, follows from cells twice as far
    away as membranes are wide; lines are thinned from as far again.
    """
    far_y, far_x = SurfaceRule.of(units.edges).reach
    around = 4 * config.widest_membrane_px + 8
    return widest_along_z(config, units) + 1, around + far_y, around + far_x
