"""What the brush does to membranes and cells: fill, part, join, on one slice at a time.

All functions take labels (Y, X) in which 0 is membrane. With ``ids`` every cell has its own label,
else all are cell alike and the 4-connected components are the cells, as in a mask.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_emseg.core.label_images import BoolImage, LabelImage, cell_components
from napari_emseg.errors import LabelsError

Labels: TypeAlias = npt.NDArray[Any]
Point: TypeAlias = tuple[int, int]
"""Row and column of a pixel."""

_MASK_CELL = 1
_MARGIN_PX = 256
"""How far around a click is looked: distances over all of a large slice would take seconds."""
_EVERYWHERE = np.ones((3, 3), bool)


def fill_cell(labels: Labels, at: Point, *, ids: bool, new_id: int, rim_px: int) -> Labels:
    """Make cell of membrane that is none.

    A speck of membrane inside a single cell becomes part of it. Elsewhere a cell of its own is
    made, where the membrane is so thick that ``rim_px`` of it are left around the new cell.

    Parameters
    ----------
    labels : (Y, X) array
        A slice.
    at : tuple of int
        A pixel of the membrane in question.
    ids : bool
        Whether every cell has its own label.
    new_id : int
        The label of a new cell, where they have.
    rim_px : int
        Membrane left between a new cell and its neighbours.

    Raises
    ------
    LabelsError
        If the pixel is cell already, or no cell has room there.
    """
    if labels[at]:
        raise LabelsError("fill cell: this is cell already; click on membrane")
    filled = labels.copy()
    here, (at,) = _around([at], labels.shape)
    part = filled[here]
    cells = cell_components(part if ids else part != 0)
    speck = _component(part == 0, at, _EVERYWHERE)
    around = np.unique(cells[ndimage.binary_dilation(speck, _EVERYWHERE) & ~speck])
    if around.size == 1 and not _at_border(speck):
        part[speck] = part[cells == around[0]][0]
    else:
        part[_roomy(part, at, rim_px)] = new_id if ids else _MASK_CELL
    return filled


def _roomy(labels: Labels, at: Point, rim_px: int) -> BoolImage:
    """Membrane (Y, X) around a pixel that is so far from all cells that it can be one."""
    cells = labels != 0
    distance = ndimage.distance_transform_edt(~cells) if cells.any() else np.inf
    roomy: BoolImage = np.broadcast_to(distance > rim_px, labels.shape)
    if not roomy[at]:
        raise LabelsError(
            f"fill cell: no room here for a cell with {rim_px} px of membrane around it; click on "
            "a wider place, make the membrane thinner, or use the brush"
        )
    return _component(roomy, at)


def part_cells(before: Labels, now: Labels, first_id: int) -> Labels:
    """Give the parts of cells that a stroke of membrane has cut off ids of their own.

    Of each 4-connected cell the largest part keeps the id.

    Parameters
    ----------
    before, now : (Y, X) arrays of ids
        Before and after the stroke.
    first_id : int
        The first new id; the next ones follow.

    Returns
    -------
    (Y, X) array
        As ``now``, where nothing was cut off.
    """
    parted, struck = now.copy(), (before != 0) & (now == 0)
    for label in np.unique(before[struck]):
        here = _box(before == label)  # components of all of a large slice would take too long
        was, left = cell_components(before[here] == label), cell_components(now[here] == label)
        for cell in np.unique(was[struck[here] & (was > 0)]):
            parts, sizes = np.unique(left[(was == cell) & (left > 0)], return_counts=True)
            for part in np.delete(parts, np.argmax(sizes)) if parts.size else ():
                parted[here][left == part] = first_id
                first_id += 1
    return parted


def join_cells(labels: Labels, one: Point, other: Point, *, ids: bool, reach_px: float) -> Labels:
    """Make one cell of two: the membrane between them is opened where they touch.

    Opened is what lies between the two where they are closest, save next to a third cell.

    Parameters
    ----------
    labels : (Y, X) array
        A slice.
    one, other : tuple of int
        A pixel of each; the label of the first stays.
    ids : bool
        Whether every cell has its own label.
    reach_px : float
        How thick the membrane between them may be.

    Raises
    ------
    LabelsError
        If a pixel is membrane, both are of the same cell, or they are too far apart.
    """
    joined = labels.copy()
    here, (one, other) = _around([one, other], labels.shape)
    part = labels[here]
    cells = cell_components(part if ids else part != 0)
    _check_pair(part, cells, one, other, ids)
    first, second = cells == cells[one], cells == cells[other]
    if ids:
        joined[labels == part[other]] = part[one]
    if not (ndimage.binary_dilation(first) & second).any():
        joined[here][_between(part, first, second, reach_px)] = part[one]
    return joined


def _check_pair(labels: Labels, cells: LabelImage, one: Point, other: Point, ids: bool) -> None:
    if not labels[one] or not labels[other]:
        raise LabelsError("merge: this is membrane; click on two cells")
    if cells[one] == cells[other] or (ids and labels[one] == labels[other]):
        raise LabelsError("merge: both clicks are in the same cell; click on two cells")


def _between(labels: Labels, first: BoolImage, second: BoolImage, reach_px: float) -> BoolImage:
    """Membrane (Y, X) to be opened, so that the two become one 4-connected cell."""
    to_first, to_second = (ndimage.distance_transform_edt(~each) for each in (first, second))
    others = (labels != 0) & ~first & ~second
    to_others = ndimage.distance_transform_edt(~others) if others.any() else np.inf
    free = (labels == 0) & (to_others > 1)  # 4-connected to a third cell, it would join that too
    apart = np.where(free, to_first + to_second, np.inf)
    gap = float(apart.min(initial=np.inf)) - 1
    if gap > reach_px:
        raise LabelsError(
            f"merge: the two cells are more than {reach_px:g} px apart; paint the way between them"
        )
    # where both are nearer than a third cell, and about as near as they come
    near = free & (apart <= 1.5 * gap + 2) & (np.maximum(to_first, to_second) <= to_others)
    parts, _ = ndimage.label(near | first | second)
    if parts[first][0] != parts[second][0]:
        raise LabelsError("merge: another cell lies between the two; paint the way between them")
    linking: BoolImage = near & (parts == parts[first][0])
    return linking


def _at_border(mask: BoolImage) -> bool:
    """Whether a mask (Y, X) goes on beyond what can be seen."""
    return bool(mask[[0, -1]].any() or mask[:, [0, -1]].any())


def _box(mask: BoolImage) -> tuple[slice, slice]:
    """Rows and columns from the first to the last pixel of a mask (Y, X)."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _around(points: list[Point], shape: tuple[int, ...]) -> tuple[tuple[slice, slice], list[Point]]:
    """Rows and columns around points, and where the points are within."""
    low = np.maximum(np.min(points, axis=0) - _MARGIN_PX, 0)
    high = np.minimum(np.max(points, axis=0) + _MARGIN_PX + 1, shape)
    rows, columns = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return (rows, columns), [(int(y - low[0]), int(x - low[1])) for y, x in points]


def _component(mask: BoolImage, at: Point, structure: Any = None) -> BoolImage:
    """The connected component (Y, X) of a mask that holds a pixel of it."""
    numbered, _ = ndimage.label(mask, structure)
    component: BoolImage = numbered == numbered[at]
    return component
