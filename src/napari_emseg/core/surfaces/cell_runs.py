"""Cells of a volume as runs along x: read once, slice by slice, and painted one by one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cell_ids import ids_of_slice
from napari_emseg.core.label_runs import LabelRuns
from napari_emseg.types import ArrayLike

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""First and last slice, row and column."""

Rims = tuple[tuple[bool, bool], tuple[bool, bool], tuple[bool, bool]]
"""Along (Z, Y, X), whether the volume ends where a box begins, and where it ends."""


class _SliceRuns(NamedTuple):
    """Runs of a slice, ordered by cell."""

    ids: npt.NDArray[np.int64]
    """Of the cells (C,) in it, ascending."""
    begins: npt.NDArray[np.int64]
    """Where the runs of each begin, and at last their number: (C + 1,)."""
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int32]

    def of(self, cell: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Starts and lengths of one cell's runs."""
        k = int(np.searchsorted(self.ids, cell))
        chosen = slice(int(self.begins[k]), int(self.begins[k + 1]))
        return self.starts[chosen], self.lengths[chosen]


class CellRuns:
    """Where each cell of a volume lies; takes 12 bytes for each run of pixels along x.

    Parameters
    ----------
    cells : (Z, Y, X) integer array
        Ids, 0 where there is no cell; numpy or lazy, each slice is read once.
    ids : collection of int, optional
        The cells that are wanted; all where not given.
    on_slice : callable, optional
        Called as ``on_slice(done, total)`` after every slice; may raise to stop.

    Attributes
    ----------
    shape : tuple of int
        Of the volume (Z, Y, X).
    voxels : dict of int to int
        Number of voxels of each cell, by ascending id.
    """

    def __init__(
        self,
        cells: ArrayLike,
        ids: Collection[int] | None = None,
        *,
        on_slice: Callable[[int, int], object] | None = None,
    ) -> None:
        self.shape = depth, _, self._width = tuple(map(int, cells.shape))
        wanted = None if ids is None else np.array(sorted(ids), np.int64)
        self._slices: list[_SliceRuns] = []
        self._slices_of: dict[int, list[int]] = {}
        voxels: dict[int, int] = {}
        for z in range(depth):
            runs = _runs_by_cell(ids_of_slice(cells, z), wanted)
            self._slices.append(runs)
            counts = np.add.reduceat(runs.lengths, runs.begins[:-1], dtype=np.int64)
            for cell, count in zip(runs.ids.tolist(), counts.tolist(), strict=True):
                self._slices_of.setdefault(cell, []).append(z)
                voxels[cell] = voxels.get(cell, 0) + count
            if on_slice is not None:
                on_slice(z + 1, depth)
        self.voxels = dict(sorted(voxels.items()))

    def slices_of(self, cell: int) -> list[int]:
        """The slices in which a cell is seen, ascending."""
        return self._slices_of[cell]

    def box(self, cell: int, slices: Sequence[int] | None = None) -> Box:
        """Bounding box of a cell, or of what these slices of it show."""
        slices = slices or self._slices_of[cell]
        y, x, n = (
            np.concatenate(each)
            for each in zip(*(self._places(cell, z) for z in slices), strict=True)
        )
        rows, columns = (int(y.min()), int(y.max())), (int(x.min()), int((x + n).max()) - 1)
        return (slices[0], slices[-1]), rows, columns

    def rims(self, box: Box) -> Rims:
        """Whether the volume ends where a box begins, and where it ends, along (Z, Y, X)."""
        z, y, x = (
            (first == 0, last == length - 1)
            for (first, last), length in zip(box, self.shape, strict=True)
        )
        return z, y, x

    def mask(self, cell: int, z: int, box: Box) -> npt.NDArray[np.bool_]:
        """Where a cell is in a slice, within its box (Y, X)."""
        (_, (y_first, y_last), (x_first, x_last)) = box
        mask = np.zeros((y_last - y_first + 1, x_last - x_first + 1), bool)
        if cell in self._slices[z].ids:
            y, x, n = self._places(cell, z)
            first = (y - y_first) * mask.shape[1] + x - x_first
            # each run counts on from its first pixel
            mask.ravel()[np.repeat(first - np.cumsum(n) + n, n) + np.arange(n.sum())] = True
        return mask

    def _places(self, cell: int, z: int) -> tuple[npt.NDArray[Any], ...]:
        """Row, first column and length of each run of a cell in a slice."""
        starts, lengths = self._slices[z].of(cell)
        return (*np.divmod(starts, self._width), lengths)


def _runs_by_cell(ids: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64] | None) -> _SliceRuns:
    runs = LabelRuns.of(ids)
    is_cell = runs.values[0] > 0
    runs = runs.where(is_cell if wanted is None else is_cell & np.isin(runs.values[0], wanted))
    order = np.argsort(runs.values[0], kind="stable")
    found, begins = np.unique(runs.values[0][order], return_index=True)
    return _SliceRuns(
        found, np.append(begins, len(order)), runs.starts[order],
        runs.lengths[order].astype(np.int32),
    )  # fmt: skip
