"""Where correcting a prediction would help most.

What costs V_rand is not a fuzzy pixel but a wrong decision on whether two cells are one. So two
things are multiplied for each square of a slice: how many of its pixels are near the threshold, and
how much hangs on its boundaries. A boundary counts by the strongest contact of its two cells, the
saddle of the probability between them: the nearer it is to the threshold, the less sure the
decision, and the larger both cells are, the more pairs of pixels are decided by it.

On ISBI slices 24 to 26 the first tenth of the squares so holds more of what correcting could win
than by uncertainty alone, at the same rank correlation: see ``benchmarks/bench_ranking.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.segmentation import watershed

from napari_emseg.core.correct.review_regions import MAY_MERGE, MAY_SPLIT, SQUARE_PX, ReviewRegion
from napari_emseg.types import Float32Array

_UNCERTAIN = 0.3
"""How far from the threshold a pixel is taken for certain."""

_DOUBTFUL = 0.2
"""How far from the threshold a boundary is taken for certain."""

_WITHOUT_BOUNDARY = 0.02
"""What uncertain pixels count alone, beside the square root of a boundary's share of pairs."""

_UNSURE_CLASS = 0.05
"""What pixels of an unsure class count, on the same scale. On four slices of VNC and a small model
the first tenth of the squares so holds 0.41 of the pixels with a wrong class (0.38 without it, 0.41
by their doubt alone) and 97 % of what it held of the doubt on boundaries."""

_SMALLEST_SEED_PX = 10


@dataclass(frozen=True)
class UncertainBoundary:
    """The strongest contact of two cells.

    Parameters
    ----------
    y, x : int
        Where it is, in px.
    share : float
        Share of the slice's pairs of pixels that are in one cell by it or not, times the doubt.
    is_open : bool
        Whether the cells are one at the threshold, by a gap in the membrane between them.
    """

    y: int
    x: int
    share: float
    is_open: bool


def rank_regions(
    probability: Float32Array, threshold: float, doubt: npt.NDArray[np.uint8] | None = None
) -> list[ReviewRegion]:
    """The squares of a slice to look at, the worst first.

    Parameters
    ----------
    probability : (Y, X) float32 array
        Of cell, 0..1.
    threshold : float
        A pixel is cell where its probability is above this.
    doubt : (Y, X) uint8 array, optional
        How unsure the class within cells is (`core.classes.class_doubt`), where classes matter.

    Returns
    -------
    list of ReviewRegion
        One for each square with an uncertain pixel; empty where all is certain.
    """
    uncertain = np.clip(1 - np.abs(probability - np.float32(threshold)) / _UNCERTAIN, 0, 1)
    boundaries: dict[tuple[int, int], list[UncertainBoundary]] = {}
    for each in uncertain_boundaries(probability, threshold):
        boundaries.setdefault((each.y // SQUARE_PX, each.x // SQUARE_PX), []).append(each)
    height, width = probability.shape
    unsure = np.zeros_like(uncertain)
    if doubt is not None:
        unsure = doubt.astype(np.float32) / 255
    regions = [
        _region(uncertain, unsure, row, column, boundaries.get((row, column), []))
        for row in range(-(-height // SQUARE_PX))
        for column in range(-(-width // SQUARE_PX))
    ]
    return sorted((each for each in regions if each.risk > 0), key=lambda each: -each.risk)


def _region(
    uncertain: Float32Array,
    unsure: Float32Array,
    row: int,
    column: int,
    boundaries: list[UncertainBoundary],
) -> ReviewRegion:
    top, left = row * SQUARE_PX, column * SQUARE_PX
    here = slice(top, top + SQUARE_PX), slice(left, left + SQUARE_PX)
    share = sum(each.share for each in boundaries)
    by_cells = float(uncertain[here].sum()) / SQUARE_PX**2 * (_WITHOUT_BOUNDARY + share**0.5)
    by_class = float(unsure[here].sum()) / SQUARE_PX**2 * _UNSURE_CLASS
    if boundaries and by_cells >= by_class:
        worst = max(boundaries, key=lambda each: each.share)
        reason = MAY_MERGE if worst.is_open else MAY_SPLIT
        return ReviewRegion(worst.y, worst.x, by_cells + by_class, reason)
    square = uncertain[here] + unsure[here]
    y, x = np.unravel_index(int(ndimage.uniform_filter(square, 9).argmax()), square.shape)
    return ReviewRegion(top + int(y), left + int(x), by_cells + by_class)


def uncertain_boundaries(probability: Float32Array, threshold: float) -> list[UncertainBoundary]:
    """The saddle between each two neighbouring cells whose boundary is in doubt.

    Parameters
    ----------
    probability : (Y, X) float32 array
        Of cell, 0..1.
    threshold : float
        As for `rank_regions`.

    Returns
    -------
    list of UncertainBoundary
        In no order.
    """
    smooth = ndimage.gaussian_filter(probability, 1)
    cells = _basins(smooth, threshold)
    pairs, saddles, at = _contacts(cells, smooth)
    if not len(saddles):
        return []
    area = np.bincount(cells.ravel()).astype(float)
    area[0] = 0
    doubt = np.clip(1 - np.abs(saddles - threshold) / _DOUBTFUL, 0, 1)
    share = doubt * area[pairs[:, 0]] * area[pairs[:, 1]] / area.sum() ** 2
    y, x = np.unravel_index(at, cells.shape)
    return [
        UncertainBoundary(int(y[k]), int(x[k]), float(share[k]), bool(saddles[k] > threshold))
        for k in np.flatnonzero(share > 0).tolist()
    ]


def _basins(probability: Float32Array, threshold: float) -> npt.NDArray[np.int32]:
    """Cells that are certain, grown over what may be cell; 0 is certainly membrane."""
    seeds, count = ndimage.label(probability > min(threshold + _DOUBTFUL, 0.95))
    sizes = np.bincount(seeds.ravel(), minlength=count + 1)
    seeds[(sizes < _SMALLEST_SEED_PX)[seeds]] = 0
    cells: npt.NDArray[np.int32] = watershed(
        -probability, seeds, mask=probability > max(threshold - _DOUBTFUL, 0.02)
    )
    return cells


def _contacts(
    cells: npt.NDArray[np.int32], probability: Float32Array
) -> tuple[npt.NDArray[np.int32], Float32Array, npt.NDArray[np.intp]]:
    """The strongest contact of each two cells that touch.

    Returns
    -------
    pairs : (N, 2) array
        Their ids.
    saddles : (N,) array
        The highest probability over which one gets from one to the other.
    at : (N,) array
        Flat index of the pixel.
    """
    index = np.arange(cells.size).reshape(cells.shape)
    contacts = []
    for axis in (0, 1):
        a, b = _sides(cells, axis)
        touching = (a != b) & (a > 0) & (b > 0)
        value = np.minimum(*_sides(probability, axis))[touching]
        ids = np.sort(np.stack([a[touching], b[touching]], axis=1), axis=1)
        contacts.append((ids, value, _sides(index, axis)[0][touching]))
    pairs, saddles, at = (np.concatenate(each) for each in zip(*contacts, strict=True))
    order = np.lexsort((-saddles, pairs[:, 1], pairs[:, 0]))
    pairs, saddles, at = pairs[order], saddles[order], at[order]
    first = np.ones(len(pairs), bool)
    first[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    return pairs[first], saddles[first], at[first]


def _sides(array: npt.NDArray[Any], axis: int) -> tuple[npt.NDArray[Any], ...]:
    moved = np.moveaxis(array, axis, 0)
    return moved[:-1], moved[1:]
