"""Parts of cells, such as mitochondria: joined through the slices and given to their cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from skimage.measure import label

from napari_emseg.core.label_runs import LabelRuns, sums_by
from napari_emseg.core.measure.table import Table, Units

FIRST_CLASS = 3
"""The first class, by the numbers of scribbles, that is a part of cells; see `core.classes`."""


class PartCounter:
    """Joins the parts of a class map slice by slice, in memory for two slices and a table.

    Parts are 6-connected pixels of one class in one cell.
    """

    def __init__(self) -> None:
        self._before: npt.NDArray[np.int64] | None = None
        self._rows: list[npt.NDArray[np.float64]] = []
        self._joints: list[npt.NDArray[np.int64]] = []
        self._count = 0

    def add(self, z: int, cells: npt.NDArray[np.int64], classes: npt.NDArray[Any]) -> None:
        """Take a slice: numbers of cells and classes, each (Y, X)."""
        within = np.where(cells > 0, classes.astype(np.int64), 0)
        keys = np.where(within >= FIRST_CLASS, cells * 256 + within, 0)
        pieces = label(keys, background=0, connectivity=1).astype(np.int64)
        pieces[pieces > 0] += self._count
        runs = LabelRuns.of(pieces)
        runs = runs.where(runs.values[0] > 0)
        found, first, row = np.unique(runs.values[0], return_index=True, return_inverse=True)
        y, x = np.divmod(runs.starts, cells.shape[1])
        size = runs.lengths.astype(np.float64)
        whole = np.zeros(found.size)
        key = keys.ravel()[runs.starts[first]] if found.size else whole
        sums = [
            np.bincount(row, each, minlength=found.size)
            for each in (size, y * size, size * (x + (size - 1) / 2))
        ]
        self._rows.append(np.stack([key, whole + z, *sums], axis=1))
        if self._before is not None:
            self._join(keys, pieces)
        self._before, self._keys_before = pieces, keys
        self._count += found.size

    def _join(self, keys: npt.NDArray[np.int64], pieces: npt.NDArray[np.int64]) -> None:
        assert self._before is not None
        same = (keys > 0) & (keys == self._keys_before)
        pairs = LabelRuns.of(np.where(same, pieces, 0), np.where(same, self._before, 0))
        both = np.stack(pairs.values, axis=1)
        self._joints.append(np.unique(both[both[:, 0] > 0], axis=0))

    def table(self, ids: npt.NDArray[np.int64], units: Units) -> Table:
        """A row a part: its number, cell, class, voxels, volume, slices and centroid."""
        rows = np.concatenate([*self._rows, np.zeros((0, 5))])
        joints = np.concatenate([*self._joints, np.zeros((0, 2), np.int64)]) - 1
        graph = sparse.coo_array(
            (np.ones(len(joints), bool), (joints[:, 0], joints[:, 1])), shape=(len(rows),) * 2
        )
        count, number = sparse.csgraph.connected_components(graph, directed=False)
        _, first = np.unique(number, return_index=True)
        key, z, size = rows[first, 0].astype(np.int64), rows[:, 1], rows[:, 2]

        def total(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
            return sums_by(number, values, count)

        voxels = total(size)
        depth, height, width = units.edges
        seen = np.unique(np.stack([number, z.astype(np.int64)]), axis=1)[0]
        return Table({
            "part": np.arange(1, count + 1),
            "id": ids[key // 256],
            "class": key % 256,
            "voxels": voxels.astype(np.int64),
            **units.volume("volume", voxels * depth * height * width),
            "slices": np.bincount(seen, minlength=count),
            **units.length("centroid_z", total(z * size) / voxels * depth),
            **units.length("centroid_y", total(rows[:, 3]) / voxels * height),
            **units.length("centroid_x", total(rows[:, 4]) / voxels * width),
        })  # fmt: skip


def part_columns(
    parts: Table, ids: npt.NDArray[np.int64], voxels: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[Any]]:
    """For each cell, how many parts of each class it has, and their share of its volume.

    Parameters
    ----------
    parts : Table
        A row a part.
    ids, voxels : (N,) int64 arrays
        Of the cells, ids ascending.
    """
    cell = np.searchsorted(ids, parts["id"])
    columns: dict[str, npt.NDArray[Any]] = {}
    for each in np.unique(parts["class"]).tolist():
        chosen = parts["class"] == each
        size = np.bincount(cell[chosen], parts["voxels"][chosen], minlength=len(ids))
        columns[f"class_{each}_parts"] = np.bincount(cell[chosen], minlength=len(ids))
        columns[f"class_{each}_voxels"] = size.astype(np.int64)
        columns[f"class_{each}_fraction"] = size / voxels
    return columns
