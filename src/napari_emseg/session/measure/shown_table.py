"""Which of the tables a person sees, which rows of it, and which of these is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_emseg.core.measure.row_filter import matching_rows
from napari_emseg.core.measure.table import Table
from napari_emseg.core.measure.value_scale import ValueScale
from napari_emseg.errors import EmsegError

if TYPE_CHECKING:
    from napari_emseg.core.measure.measures import Measures

TABLES = {
    "cells": "A row a cell of the volume.",
    "profiles": "A row a cell in a slice.",
    "slices": "A row a slice.",
    "parts": "A row a part of a cell, such as a mitochondrion.",
    "contacts": "A row for two cells that touch.",
}
_UNDRAWN = ("id", "neighbour", "part")
_PREFERRED = ("volume", "area", "contact_area", "count")
_NOTHING = Table({})


class ShownTable:
    """One of the tables, as far as a filter lets it through.

    Attributes
    ----------
    changed : psygnal.Signal
        Emitted when another table, or other rows of it, are shown.
    column_changed : psygnal.Signal
        Emitted when another column is drawn.
    name : str
        Of the table, one of `names`; empty while there is none.
    filter : str
        What rows are shown, in the words of `core.measure.row_filter`.
    problem : str
        Why the filter is not understood, and all rows are shown; else empty.
    column : str
        Which is drawn, and coloured by; one of `columns`.
    rows : (N,) array
        Numbers of the rows that are shown, ascending.
    """

    changed = Signal()
    column_changed = Signal()

    def __init__(self) -> None:
        self._measures: Measures | None = None
        self.name = self.filter = self.problem = self.column = ""
        self.rows: npt.NDArray[np.intp] = np.arange(0)

    @property
    def names(self) -> list[str]:
        """The tables that there are."""
        return [name for name in TABLES if getattr(self._measures, name, None) is not None]

    @property
    def table(self) -> Table:
        """The table, with all rows; empty while there is none."""
        return getattr(self._measures, self.name) if self.name else _NOTHING

    @property
    def columns(self) -> list[str]:
        """Which columns can be drawn."""
        return [name for name in self.table.columns if name not in _UNDRAWN]

    @property
    def filtered(self) -> Table:
        """The table with the rows that are shown."""
        return Table({name: each[self.rows] for name, each in self.table.columns.items()})

    @property
    def values(self) -> npt.NDArray[Any]:
        """The column that is drawn, of the rows that are shown; empty while there is none."""
        return self.table[self.column][self.rows] if self.column else np.zeros(0)

    @property
    def scale(self) -> ValueScale | None:
        """From where to where the column goes, over all rows; None where there is no number."""
        return ValueScale.of(self.table[self.column]) if self.column else None

    def row_of(self, cell: int, z: int | None) -> int | None:
        """The row of a cell, in a table of profiles that of a slice; None where there is none."""
        if self.name not in ("cells", "profiles") or getattr(self._measures, "of_mask", False):
            return None
        found = self.table["id"] == cell
        if self.name == "profiles":
            found &= self.table["slice"] == z
        rows = np.flatnonzero(found)
        return int(rows[0]) if rows.size else None

    def colored(self, z: int | None) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Ids of cells and where on the scale their values lie, of those that are shown.

        In a table of profiles these are the cells of slice ``z``.

        Raises
        ------
        EmsegError
            If the rows of the table are no cells, or the labels no ids.
        """
        if getattr(self._measures, "of_mask", False):
            raise EmsegError("Colours: a mask has no ids to colour by; make cells of it first.")
        if self.name not in ("cells", "profiles"):
            raise EmsegError("Colours: choose the table cells or profiles, whose rows are cells.")
        table, scale = self.filtered, self.scale
        if scale is None:
            raise EmsegError(f"Colours: no cell has a value of {self.column}; choose another one.")
        ids, values = table["id"], table[self.column]
        if self.name == "profiles":
            here = table["slice"] == z
            ids, values = ids[here], values[here]
        return ids, scale.parts(values)

    def take(self, measures: Measures | None) -> None:
        """Show these tables, or none."""
        self._measures = measures
        names = self.names
        self._show(self.name if self.name in names else (names or [""])[0])

    def choose(self, name: str) -> None:
        """Show another table."""
        if name != self.name and name in self.names:
            self._show(name)

    def look_for(self, text: str) -> None:
        """Show the rows that a text asks for."""
        if text != self.filter:
            self.filter = text
            self._sift()
            self.changed.emit()

    def draw(self, column: str) -> None:
        """Draw another column."""
        if column != self.column and column in self.columns:
            self.column = column
            self.column_changed.emit()

    def _show(self, name: str) -> None:
        self.name = name
        columns = self.columns
        if self.column not in columns:
            likely = (each for start in _PREFERRED for each in columns if each.startswith(start))
            self.column = next(likely, (columns or [""])[0])
        self._sift()
        self.changed.emit()

    def _sift(self) -> None:
        self.problem, self.rows = "", np.arange(0)
        if not self.name:
            return
        try:
            self.rows = np.flatnonzero(matching_rows(self.table, self.filter))
        except EmsegError as error:
            self.problem, self.rows = str(error), np.arange(len(self.table))
