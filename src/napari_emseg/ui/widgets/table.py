"""Rows of figures and words that sort; who clicks on one is led to what it is about."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from qtpy.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QModelIndex,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

_ICON_PX = 10
_ROWS_MEASURED = 30
"""That a column is fitted to: all rows of a long table would take a second."""

_SORT_ROLE = int(Qt.ItemDataRole.UserRole)


@dataclass(frozen=True)
class Column:
    """What stands above the cells of a column, and what it means."""

    title: str
    tooltip: str


@dataclass(frozen=True)
class Cell:
    """One cell.

    Parameters
    ----------
    text : str
        What is read.
    value : int, float or str, optional
        What is sorted by; None and NaN come after all others.
    color : str, optional
        Of a square before the text, such as ``#56b4e9``.
    tooltip : str
        What is read when it is pointed at.
    """

    text: str
    value: float | str | None = None
    color: str = ""
    tooltip: str = ""

    @property
    def is_number(self) -> bool:
        """Whether it stands on the right, as figures do."""
        return not isinstance(self.value, str)


def figure(value: float) -> Cell:
    """A score with four digits; a dash for NaN."""
    return Cell("-", math.nan) if math.isnan(value) else Cell(f"{value:.4f}", value)


def number(value: int) -> Cell:
    """A whole number."""
    return Cell(str(value), value)


Rows = Mapping[Any, Sequence[Cell]]
"""By what each row is about."""


class TableModel(QAbstractTableModel):
    """Rows by key, in the order in which they are given.

    Parameters
    ----------
    columns : sequence of Column
        The columns.
    is_ticked : bool
        Whether each row has a box to tick, in its first cell.

    Attributes
    ----------
    ticked : Signal
        Emitted with the key and whether it is ticked now, when a person has done so.
    """

    ticked = Signal(object, bool)

    def __init__(
        self, columns: Sequence[Column], *, is_ticked: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._columns, self._is_ticked = tuple(columns), is_ticked
        self.keys: list[Hashable] = []
        self._cells: list[tuple[Cell, ...]] = []
        self._ticks: set[Hashable] = set()

    def fill(self, rows: Rows) -> bool:
        """Take other rows; gives whether there are others than before, not only other cells."""
        keys, cells = list(rows), [tuple(each) for each in rows.values()]
        if keys != self.keys:
            self.beginResetModel()
            self.keys, self._cells = keys, cells
            self.endResetModel()
            return True
        if cells != self._cells:
            self._cells = cells
            self._tell_changed()
        return False

    def tick(self, keys: Iterable[Hashable]) -> None:
        """Tick these rows and no others, without telling."""
        if (ticks := set(keys)) != self._ticks:
            self._ticks = ticks
            self._tell_changed()

    def _tell_changed(self) -> None:
        if self.keys:
            last = self.index(len(self.keys) - 1, len(self._columns) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    # -- what Qt asks ----------------------------------------------------------------------

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802  Qt's
        """Rows; a cell has none."""
        return 0 if parent is not None and parent.isValid() else len(self.keys)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802  Qt's
        """Columns; a cell has none."""
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def headerData(  # noqa: N802  Qt's
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Title and tooltip of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = self._columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        return column.tooltip if role == Qt.ItemDataRole.ToolTipRole else None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows, or is sorted by."""
        cell = self._cells[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text
        if role == _SORT_ROLE:
            return None if isinstance(cell.value, float) and math.isnan(cell.value) else cell.value
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if cell.is_number else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DecorationRole and cell.color:
            return _square(cell.color)
        if role == Qt.ItemDataRole.ToolTipRole:
            return cell.tooltip or None
        if role == Qt.ItemDataRole.CheckStateRole and self._has_box(index):
            is_on = self.keys[index.row()] in self._ticks
            return Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked
        return None

    def setData(  # noqa: N802  Qt's
        self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Tick a row, or take the tick away."""
        if role != Qt.ItemDataRole.CheckStateRole or not self._has_box(index):
            return False
        key, is_on = self.keys[index.row()], Qt.CheckState(value) == Qt.CheckState.Checked
        self._ticks = self._ticks | {key} if is_on else self._ticks - {key}
        self.dataChanged.emit(index, index)
        self.ticked.emit(key, is_on)
        return True

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Cells can be chosen; boxes can be ticked."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsUserCheckable if self._has_box(index) else flags

    def _has_box(self, index: QModelIndex) -> bool:
        return self._is_ticked and index.column() == 0


class Table(QTableView):
    """A table of a `TableModel` that sorts by a click on a title.

    Parameters
    ----------
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
    rows : TableModel
        What is in it.
    """

    picked = Signal(object)

    def __init__(
        self,
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
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.rows)
        self._sorted.setSortRole(_SORT_ROLE)
        self.setModel(self._sorted)
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
        self.setIconSize(QSize(_ICON_PX, _ICON_PX))
        self.setMinimumHeight(rows_shown * 2 * self.fontMetrics().height())
        self.clicked.connect(self._on_clicked)

    # -- rows ------------------------------------------------------------------------------

    def show_rows(self, rows: Rows) -> None:
        """Show these, by key; order, selection and what is in sight stay."""
        chosen, scroll_bar = self.chosen, self.verticalScrollBar()
        assert scroll_bar is not None, "a table always has one"
        at = scroll_bar.value()
        before, self._is_silent = self._is_silent, True
        if self.rows.fill(rows):
            self.choose(chosen)
            scroll_bar.setValue(at)
        self._is_silent = before

    def choose(self, key: Hashable | None) -> None:
        """Mark the row of a key, without telling; none where there is no such row."""
        before, self._is_silent = self._is_silent, True
        if key not in self.rows.keys:
            self.clearSelection()
        elif key != self.chosen:
            source = self.rows.index(self.rows.keys.index(key), 0)
            self.selectRow(self._sorted.mapFromSource(source).row())
        self._is_silent = before

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
        return self.rows.keys[self._sorted.mapToSource(self._sorted.index(row, 0)).row()]

    def text_at(self, row: int, column: int) -> str:
        """What is read in a cell, counted as they are seen."""
        return str(self._sorted.index(row, column).data())

    # -- picking ---------------------------------------------------------------------------

    def selectionChanged(  # noqa: N802  Qt's
        self, selected: QItemSelection, deselected: QItemSelection
    ) -> None:
        """Tell of a row that was reached, by the mouse or the keys."""
        super().selectionChanged(selected, deselected)
        if selected.count() and not self._is_silent:
            self.picked.emit(self.chosen)

    def _on_clicked(self, index: QModelIndex) -> None:
        """Again where it is marked already: the view may have moved since."""
        self.picked.emit(self.key_at(index.row()))


@cache
def _square(color: str) -> QIcon:
    pixmap = QPixmap(_ICON_PX, _ICON_PX)
    pixmap.fill(QColor(color))
    return QIcon(pixmap)
