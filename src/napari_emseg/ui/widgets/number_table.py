"""Figures of slices as a table that sorts; a click on a row goes to the slice."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

_ROWS_SHOWN = 8


class FigureTable(QTableWidget):
    """A row for each slice, with figures.

    Parameters
    ----------
    titles : sequence of str
        Of the columns after the first, which is the slice.
    tooltips : sequence of str
        What each of them means.

    Attributes
    ----------
    picked : Signal
        Emitted with the slice whose row was clicked, or reached by the arrow keys.
    """

    picked = Signal(int)

    def __init__(
        self, titles: Sequence[str], tooltips: Sequence[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(0, 1 + len(titles), parent)
        self.setHorizontalHeaderLabels(["slice", *titles])
        for column, tooltip in enumerate(["Slice, from 0. Click on a title to sort.", *tooltips]):
            self.horizontalHeaderItem(column).setToolTip(tooltip)
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.setMinimumHeight(_ROWS_SHOWN * self.fontMetrics().height() * 2)
        self._is_filling = False
        self._filled: dict[int, tuple[float, ...]] = {}
        self.itemSelectionChanged.connect(self._tell)

    def show_rows(self, rows: Mapping[int, Iterable[float]]) -> None:
        """Show these figures by slice; order and selection stay."""
        filled = {z: tuple(figures) for z, figures in rows.items()}
        if filled == self._filled:
            return
        self._filled = filled
        chosen = self.chosen
        self._is_filling = True
        self.setSortingEnabled(False)
        self.setRowCount(len(filled))
        for row, (z, figures) in enumerate(filled.items()):
            self.setItem(row, 0, _Figure(z, str(z)))
            for column, value in enumerate(figures, start=1):
                self.setItem(row, column, _Figure(value, _words(value)))
        self.setSortingEnabled(True)
        if chosen is not None:
            self.choose(chosen)
        self._is_filling = False

    def choose(self, z: int) -> None:
        """Mark the row of a slice, without telling."""
        before, self._is_filling = self._is_filling, True
        row = next((k for k in range(self.rowCount()) if self._slice_of(k) == z), None)
        if row is None:
            self.clearSelection()
        elif row != self.currentRow() or not self.selectedItems():
            self.selectRow(row)
        self._is_filling = before

    @property
    def chosen(self) -> int | None:
        """The slice whose row is marked."""
        rows = self.selectionModel().selectedRows()
        return self._slice_of(rows[0].row()) if rows else None

    def _slice_of(self, row: int) -> int:
        return int(self.item(row, 0).text())

    def _tell(self) -> None:
        if not self._is_filling and self.chosen is not None:
            self.picked.emit(self.chosen)


class _Figure(QTableWidgetItem):
    """A cell that sorts by its value, not by its letters."""

    def __init__(self, value: float, text: str) -> None:
        super().__init__(text)
        self._value = value
        self.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def __lt__(self, other: QTableWidgetItem) -> bool:
        assert isinstance(other, _Figure)
        return bool(self._value < other._value)


def _words(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4f}"
