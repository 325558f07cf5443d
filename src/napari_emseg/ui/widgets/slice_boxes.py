"""Slices as a row of boxes to click on, with counts below."""

from __future__ import annotations

from collections.abc import Iterable

from qtpy.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from qtpy.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from qtpy.QtWidgets import QLabel, QSizePolicy, QToolTip, QVBoxLayout, QWidget

_WIDTH, _GAP = 14, 2
_CELL = QSize(_WIDTH, 18)


_EDGE = "#808080"


_HERE, _HERE_PX = "#4c9be8", 3
"""How the slice that is seen is framed."""


class SliceBoxes(QWidget):
    """One box for each slice of a stack, in as many rows as they need.

    A left click goes to the slice, a right click turns it into something else. With the keyboard
    the arrow keys choose a slice, Enter goes there, and Space turns it.

    Parameters
    ----------
    name : str
        What the boxes tell, for screen readers.

    Attributes
    ----------
    total : int
        How many slices there are.
    wanted : Signal
        Emitted with the slice that a person wants to see.
    turned : Signal
        Emitted with the slice of which a person says something else.
    """

    wanted = Signal(int)
    turned = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.total = 0
        self._here: int | None = None
        self._at = 0
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(_CELL.width())

    def show_total(self, total: int) -> None:
        """Show so many boxes, drawn anew."""
        self.total = total
        self._fit()
        self.update()

    def box_of(self, z: int) -> QRect:
        """Where the box of a slice is drawn."""
        row, column = divmod(z, self._columns)
        step_x, step_y = _CELL.width() + _GAP, _CELL.height() + _GAP
        return QRect(QPoint(column * step_x, row * step_y), _CELL)

    def slice_at(self, at: QPoint) -> int | None:
        """The slice whose box is there."""
        column, row = at.x() // (_CELL.width() + _GAP), at.y() // (_CELL.height() + _GAP)
        z = row * self._columns + column
        return z if column < self._columns and 0 <= z < self.total else None

    # -- what is shown ---------------------------------------------------------------------

    def color_of(self, z: int) -> str:
        """Colour of a slice's box."""
        raise NotImplementedError

    def text_of(self, z: int) -> str:
        """What is said of a slice that is pointed at."""
        raise NotImplementedError

    def show_here(self, z: int | None) -> None:
        """Frame the slice that is seen."""
        if z != self._here:
            self._here = z
            self.update()

    def _choose(self, z: int) -> None:
        """Have the keyboard at a slice, and say which one it is."""
        self._at = min(max(z, 0), self.total - 1)
        self.update()
        said = self.text_of(self._at)
        self.setAccessibleDescription(said)
        QToolTip.showText(self.mapToGlobal(self.box_of(self._at).bottomLeft()), said, self)

    def _edge_of(self, z: int) -> QPen:
        if z == self._at and self.hasFocus():
            return QPen(self.palette().windowText(), _HERE_PX, Qt.PenStyle.DotLine)
        return QPen(QColor(_HERE), _HERE_PX) if z == self._here else QPen(QColor(_EDGE))

    def _press(self, z: int, button: Qt.MouseButton) -> None:
        if button == Qt.MouseButton.LeftButton:
            self.wanted.emit(z)
        elif button == Qt.MouseButton.RightButton:
            self.turned.emit(z)

    @property
    def _columns(self) -> int:
        return max(1, (int(self.width()) + _GAP) // (_WIDTH + _GAP))

    def _fit(self) -> None:
        rows = -(-self.total // self._columns)
        self.setFixedHeight(max(1, rows * (_CELL.height() + _GAP)))

    # -- what Qt calls ---------------------------------------------------------------------

    def resizeEvent(self, _: QResizeEvent | None) -> None:  # noqa: N802  Qt's name
        """Take as many rows as the new width needs."""
        self._fit()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draw the boxes that can be seen."""
        painter = QPainter(self)
        for z in range(self.total):
            box = self.box_of(z)
            if event is None or box.intersects(event.rect()):
                painter.setPen(self._edge_of(z))
                painter.setBrush(QColor(self.color_of(z)))
                painter.drawRect(box.adjusted(0, 0, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Find the slice that was clicked on."""
        z = None if event is None else self.slice_at(event.position().toPoint())
        if z is not None and event is not None:
            self._at = z
            self._press(z, event.button())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Choose a slice, go to it, or turn it."""
        if event is None or not self.total:
            return
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self._columns, Qt.Key.Key_Down: self._columns,
            Qt.Key.Key_Home: -self.total, Qt.Key.Key_End: self.total,
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in steps:
            self._choose(self._at + steps[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.wanted.emit(self._at)
        elif key == Qt.Key.Key_Space:
            self.turned.emit(self._at)
            self._choose(self._at)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent | None) -> bool:
        """Say which slice is pointed at."""
        if isinstance(event, QHelpEvent):
            z = self.slice_at(event.pos())
            QToolTip.showText(event.globalPos(), "" if z is None else self.text_of(z), self)
            return True
        return bool(super().event(event))


class Counts(QWidget):
    """What colours mean, and how many slices have each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = QLabel()
        self._label.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._label)

    def show_counts(self, parts: Iterable[tuple[str, str, int]]) -> None:
        """Show colours, what they mean, and how often they occur, if they do."""
        self._label.setText(
            " &nbsp; ".join(
                f'<span style="color:{color}">&#9632;</span>&nbsp;{_unbroken(text)}&nbsp;{count}'
                for color, text, count in parts
                if count
            )
        )


def _unbroken(text: str) -> str:
    return text.replace(" ", "&nbsp;")
