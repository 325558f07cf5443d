"""What true and predicted cells share, counted slice by slice.

A *piece* is what a true cell and a predicted cell share. All scores follow from the sizes of the
pieces, and these from runs of equal pixels, so that memory holds a slice and the table of pieces,
however large the volume is and whatever the ids are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
import numpy.typing as npt

from napari_emseg.core.blocks.window import Window
from napari_emseg.core.label_runs import LabelRuns, Numbers


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces of true cells, in order of their ids; each pair of ids occurs once.

    Parameters
    ----------
    true_ids, predicted_ids : (P,) int64 arrays
        Which cells share it; the predicted id is 0 where nothing was predicted.
    voxels : (P,) int64 array
        Their sizes.
    depths : (P,) float32 array
        Radius in px of the largest disc that fits into it in a slice.
    points : (P, 3) int64 array
        The middle (Z, Y, X) of that disc, in px: a voxel of the piece.
    """

    true_ids: Numbers
    predicted_ids: Numbers
    voxels: Numbers
    depths: npt.NDArray[np.float32]
    points: Numbers

    @classmethod
    def of_slice(
        cls,
        z: int,
        truth: npt.NDArray[Any],
        predicted: npt.NDArray[Any],
        window: Window | None = None,
    ) -> Self:
        """The pieces of a slice, or of a window of it.

        Parameters
        ----------
        z : int
            Which slice it is.
        truth, predicted : (Y, X) int64 arrays
            Ids; pixels whose true id is 0 do not count.
        window : Window, optional
            What of the slice these show, and what of that counts. Of discs that reach beyond what
            they show, as much is seen as lies in it.
        """
        runs = LabelRuns.of(truth, predicted)
        pair, first = _numbered(*runs.values)
        depth = _depth(runs.paint(np.where(runs.values[0] > 0, pair + 1, 0).astype(np.int32)))
        if window is not None:
            depth = depth[window.inside]
            runs = LabelRuns.of(truth[window.inside], predicted[window.inside])
            pair, first = _numbered(*runs.values)
        deepest = np.maximum.reduceat(depth.ravel(), runs.starts)
        best = _best_of(pair, deepest)
        flat = [
            start + int(depth.ravel()[start : start + length].argmax())
            for start, length in zip(runs.starts[best], runs.lengths[best], strict=True)
        ]
        y, x = np.divmod(np.array(flat, np.int64), runs.shape[1])
        if window is not None:
            y, x = y + window.top, x + window.left
        found = cls(
            true_ids=runs.values[0][first].astype(np.int64),
            predicted_ids=runs.values[1][first].astype(np.int64),
            voxels=np.bincount(pair, runs.lengths).astype(np.int64),
            depths=deepest[best].astype(np.float32),
            points=np.stack([np.full_like(y, z), y, x], axis=1),
        )
        return found.where(found.true_ids > 0)

    @classmethod
    def joined(cls, parts: Iterable[Pieces]) -> Self:
        """Pieces of several slices, or of several parts of a volume, as one table."""
        listed = list(parts)
        true, predicted, voxels, depths, points = (
            np.concatenate([getattr(each, name) for each in listed])
            for name in ("true_ids", "predicted_ids", "voxels", "depths", "points")
        )
        pair, first = _numbered(true, predicted)
        best = _best_of(pair, depths)
        # sums of whole numbers are exact in float64 below 2**53
        sizes = np.bincount(pair, voxels).astype(np.int64)
        return cls(true[first], predicted[first], sizes, depths[best], points[best])

    def where(self, chosen: npt.NDArray[Any]) -> Self:
        """Those pieces alone, by a bool array or by numbers, in their order."""
        return type(self)(
            self.true_ids[chosen], self.predicted_ids[chosen], self.voxels[chosen],
            self.depths[chosen], self.points[chosen],
        )  # fmt: skip

    def by_slice(self) -> dict[int, Self]:
        """Those of several slices, which follow one another, by the slice."""
        slices = self.points[:, 0]
        begins = np.flatnonzero(np.diff(slices, prepend=-1))
        spans = zip(begins.tolist(), [*begins[1:].tolist(), len(slices)], strict=False)
        return {int(slices[a]): self.where(np.arange(a, b)) for a, b in spans}

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """True and predicted id of each."""
        return list(zip(self.true_ids.tolist(), self.predicted_ids.tolist(), strict=True))

    def __len__(self) -> int:
        return len(self.voxels)


def _numbered(true: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> tuple[Numbers, Numbers]:
    """Number of the pair of ids at each place, by rising ids, and a place of each pair."""
    columns, column = np.unique(predicted, return_inverse=True)
    rows, row = np.unique(true, return_inverse=True)
    assert rows.size * columns.size < 2**63, "more pairs than numbers"
    _, first, number = np.unique(
        row.astype(np.int64) * columns.size + column, return_index=True, return_inverse=True
    )
    return number.astype(np.int64), first.astype(np.int64)


def _best_of(number: Numbers, value: npt.NDArray[np.float32]) -> Numbers:
    """Where each number has its greatest value, the first of several."""
    order = np.lexsort((-value, number))
    first = np.ones(order.size, bool)
    first[1:] = np.diff(number[order]) > 0
    return order[first].astype(np.int64)


def _depth(numbered: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
    """Distance in px of each pixel (Y, X) from the nearest one of another number."""
    # what is cut off by the rim of the image goes on beyond it
    padded = np.pad(numbered, 1, mode="edge")
    inside = numbered > 0
    for near in (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]):
        inside &= near == numbered
    if inside.all():
        return np.full(numbered.shape, np.float32(max(numbered.shape)))
    # pixels along a border are part of the piece, and 0 here
    away = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3)
    depth: npt.NDArray[np.float32] = np.asarray(away + 1, np.float32)
    return depth
