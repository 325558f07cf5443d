"""Rows of a table of measurements, written as they are seen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.measure.column_help import help_of
from napari_emseg.core.measure.table import Table
from napari_emseg.ui.tables.model import Cell, Column, LongRows

_EDITED, _EDITED_COLOR = "Edited since it was measured: measure again.", "#e69f00"
_KEYS = ("id", "neighbour")
_WHOLE = 1e4
"""From which on no digits stand behind the point."""


def columns_of(table: Table) -> list[Column]:
    """Titles, as in a file, and what they mean."""
    return [Column(name, f"{help_of(name)} Click to sort.".strip()) for name in table.columns]


class TableRows(LongRows):
    """Some rows of a table, each by its number.

    Parameters
    ----------
    table : Table
        All rows.
    rows : (N,) array
        Numbers of those that are shown.
    edited : collection of int
        Ids of cells whose figures hold no more; these are marked.
    """

    def __init__(self, table: Table, rows: npt.NDArray[np.intp], edited: Collection[int]) -> None:
        self._columns, self._rows = list(table.columns.items()), rows
        self._edited = edited
        self._made: dict[int, list[Cell]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[int]:
        return iter(self._rows.tolist())

    def __getitem__(self, row: int) -> Sequence[Cell]:
        if row not in self._made:
            self._made[row] = [
                self._cell(name, values[row].item()) for name, values in self._columns
            ]
        return self._made[row]

    def values_of(self, column: int) -> npt.NDArray[Any]:
        """As `LongRows.values_of`."""
        return self._columns[column][1][self._rows]

    def _cell(self, name: str, value: float) -> Cell:
        if name in _KEYS and value in self._edited:
            return Cell(str(value), value, _EDITED_COLOR, _EDITED)
        return Cell(written(value), value)


def written(value: float) -> str:
    """A figure as it is read: four digits, whole numbers whole, a dash where there is none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if value != value:
        return "-"
    return f"{value:.0f}" if abs(value) >= _WHOLE else f"{value:.4g}"
