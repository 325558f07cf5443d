"""From probabilities to masks and cells.

A cell keeps its id from slice to slice: `slice_cells` finds the cells of one slice, `link_cells`
gives them the ids of a slice beside it, `CellLinker` does both for slices that come one by one, and
`to_cells` does a whole stack.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.label_images import (
    BoolImage,
    CellIds,
    LabelImage,
    cell_components,
    contingency,
    first_pixels,
    flood,
)
from napari_emseg.core.segment.cell_lives import ShortCellFilter
from napari_emseg.types import ArrayLike, Float32Array


def to_mask(probability: Float32Array, config: MaskConfig) -> npt.NDArray[np.uint8]:
    """1 where cell, 0 where membrane.

    Parameters
    ----------
    probability : (Y, X) or (Z, Y, X) float32 array
        Probability of cell, 0..1.
    config : MaskConfig
        A pixel is cell where its probability is above ``threshold``, and it lies in a 4-connected
        component of at least ``smallest_cell_px`` pixels of its slice.
    """
    if probability.ndim == 3:
        return np.stack([to_mask(each, config) for each in probability])
    mask: BoolImage = probability > config.threshold
    if config.smallest_cell_px > 1:
        mask = _in_large(cell_components(mask), config.smallest_cell_px)
    return mask.astype(np.uint8)


def slice_cells(probability: Float32Array, config: MaskConfig) -> LabelImage:
    """Cells of one slice: watershed from the probability, inside the mask.

    A 4-connected component of the mask is one cell, unless it holds several markers: 4-connected
    parts of at least ``smallest_marker_px`` pixels with a probability above ``marker_threshold``.
    Then each marker is flooded down the probability, and the floods part the component where the
    probability between them is lowest, as it is in a gap of a membrane. So a gap does not join
    two cells, and the membranes stay as thick as they are.

    Parameters
    ----------
    probability : (Y, X) float32 array
        Probability of cell, 0..1.
    config : MaskConfig
        Thresholds and sizes.

    Returns
    -------
    (Y, X) int32 array
        0 where the mask is 0, else the cell: 1, 2, ... without gaps.
    """
    components = cell_components(to_mask(probability, config) > 0)
    markers = _markers(probability, config)
    markers_of = np.diff(contingency(components, markers).indptr)
    joined: BoolImage = (markers_of > 1)[components]
    if not joined.any():
        return components
    parts = flood(-probability, np.where(joined, markers, 0), joined)
    return _without_gaps(np.where(joined, parts + markers_of.size, components))


def link_cells(
    cells: LabelImage, previous: CellIds, config: MaskConfig, *, last_id: int
) -> CellIds:
    """Give the cells of a slice the ids of the slice before.

    Two cells are one where each is the other's best match, the one it shares most pixels with,
    and they share at least ``link_overlap`` of the pixels that either covers. So where a cell
    branches the larger branch keeps its id, and where two merge the larger one goes on. Of equal
    ones the first in the slice counts, whatever the ids are.

    Parameters
    ----------
    cells : (Y, X) int32 array
        Cells of the slice, 1, 2, ... without gaps; 0 is membrane.
    previous : (Y, X) uint32 array
        Ids of the slice before.
    config : MaskConfig
        The least overlap.
    last_id : int
        The highest id given so far; a cell without a match gets the next one.

    Returns
    -------
    (Y, X) uint32 array
        The ids; 0 is membrane.
    """
    table = contingency(previous, cells).tocoo()
    before, here = table.coords
    shared = table.data
    union = np.bincount(previous.ravel())[before] + np.bincount(cells.ravel())[here] - shared
    linked = _mutual_best(first_pixels(previous)[before], here, shared) & (
        shared >= config.link_overlap * union
    )
    ids = np.zeros(int(cells.max(initial=0)) + 1, np.uint32)
    ids[here[linked]] = before[linked]
    new = np.flatnonzero(ids[1:] == 0) + 1
    ids[new] = last_id + 1 + np.arange(new.size)
    return ids[cells]


class CellLinker:
    """Makes the cells of slices that come one by one, and links them as they come.

    Each is linked to a slice beside it, where one of the last three is: so slices may come in
    their order, or from one outward, now below and now above. Those on the two sides of a missing
    section are linked across it.

    Parameters
    ----------
    config : MaskConfig
        How cells are made and linked.
    z, ids : int and (Y, X) uint32 array, optional
        Where to begin: ids that a slice has already. The same slice, made anew, keeps them.
    last_id : int
        The highest id that any slice has already, where it is not in ``ids``.
    """

    def __init__(
        self, config: MaskConfig, z: int = 0, ids: CellIds | None = None, *, last_id: int = 0
    ) -> None:
        self._config = config
        self._recent: deque[tuple[int, CellIds]] = deque(maxlen=3)
        self._missing: set[int] = set()
        self._last_id = last_id
        if ids is not None:
            self._keep(z, ids)

    def cells(self, z: int, probability: Float32Array, *, missing: bool = False) -> CellIds:
        """Linked cells (Y, X) of slice ``z``, from its probability (Y, X); none if ``missing``."""
        if missing:
            self._missing.add(z)
            return np.zeros(probability.shape, np.uint32)
        cells = slice_cells(probability, self._config)
        beside = [ids for at, ids in self._recent if self._are_beside(at, z)]
        previous = beside[-1] if beside else np.zeros(cells.shape, np.uint32)
        ids = link_cells(cells, previous, self._config, last_id=self._last_id)
        self._keep(z, ids)
        return ids

    def is_between(self, z: int, seen: set[int]) -> bool:
        """Whether slices of ``seen`` lie on both sides of ``z``, missing sections aside, and it."""
        beside = [z]
        for step in (-1, 1):
            at = z + step
            while at in self._missing:
                at += step
            beside.append(at)
        return seen.issuperset(beside)

    def _are_beside(self, z: int, other: int) -> bool:
        between = range(min(z, other) + 1, max(z, other))
        return self._missing.issuperset(between)

    def _keep(self, z: int, ids: CellIds) -> None:
        self._recent.append((z, ids))
        self._last_id = max(self._last_id, int(ids.max(initial=0)))


def to_cells(probability: ArrayLike, config: MaskConfig) -> CellIds:
    """Cells of a stack, linked through its slices.

    Parameters
    ----------
    probability : (Z, Y, X) float32 array
        Probability of cell, 0..1; numpy or lazy, read slice by slice.
    config : MaskConfig
        Thresholds, sizes, the least overlap of a link, and in how many slices a cell must live.

    Returns
    -------
    (Z, Y, X) uint32 array
        0 where the mask is 0; ids from 1 without gaps, in the order in which cells begin.
    """
    linker, lasting = CellLinker(config), ShortCellFilter(config.least_slices)
    slices: list[CellIds] = []
    for z in range(len(probability)):
        slices += lasting.put(linker.cells(z, np.asarray(probability[z])))
    return np.stack([*slices, *lasting.end()])


def _markers(probability: Float32Array, config: MaskConfig) -> LabelImage:
    """Number the parts (Y, X) that may be cells of their own."""
    parts = cell_components(probability > max(config.marker_threshold, config.threshold))
    smallest_px = max(config.smallest_marker_px, config.smallest_cell_px)
    return np.where(_in_large(parts, smallest_px), parts, 0)


def _in_large(components: LabelImage, smallest_px: int) -> BoolImage:
    """Where the components (Y, X) have so many pixels or more."""
    large = np.bincount(components.ravel()) >= smallest_px
    large[0] = False
    within: BoolImage = large.take(components)  # thrice as fast as large[components]
    return within


def _without_gaps(numbered: LabelImage) -> LabelImage:
    """The same cells (Y, X), numbered 1, 2, ... in the same order."""
    occurs = np.bincount(numbered.ravel()) > 0
    occurs[0] = False
    return np.cumsum(occurs, dtype=np.int32)[numbered] * (numbered > 0)


def _mutual_best(
    before: npt.NDArray[Any], here: npt.NDArray[Any], shared: npt.NDArray[Any]
) -> BoolImage:
    """Which pairs of cells share more pixels than any other pair with one of the two."""
    # of equal ones the pair with the lower numbers, so that the outcome is always the same
    falling = np.lexsort((here, before, -shared))
    best = np.zeros(shared.size, np.uint8)
    for ids in (before, here):
        best[falling[np.unique(ids[falling], return_index=True)[1]]] += 1
    mutual: BoolImage = best == 2
    return mutual
