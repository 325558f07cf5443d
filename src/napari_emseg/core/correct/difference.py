"""What has to be written to a slice so that it has other labels: a box, old and new labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.correct.packed import Packable


@dataclass(frozen=True, eq=False)
class Difference:
    """Labels in a box of one slice, before and after.

    Parameters
    ----------
    z : int
        The slice.
    rows, columns : slice
        The box.
    old, new : Packable of (1, Y, X)
        What stood there, and what is to stand there; of the same dtype.
    """

    z: int
    rows: slice
    columns: slice
    old: Packable
    new: Packable


def difference_of(z: int, now: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> Difference | None:
    """What makes slice ``z`` with the labels ``now`` (Y, X) the ``wanted`` (Y, X) one.

    None where nothing differs.
    """
    differs = now != wanted
    if not differs.any():
        return None
    rows, columns = _box(differs)
    old = np.array(now[rows, columns])[np.newaxis]
    new = np.array(wanted[rows, columns], old.dtype)[np.newaxis]
    return Difference(z, rows, columns, Packable(old), Packable(new))


def _box(differs: npt.NDArray[np.bool_]) -> tuple[slice, slice]:
    rows, columns = (np.flatnonzero(differs.any(axis=axis)) for axis in (1, 0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
