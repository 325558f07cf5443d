"""Which cells of a slice are others than they were when they were measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.label_images import cell_components
from napari_emseg.core.measure.profiles import Profiles
from napari_emseg.core.measure.table import Table, Units

_COMPARED = ("pixels", "perimeter", "centroid_y", "centroid_x")


def edited_cells(
    profiles: Table, z: int, ids: npt.NDArray[np.int64], units: Units, *, is_mask: bool = False
) -> npt.NDArray[np.int64]:
    """Ids, ascending, of cells whose profile in a slice has changed, come or gone.

    Parameters
    ----------
    profiles : Table
        A row a profile, as they were measured.
    z : int
        The slice.
    ids : (Y, X) int64 array
        Its ids now, 0 where there is no cell.
    units : Units
        With which they were measured.
    is_mask : bool
        Whether each piece that holds together was measured as a cell.
    """
    of_slice = profiles["slice"] == z
    before = {name: each[of_slice] for name, each in profiles.columns.items()}
    if is_mask:
        pieces = cell_components(ids).astype(np.int64)
        first = int(before["id"].min(initial=np.iinfo(np.int64).max))
        ids = np.where(pieces > 0, pieces + first - 1, 0) if before["id"].size else pieces
    known, numbers = np.unique(ids, return_inverse=True)
    if known[0] > 0:
        known, numbers = np.insert(known, 0, 0), numbers + 1
    now = Profiles.of_slice(z, numbers.reshape(ids.shape), units).table(known, units)
    both = np.intersect1d(before["id"], now["id"])
    rows, rows_now = (_rows_of(each, both) for each in (before["id"], now["id"]))
    differs = np.zeros(both.size, bool)
    for name, column in before.items():
        if name.startswith(_COMPARED):
            differs |= column[rows] != now[name][rows_now]
    return np.union1d(both[differs], np.setxor1d(before["id"], now["id"]))


def _rows_of(ids: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    order = np.argsort(ids)
    rows: npt.NDArray[np.intp] = order[np.searchsorted(ids, wanted, sorter=order)]
    return rows
