"""What lies between cells: cells grown over it until they meet, and how thick it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from skimage.morphology import skeletonize

from napari_emseg.core.blocks.window import Window
from napari_emseg.core.label_runs import sums_by
from napari_emseg.core.measure.boundaries import Amounts

Cells = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Grown:
    """A slice whose cells were grown over what lies between them.

    Parameters
    ----------
    cells : (Y, X) int64 array
        Numbers of cells; 0 where none is near, or cells on one side only.
    away : (Y, X) float32 array
        Distance in px from the nearest cell, 0 in it; infinite where there is no cell at all.
    """

    cells: Cells
    away: npt.NDArray[np.float32]

    @classmethod
    def of(cls, cells: Cells, widest_px: float) -> Grown:
        """Close gaps up to this width between cells (Y, X); the nearer cell has the pixel.

        What is closed is the morphological closing of all cells, so that none grows out into the
        open.
        """
        # what is open at the rim of the slice is open beyond it, and a membrane goes on
        beyond = int(widest_px / 2) + 2
        padded = np.pad(cells, beyond, mode="edge")
        outside = padded == 0
        if outside.all() or not outside.any():
            away = np.full(cells.shape, np.inf if outside.all() else 0, np.float32)
            return cls(cells, away)
        away, nearest = cv2.distanceTransformWithLabels(
            outside.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        # OpenCV numbers the pixels of cells in an order of its own
        cell_of = np.zeros(int(nearest.max()) + 1, np.int64)
        cell_of[nearest[~outside]] = padded[~outside]
        grown = np.where(_closed(away, widest_px / 2), cell_of[nearest], 0)
        within = (slice(beyond, -beyond), slice(beyond, -beyond))
        return cls(grown[within], away[within])


def _closed(away: npt.NDArray[np.float32], radius_px: float) -> npt.NDArray[np.bool_]:
    """Where a disc cannot come that stays clear of cells: in them, and in gaps between them."""
    reached = away <= radius_px + 0.5  # a gap of w pixels has its middle (w + 1) / 2 away
    if reached.all():
        return reached
    back = cv2.distanceTransform(reached.astype(np.uint8), cv2.DIST_L2, 5)
    closed: npt.NDArray[np.bool_] = (back > radius_px + 0.5) | (away == 0)
    return closed


def grown_along_z(slices: Iterator[Cells], widest: int) -> Iterator[Cells]:
    """Close gaps of up to so many slices between cells above and below; the nearer one has them."""
    held: deque[Cells] = deque(maxlen=2 * widest + 1)
    taken = done = 0
    for cells in slices:
        held.append(cells)
        taken += 1
        if taken > widest:
            yield _filled(held, done - (taken - len(held)), widest)
            done += 1
    for z in range(done, taken):
        yield _filled(held, z - (taken - len(held)), widest)


def _filled(slices: Sequence[Cells], middle: int, widest: int) -> Cells:
    cells = slices[middle]
    open_ = np.nonzero(cells == 0) if widest else ()
    if not widest or not open_[0].size:
        return cells
    (below, down), (above, up) = (
        _nearest([slices[z][open_] for z in range(middle + way, end, way)][:widest])
        for way, end in ((-1, -1), (1, len(slices)))
    )
    between = (below > 0) & (above > 0) & (down + up - 1 <= widest)
    out = cells.copy()
    out[open_] = np.where(between, np.where(down <= up, below, above), 0)
    return out


def _nearest(columns: Sequence[Cells]) -> tuple[Any, Any]:
    """The first cell in each column of pixels, and how many slices away it is."""
    cell: Any = np.int64(0)
    away: Any = np.int64(0)
    for distance, each in enumerate(columns, 1):
        new = (cell == 0) & (each > 0)
        cell, away = np.where(new, each, cell), np.where(new, distance, away)
    return cell, away


def thickness_sums(
    grown: Grown, widest_px: int, window: Window | None = None
) -> tuple[Amounts, Amounts]:
    """Thickness in px along the middle lines of membranes, summed for the cells beside them.

    Parameters
    ----------
    grown : Grown
        A slice.
    widest_px : int
        What is wider is no membrane.
    window : Window, optional
        Where middle lines count.

    Returns
    -------
    tuple of Amounts
        Sums of thicknesses, and how many were summed, by cell. A pixel of a middle line counts for
        the cells next to which it lies once these are grown.
    """
    away = grown.away
    lines = skeletonize(away > 0)
    thickness = 2 * away - 1 + _even(away)
    # along the rim of the slice a membrane is cut off
    lines[[0, -1]] = lines[:, [0, -1]] = False
    lines &= thickness <= widest_px
    rows, columns = (window or Window.whole(away.shape)).inside
    y, x = np.nonzero(lines[rows, columns])
    y, x = y + rows.start, x + columns.start
    beside = np.stack([grown.cells[y + v, x + u] for v, u in _NEAR], axis=1)
    beside.sort(axis=1)
    new = beside > 0
    new[:, 1:] &= beside[:, 1:] != beside[:, :-1]
    cells = beside[new]
    values = np.broadcast_to(thickness[y, x][:, None], beside.shape)[new]
    found, row = np.unique(cells, return_inverse=True)
    sums, counts = (sums_by(row, each, found.size) for each in (values, np.ones(row.size)))
    return Amounts(found, sums), Amounts(found, counts)


_NEAR = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))


def _even(away: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    """1 on membranes an even number of pixels wide: two pixels then share the middle."""
    padded = np.pad(away, 1, mode="edge")
    across = ((padded[:-2, 1:-1], padded[2:, 1:-1]), (padded[1:-1, :-2], padded[1:-1, 2:]))
    even = np.zeros(away.shape, bool)
    for one, other in across:
        even |= ((one < away) & (other == away)) | ((other < away) & (one == away))
    return even
