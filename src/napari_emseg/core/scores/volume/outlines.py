"""Where chosen pieces lie in a volume, and where two of them come nearest to one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from napari_emseg.core.label_runs import LabelRuns, Numbers

Point: TypeAlias = tuple[int, int, int]
Pair: TypeAlias = tuple[int, int]
"""Ids of a true cell and of a predicted one; what both share is a piece."""

_STEP_PX = 8
"""Between the voxels along a run that stand for it, besides its ends."""

_FEW = 64
"""Of so many voxels one tells about how near two pieces come."""

_MOST = 20_000
"""Voxels that stand for a piece; of a larger one every second is left out, and so on."""


class SliceOutlines:
    """Voxels that stand for the wanted pieces in a slice.

    Parameters
    ----------
    wanted : iterable of Pair
        The pieces.
    """

    def __init__(self, wanted: Iterable[Pair]) -> None:
        pairs = np.array(sorted(set(wanted)), np.int64).reshape(-1, 2)
        self._ids = np.unique(pairs[:, 0]), np.unique(pairs[:, 1])
        self._codes = self._code(*pairs.T)  # rises, as the pairs do
        self._pairs: list[Pair] = [(int(a), int(b)) for a, b in pairs]

    def of(
        self, z: int, truth: npt.NDArray[Any], predicted: npt.NDArray[Any]
    ) -> list[tuple[Pair, Numbers]]:
        """Pieces that are in slice ``z``, each with voxels (V, 3) of it, as (Z, Y, X).

        Parameters
        ----------
        z : int
            Which slice it is.
        truth, predicted : (Y, X) int64 arrays
            Ids.
        """
        runs = LabelRuns.of(truth, predicted)
        runs = runs.where(np.logical_and(*map(np.isin, runs.values, self._ids)))
        codes = self._code(*runs.values)
        found = np.isin(codes, self._codes)
        runs, codes = runs.where(found), codes[found]
        order = np.argsort(codes, kind="stable")
        first = np.flatnonzero(np.diff(codes[order], prepend=-1))
        return [
            (self._pairs[np.searchsorted(self._codes, codes[each[0]])], _voxels(z, runs, each))
            for each in np.split(order, first[1:])
            if each.size
        ]

    def _code(self, true: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> Numbers:
        row, column = map(np.searchsorted, self._ids, (true, predicted))
        return (row * self._ids[1].size + column).astype(np.int64)


def _voxels(z: int, runs: LabelRuns, chosen: Numbers) -> Numbers:
    """Both ends of these runs, and voxels between them."""
    lengths = runs.lengths[chosen]
    counts = (lengths - 2) // _STEP_PX + 2  # 1 for a length of 1
    at = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    along = np.minimum(at * _STEP_PX, np.repeat(lengths - 1, counts))
    y, x = np.divmod(np.repeat(runs.starts[chosen], counts) + along, runs.shape[1])
    return np.stack([np.full_like(y, z), y, x], axis=1)


class Outlines:
    """Takes what `SliceOutlines` finds, in the order of the slices."""

    def __init__(self) -> None:
        self._voxels: dict[Pair, list[Numbers]] = defaultdict(list)
        self._every: dict[Pair, int] = defaultdict(lambda: 1)
        self._boxes: dict[Pair, Numbers] = {}
        self._trees: dict[Pair, tuple[Any, Numbers]] = {}

    def add(self, found: Iterable[tuple[Pair, Numbers]]) -> None:
        """Take the pieces of a slice."""
        for pair, voxels in found:
            box = self._boxes.get(pair, np.stack([voxels[0], voxels[0]]))
            self._boxes[pair] = np.stack(
                [np.minimum(box[0], voxels.min(axis=0)), np.maximum(box[1], voxels.max(axis=0))]
            )
            self._keep(pair, voxels)

    def box(self, pair: Pair) -> tuple[Point, Point]:
        """First and last voxel of the box around a piece."""
        first, last = self._boxes[pair]
        return _point(first), _point(last)

    def meeting(
        self, smaller: Pair, larger: Pair, size: tuple[float, float, float]
    ) -> tuple[Point, Point]:
        """Where two pieces come nearest to one another: a voxel of the larger, and of the smaller.

        Where they are equally near at many voxels, it is the middle of these.

        Parameters
        ----------
        smaller, larger : Pair
            Two pieces that were taken.
        size : (float, float, float)
            Edge lengths (Z, Y, X) of a voxel, in any unit.
        """
        tree, there = self._tree(larger, size)
        here = np.concatenate(self._voxels[smaller])
        few, _ = tree.query(here[::_FEW] * size)  # what is further away need not be searched
        away, opposite = tree.query(here * size, distance_upper_bound=few.min() + 2 * size[2])
        near = np.flatnonzero(away <= away.min() + size[2])
        middle = ((here[near] - here[near].mean(axis=0)) * size) ** 2
        best = near[middle.sum(axis=1).argmin()]
        return _point(there[opposite[best]]), _point(here[best])

    def _tree(self, pair: Pair, size: tuple[float, float, float]) -> tuple[Any, Numbers]:
        if pair not in self._trees:
            voxels = np.concatenate(self._voxels[pair])
            self._trees[pair] = cKDTree(voxels * size, balanced_tree=False), voxels
        return self._trees[pair]

    def _keep(self, pair: Pair, voxels: Numbers) -> None:
        kept = self._voxels[pair]
        kept.append(voxels[:: self._every[pair]])
        if sum(map(len, kept)) > _MOST:
            self._every[pair] *= 2
            self._voxels[pair] = [np.concatenate(kept)[::2]]


def _point(voxel: Numbers) -> Point:
    z, y, x = voxel.tolist()
    return z, y, x
