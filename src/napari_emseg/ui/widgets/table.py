"""A table that sorts; who clicks on a row is led to what it is about."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from qtpy.QtCore import QEvent, QItemSelection, QModelIndex, QPoint, QSize, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from napari_emseg.ui.tables.model import (
    ICON_PX,
    Cell,
    Column,
    LongRows,
    Rows,
    TableModel,
    figure,
    number,
)

_ROWS_MEASURED = 30
"""That a column is fitted to: all rows of a long table would take a second."""


class Table(QTableView):
    """A table of a `TableModel` that sorts by a click on a title.

    Parameters
    ----------
    name : str
        What it lists, for screen readers.
    columns : sequence of Column
        The columns.
    rows_shown : int
        How many there is room for at least.
    is_dense : bool
        Whether rows are low and without lines between them, as in a list.
    is_ticked : bool
        Whether each row has a box to tick.
    sort_by : int, optional
        The column that it is sorted by at first; the order of the rows is kept without.
    widest : int, optional
        Letters that a column shows at most: longer names are cut in the middle.

    Attributes
    ----------
    picked : Signal
        Emitted with the key of the row that was clicked, or reached by the arrow keys.
    pointed : Signal
        Emitted with the key of the row that is pointed at; None when none is any more.
    rows : TableModel
        What is in it.
    """

    picked = Signal(object)
    pointed = Signal(object)

    def __init__(
        self,
        name: str,
        columns: Sequence[Column],
        *,
        rows_shown: int = 8,
        is_dense: bool = False,
        is_ticked: bool = False,
        sort_by: int | None = None,
        widest: int | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.rows = TableModel(columns, is_ticked=is_ticked)
        self.setModel(self.rows)
        self.setAccessibleName(name)
        self.setTabKeyNavigation(False)  # Tab leaves the table; the arrow keys go through it
        self._is_silent = False
        self._lay_out(rows_shown)
        if widest is not None:
            self._header.setMaximumSectionSize(widest * self.fontMetrics().averageCharWidth())
            self.setWordWrap(False)
            self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        if is_dense:
            self.setShowGrid(False)
            self._rows_header.setDefaultSectionSize(round(1.5 * self.fontMetrics().height()))
        order = Qt.SortOrder.AscendingOrder
        self._header.setSortIndicator(-1 if sort_by is None else sort_by, order)
        self.setSortingEnabled(True)

    def _lay_out(self, rows_shown: int) -> None:
        self._rows_header.hide()
        self._header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._header.setResizeContentsPrecision(_ROWS_MEASURED)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setIconSize(QSize(ICON_PX, ICON_PX))
        self.setMinimumHeight(rows_shown * 2 * self.fontMetrics().height())
        self.setMouseTracking(True)
        self.clicked.connect(self._on_clicked)
        self.entered.connect(lambda index: self.pointed.emit(self.key_at(index.row())))

    # -- rows ------------------------------------------------------------------------------

    def show_rows(self, rows: Rows, columns: Sequence[Column] | None = None) -> None:
        """Show these, by key; order, selection and what is in sight stay.

        With other ``columns`` than before the rows come in the order in which they are given.
        """
        chosen, scroll_bar = self.chosen, self.verticalScrollBar()
        assert scroll_bar is not None, "a table always has one"
        at = scroll_bar.value()
        before, self._is_silent = self._is_silent, True
        if self.rows.fill(rows, columns):
            self._header.setSortIndicator(*self.rows.sorted_by)
            self.choose(chosen)
            scroll_bar.setValue(at)
        self._is_silent = before

    def choose(self, key: Hashable | None) -> None:
        """Mark the row of a key, without telling; none where there is no such row."""
        before, self._is_silent = self._is_silent, True
        if (row := self.rows.row_of(key)) is None:
            self.clearSelection()
        elif key != self.chosen:
            self.selectRow(row)
        self._is_silent = before

    def mark(self, key: Hashable | None) -> None:
        """Lay a tint under the row of a key, and bring it in sight; under none for None."""
        self.rows.mark(key)
        if (row := self.rows.row_of(key)) is not None:
            at = self.indexAt(QPoint(0, 0)).column()  # not to and fro
            self.scrollTo(self.rows.index(row, max(at, 0)))

    def step(self, by: int) -> None:
        """Pick the row so many below the one that is marked, as far as there are; else the first.

        Its key is told also where it is marked already: the view may have moved since.
        """
        if self.rows.keys:
            marked = [] if (now := self.selectionModel()) is None else now.selectedRows()
            row = marked[0].row() + by if marked else 0
            self.choose(self.key_at(min(max(row, 0), len(self.rows.keys) - 1)))
            self.picked.emit(self.chosen)

    @property
    def chosen(self) -> Any:
        """The key of the row that is marked; None where none is."""
        selection = self.selectionModel()
        selected = [] if selection is None else selection.selectedRows()
        return self.key_at(selected[0].row()) if selected else None

    @property
    def _header(self) -> QHeaderView:
        header = self.horizontalHeader()
        assert header is not None, "a table always has one"
        return header

    @property
    def _rows_header(self) -> QHeaderView:
        header = self.verticalHeader()
        assert header is not None, "a table always has one"
        return header

    def key_at(self, row: int) -> Any:
        """What a row is about, counted as they are seen."""
        return self.rows.keys[row]

    def text_at(self, row: int, column: int) -> str:
        """What is read in a cell, counted as they are seen."""
        return str(self.rows.index(row, column).data())

    # -- picking ---------------------------------------------------------------------------

    def selectionChanged(  # noqa: N802  Qt's
        self, selected: QItemSelection, deselected: QItemSelection
    ) -> None:
        """Tell of a row that was reached, by the mouse or the keys."""
        super().selectionChanged(selected, deselected)
        if selected.count() and not self._is_silent:
            self.picked.emit(self.chosen)

    def leaveEvent(self, event: QEvent | None) -> None:  # noqa: N802  Qt's
        """Nothing is pointed at any more."""
        super().leaveEvent(event)
        self.pointed.emit(None)

    def _on_clicked(self, index: QModelIndex) -> None:
        """Again where it is marked already: the view may have moved since."""
        self.picked.emit(self.key_at(index.row()))


__all__ = ["Cell", "Column", "LongRows", "Rows", "Table", "TableModel", "figure", "number"]
