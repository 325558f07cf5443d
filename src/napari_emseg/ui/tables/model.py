"""Rows of figures and words that sort, for tables of ten rows and of a hundred thousand."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QWidget

ICON_PX = 10
"""Edge of the square of a colour."""

_TINT = QColor(0, 122, 204, 90)
"""Of the row that is marked; it is seen on a dark and on a light ground."""

_ROLES = (
    Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.TextAlignmentRole,
    Qt.ItemDataRole.DecorationRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.CheckStateRole,
)  # fmt: skip
"""For which a cell is needed."""


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


class LongRows(Mapping[Any, Sequence[Cell]]):
    """Rows of a long table, whose cells are made when they are seen; two are never equal."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @abstractmethod
    def values_of(self, column: int) -> npt.NDArray[Any]:
        """What a column is sorted by, (N,) numbers."""


class TableModel(QAbstractTableModel):
    """Rows by key, in the order in which they are given, or sorted by a column.

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
    keys : list
        What the rows are about, as they are seen.
    """

    ticked = Signal(object, bool)

    def __init__(
        self, columns: Sequence[Column], *, is_ticked: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._columns, self._is_ticked = tuple(columns), is_ticked
        self.keys: list[Hashable] = []
        self._rows: Rows = {}
        self._places: dict[Hashable, int] = {}
        self._sorted_by, self._is_falling = -1, False
        self._ticks: set[Hashable] = set()
        self._marked: Hashable | None = None

    def fill(self, rows: Rows, columns: Sequence[Column] | None = None) -> bool:
        """Take other rows, and columns; gives whether rows lie elsewhere than before."""
        has_others = columns is not None and tuple(columns) != self._columns
        before, self._rows, is_same = self.keys, rows, rows == self._rows and not has_others
        if has_others:
            self._columns, self._sorted_by = tuple(columns or ()), -1
        keys = self._in_order()
        if keys != before or has_others:
            self.beginResetModel()
            self._set_keys(keys)
            self.endResetModel()
            return True
        if not is_same:
            self._tell_changed()
        return False

    def row_of(self, key: Hashable) -> int | None:
        """Where the row of a key is seen; None where there is none."""
        return self._places.get(key)

    def tick(self, keys: Iterable[Hashable]) -> None:
        """Tick these rows and no others, without telling."""
        if (ticks := set(keys)) != self._ticks:
            self._ticks = ticks
            self._tell_changed()

    def mark(self, key: Hashable | None) -> None:
        """Lay a tint under the row of a key, and under no other one."""
        before, self._marked = self._marked, key
        for each in {before, key} - {None}:
            if (row := self.row_of(each)) is not None:
                self.dataChanged.emit(*self._ends(row, row))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column, the order in which rows were given for -1; no figure comes last."""
        self._sorted_by, self._is_falling = column, order == Qt.SortOrder.DescendingOrder
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        about = [(self.keys[each.row()], each.column()) for each in held]
        self._set_keys(self._in_order())
        moved = [self.index(self._places[key], at) for key, at in about]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()

    def _in_order(self) -> list[Hashable]:
        """Keys in the order of the column, or as they were given."""
        given = list(self._rows)
        is_sorted = 0 <= self._sorted_by < len(self._columns)
        return [given[k] for k in self._order()] if is_sorted else given

    def _order(self) -> Sequence[int]:
        """Places of the rows, as they were given, in the order of the column."""
        column, rows = self._sorted_by, self._rows
        if isinstance(rows, LongRows):
            return _argsort(rows.values_of(column), self._is_falling)
        values = [each[column].value for each in rows.values()]
        known = [k for k, value in enumerate(values) if _is_known(value)]
        known.sort(key=values.__getitem__, reverse=self._is_falling)  # type: ignore[arg-type]
        return [*known, *(k for k, value in enumerate(values) if not _is_known(value))]

    @property
    def sorted_by(self) -> tuple[int, Qt.SortOrder]:
        """Which column, -1 for none, and in which order."""
        order = Qt.SortOrder.DescendingOrder if self._is_falling else Qt.SortOrder.AscendingOrder
        return self._sorted_by, order

    def _set_keys(self, keys: list[Hashable]) -> None:
        self.keys, self._places = keys, {key: row for row, key in enumerate(keys)}

    def _tell_changed(self) -> None:
        if self.keys:
            self.dataChanged.emit(*self._ends(0, len(self.keys) - 1))

    def _ends(self, first: int, last: int) -> tuple[QModelIndex, QModelIndex]:
        return self.index(first, 0), self.index(last, len(self._columns) - 1)

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
        key = self.keys[index.row()]
        if role == Qt.ItemDataRole.BackgroundRole:
            return _TINT if key == self._marked else None
        if role not in _ROLES:
            return None
        cell = self._rows[key][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if cell.is_number else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DecorationRole and cell.color:
            return _square(cell.color)
        if role == Qt.ItemDataRole.ToolTipRole:
            return cell.tooltip or None
        if role == Qt.ItemDataRole.CheckStateRole and self._has_box(index):
            is_on = key in self._ticks
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


def _is_known(value: float | str | None) -> bool:
    return value is not None and value == value


def _argsort(values: npt.NDArray[Any], is_falling: bool) -> Sequence[int]:
    """Stable; NaN comes last."""
    if is_falling:
        values = -values.astype(np.float64)
    order: list[int] = np.argsort(values, kind="stable").tolist()
    return order


@cache
def _square(color: str) -> QIcon:
    pixmap = QPixmap(ICON_PX, ICON_PX)
    pixmap.fill(QColor(color))
    return QIcon(pixmap)
