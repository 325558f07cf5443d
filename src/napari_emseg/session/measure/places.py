"""Where in the stack the rows of the tables lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_emseg.core.measure.table import Table, Units

if TYPE_CHECKING:
    from napari_emseg.core.measure.measures import Measures

_LEAST_PX = 8.0


class Place(NamedTuple):
    """A place in the stack.

    Parameters
    ----------
    z : int
        Slice.
    y, x : float
        In px.
    size_px : float
        How large is what lies there.
    """

    z: int
    y: float
    x: float
    size_px: float


class Places:
    """Finds rows, and cells in slices.

    Parameters
    ----------
    measures : Measures
        The tables.
    units : Units
        With which they were measured.
    """

    def __init__(self, measures: Measures, units: Units) -> None:
        self._measures, profiles = measures, measures.profiles
        self._edges = units.edges
        self._order = np.argsort(profiles["id"], kind="stable")
        self._ids = profiles["id"][self._order]

    def profiles_of(self, cell: int) -> npt.NDArray[np.intp]:
        """Rows of its profiles, slices ascending; none for an id that was not measured."""
        first, last = np.searchsorted(self._ids, [cell, cell + 1])
        return self._order[first:last]

    def of_cell(self, cell: int, z: int | None = None) -> Place | None:
        """Where a cell is largest, or where it lies in a slice; None where it does not."""
        rows, profiles = self.profiles_of(cell), self._measures.profiles
        if z is not None:
            rows = rows[profiles["slice"][rows] == z]
        if not rows.size:
            return None
        return self._of_profile(int(rows[np.argmax(profiles["pixels"][rows])]))

    def of_row(self, table: str, row: int) -> Place | None:
        """Where a row of a table lies; None for a slice as a whole."""
        rows: Table = getattr(self._measures, table)
        if table == "profiles":
            return self._of_profile(row)
        if table == "parts":
            return self._of_part(rows, row)
        if table == "contacts":
            return self._of_contact(int(rows["id"][row]), int(rows["neighbour"][row]))
        return None if table == "slices" else self.of_cell(int(rows["id"][row]))

    def _of_profile(self, row: int) -> Place:
        profiles = self._measures.profiles
        y, x = self._in_px(profiles, row)
        size = _column(profiles, "longest_axis")[row] / min(self._edges[1:])
        return Place(int(profiles["slice"][row]), y, x, max(float(size), _LEAST_PX))

    def _of_part(self, parts: Table, row: int) -> Place:
        y, x = self._in_px(parts, row)
        z = round(float(_column(parts, "centroid_z")[row]) / self._edges[0])
        side = (parts["voxels"][row] / parts["slices"][row]) ** 0.5
        return Place(z, y, x, max(2 * float(side), _LEAST_PX))

    def _of_contact(self, one: int, other: int) -> Place | None:
        """Between the two, in the slice where they are nearest to one another."""
        slices = self._measures.profiles["slice"]
        rows, rows_other = self.profiles_of(one), self.profiles_of(other)
        _, here, there = np.intersect1d(slices[rows], slices[rows_other], return_indices=True)
        if not here.size:
            return self.of_cell(one)
        pairs = [
            (self._of_profile(int(a)), self._of_profile(int(b)))
            for a, b in zip(rows[here], rows_other[there], strict=True)
        ]
        first, second = min(pairs, key=lambda each: _apart(*each))
        middle = (first.y + second.y) / 2, (first.x + second.x) / 2
        return Place(first.z, *middle, _apart(first, second) + max(first.size_px, second.size_px))

    def _in_px(self, table: Table, row: int) -> tuple[float, float]:
        y, x = (_column(table, f"centroid_{axis}")[row] for axis in "yx")
        return float(y) / self._edges[1], float(x) / self._edges[2]


def _apart(one: Place, other: Place) -> float:
    return float(np.hypot(one.y - other.y, one.x - other.x))


def _column(table: Table, name: str) -> npt.NDArray[Any]:
    """A column of that name with any unit."""
    return next(values for each, values in table.columns.items() if each.startswith(f"{name}_"))
