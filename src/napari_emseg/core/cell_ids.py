"""Stacks of cell ids: read slice by slice, and refused where they hold something else."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_emseg.core.label_images import cell_components
from napari_emseg.errors import LabelsError, SettingError
from napari_emseg.types import ArrayLike

CellIds = npt.NDArray[np.int64]

_LOOKED_AT = 8
"""Slices, spread over the stack, that tell a mask from cells."""

_MOST_PX = 4096
"""Of larger slices the middle tells it, so many pixels high and wide."""

_GOLDEN = 0.618
"""Multiples of it, less their whole parts, lie spread between 0 and 1."""

_SAME = 0.6
"""Part of the pixels in cells of two slices that have the same id in both, from which on ids go
through: in SNEMI3D 0.94, and 0.16 to 0.52 where each slice is numbered anew."""

_PIECES = 4
"""Pieces in a slice from which on a single id is no cell but a mask."""


def ids_of_slice(stack: ArrayLike, z: int) -> CellIds:
    """Ids of slice ``z`` as (Y, X) int64; 0 where there is no cell.

    Ids below 0, and 2**64 - 1, with which CREMI fills what nobody labelled, are 0.
    """
    return np.maximum(np.asarray(stack[z]).astype(np.int64), 0)


def parse_ids(text: str) -> tuple[int, ...]:
    """Ids of cells from a text, such as ``3, 7``.

    Raises
    ------
    SettingError
        If it holds anything else.
    """
    try:
        ids = tuple(int(each) for each in text.split(","))
    except ValueError:
        ids = ()
    if not ids or min(ids) < 1:
        raise SettingError(f"ids: expected ids of cells, such as 3,7, received {text!r}")
    return ids


def require_ids(stack: ArrayLike, name: str, *, way_out: str, **mending: bool) -> None:
    """Raise `LabelsError` unless a stack (Z, Y, X) holds ids of cells.

    Parameters
    ----------
    stack : (Z, Y, X) array
        Numpy or lazy; some slices are read.
    name : str
        What it is to the person, such as ``truth``.
    way_out : str
        What to do where it is a mask or a probability.
    **mending
        Settings that do it; see `EmsegError`.
    """
    if stack.dtype.kind not in "biu":
        raise LabelsError(
            f"{name}: expected ids of cells (integers), received {stack.dtype}, as a probability "
            f"is; {way_out}",
            **mending,
        )
    if is_mask(stack):
        raise LabelsError(
            f"{name}: expected ids of cells, each cell its own, received a mask, in which all "
            f"cells are equal; {way_out}",
            **mending,
        )


def is_mask(stack: ArrayLike) -> bool:
    """Whether a stack has one value beside 0, and that is True, 255, or lies in many pieces."""
    if stack.dtype.kind == "b":
        return True
    values: set[int] = set()
    pieces, has_zeros = 0, False
    count = stack.shape[0]
    for z in np.unique(np.linspace(0, count - 1, min(count, _LOOKED_AT)).astype(int)):
        ids = ids_of_slice(_Middle(stack), int(z))
        values |= {int(ids.max()), int(ids[ids > 0].min(initial=ids.max()))} - {0}
        if len(values) > 1:
            return False
        has_zeros |= not ids.all()
        pieces = max(pieces, int(cell_components(ids).max(initial=0)))
    return has_zeros and (values == {255} or (len(values) == 1 and pieces >= _PIECES))


class _Middle:
    """The middle of each slice of a stack (Z, Y, X): all of it, unless it is too large to hold."""

    def __init__(self, stack: ArrayLike) -> None:
        self._stack = stack
        edges = [min(n, _MOST_PX) for n in stack.shape[1:]]
        starts = [(n - edge) // 2 for n, edge in zip(stack.shape[1:], edges, strict=True)]
        self._part = tuple(slice(a, a + n) for a, n in zip(starts, edges, strict=True))
        self._is_whole = edges == list(stack.shape[1:])

    def __getitem__(self, z: int) -> npt.NDArray[np.generic]:
        part = self._stack[z] if self._is_whole else self._stack[(z, *self._part)]
        return np.asarray(part)


def keeps_ids(stack: ArrayLike) -> bool:
    """Whether cells have the same ids in one slice and the next; some slices are looked at.

    Where each slice is numbered anew, ids meet themselves in the next slice by chance only.

    Parameters
    ----------
    stack : (Z, Y, X) array
        Numpy or lazy.
    """
    same = both = seen = 0
    pairs = stack.shape[0] - 1
    for z in sorted(range(pairs), key=lambda z: z * _GOLDEN % 1):  # spread, however many it takes
        first, second = ids_of_slice(stack, z), ids_of_slice(stack, z + 1)
        inside = (first > 0) & (second > 0)
        if inside.any():
            same += int(np.count_nonzero(inside & (first == second)))
            both += int(np.count_nonzero(inside))
            seen += 1
        if seen == _LOOKED_AT:
            break
    return same > _SAME * both
