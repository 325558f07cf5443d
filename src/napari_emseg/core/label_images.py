"""Images of cell ids: components, borders one pixel thin, flooding, and how two of them overlap."""

from __future__ import annotations

from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from scipy import sparse
from skimage.measure import label
from skimage.segmentation import expand_labels, watershed

BoolImage: TypeAlias = npt.NDArray[np.bool_]


LabelImage: TypeAlias = npt.NDArray[np.int32]


CellIds: TypeAlias = npt.NDArray[np.uint32]


def contingency(rows: npt.NDArray[Any], columns: npt.NDArray[Any]) -> sparse.csr_array:
    """Count the pixels that two label arrays of equal shape share.

    Parameters
    ----------
    rows, columns : integer arrays
        0 is membrane and not counted.

    Returns
    -------
    (R, C) float64 sparse array
        Pixels with id r in ``rows`` and c in ``columns``; what is stored is above 0, row by row,
        in order of the columns.
    """
    both = (rows > 0) & (columns > 0)
    pairs = (rows[both], columns[both])
    shape = (int(rows.max(initial=0)) + 1, int(columns.max(initial=0)) + 1)
    # compressing sums the duplicates, an order of magnitude faster than sorting in np.unique
    table = sparse.coo_array((np.ones(pairs[0].size), pairs), shape=shape).tocsr()
    table.sort_indices()
    return table


def cell_components(truth: npt.NDArray[Any]) -> LabelImage:
    """Number the cells of one slice of a truth.

    Parameters
    ----------
    truth : (Y, X) array
        Nonzero is cell. Neighbouring pixels belong to one cell where their values are equal, so
        that touching ids of an instances truth stay apart; a float array counts as a mask.

    Returns
    -------
    (Y, X) int32 array
        0 for membrane, 1, 2, ... for the 4-connected cells, not thinned.
    """
    values = truth if np.issubdtype(truth.dtype, np.integer) else truth != 0
    if values.dtype == bool:
        return _components(values)
    numbered: LabelImage = label(values, background=0, connectivity=1).astype(np.int32)
    return numbered


def touching_pixels(ids: npt.NDArray[Any]) -> BoolImage:
    """Pixels of cells (Y, X) beside, above or below which another cell lies: a line of 2 px.

    Parameters
    ----------
    ids : (Y, X) integer array
        Ids of cells, 0 where membrane.
    """
    touching = np.zeros(ids.shape, bool)
    for axis in (0, 1):
        along, marked = np.moveaxis(ids, axis, 0), np.moveaxis(touching, axis, 0)
        differ = (along[:-1] != along[1:]) & (along[:-1] != 0) & (along[1:] != 0)
        marked[:-1] |= differ
        marked[1:] |= differ
    return touching


def cell_borders(ids: npt.NDArray[Any], width_px: float) -> BoolImage:
    """Borders between cells (Y, X) that lie side by side, in the middle of what parts them.

    Parameters
    ----------
    ids : (Y, X) integer array
        Ids of cells, 0 where membrane.
    width_px : float
        How wide a border is, in px: 2, one of each cell, or more. Cells farther apart than that
        have none.

    Returns
    -------
    (Y, X) bool array
        True also within cells, where less than that lies between them.
    """
    if width_px <= 2:
        return touching_pixels(ids)
    middle = touching_pixels(expand_labels(ids, width_px / 2))
    away = cv2.distanceTransform(1 - middle.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    border: BoolImage = away <= width_px / 2 - 1
    return border


def thin_borders(mask: BoolImage) -> LabelImage:
    """Grow the cells of a mask until lines one pixel wide are left between them.

    Watershed with 4-connectivity from the 4-connected cells, with a watershed line, as the
    challenge does before it scores.

    Parameters
    ----------
    mask : (Y, X) bool array
        True is cell.

    Returns
    -------
    (Y, X) int32 array
        0 on the lines, else the cell's number. A mask without a cell gives 0 everywhere.

    References
    ----------
    Arganda-Carreras et al. 2015, https://doi.org/10.3389/fnana.2015.00142
    """
    cells = _components(mask)
    if not mask.any() or mask.all():
        return cells
    return flood((~mask).astype(np.uint8), cells, ~mask, line=True)


def first_pixels(ids: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Of each id from 0 on the index of the first pixel (Y, X); their number where it has none."""
    first = np.full(int(ids.max(initial=0)) + 1, ids.size, np.intp)
    # of several values for one id numpy keeps the last
    first[ids.ravel()[::-1]] = np.arange(ids.size)[::-1]
    return first


def flood(
    height: npt.NDArray[Any], markers: LabelImage, within: BoolImage, *, line: bool = False
) -> LabelImage:
    """Watershed with 4-connectivity from markers.

    Parameters
    ----------
    height : (Y, X) array
        What is flooded, from below.
    markers : (Y, X) int32 array
        Where the flood begins, with the ids it carries; 0 elsewhere. No two markers touch.
    within : (Y, X) bool array
        Where it may go, beside the markers.
    line : bool
        Leave 0 where floods meet, instead of letting them touch.

    Returns
    -------
    (Y, X) int32 array
        The markers, grown; 0 where no flood comes.
    """
    marked = markers > 0
    # only the rim of a marker can flood: leaving its inside out of the queue halves the time
    rim = marked & ~_inside(marked)
    grown = watershed(
        height,
        markers=np.where(rim, markers, 0),
        connectivity=1,
        mask=rim | (within & ~marked),
        watershed_line=line,
    )
    flooded: LabelImage = np.where(marked, markers, grown).astype(np.int32, copy=False)
    return flooded


def _inside(mask: BoolImage) -> BoolImage:
    """Pixels of a mask (Y, X) whose four neighbours, as far as there are any, are in it too."""
    padded = np.pad(mask, 1, constant_values=True)
    inside: BoolImage = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return inside


def _components(mask: BoolImage) -> LabelImage:
    """Number the 4-connected components of a mask (Y, X)."""
    # half the time of scipy's, the same numbers, and other threads go on meanwhile
    numbered: LabelImage
    _, numbered = cv2.connectedComponents(
        np.ascontiguousarray(mask).view(np.uint8), connectivity=4, ltype=cv2.CV_32S
    )
    return numbered
