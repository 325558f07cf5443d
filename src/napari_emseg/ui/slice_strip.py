"""A strip of slices, coloured by what each is for; a click gives the next role."""

from __future__ import annotations

from typing import ClassVar

from qtpy.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from qtpy.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from qtpy.QtWidgets import QLabel, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from napari_emseg.core.roles import Role, Roles

COLORS: dict[Role, str] = {
    "train": "#1f77b4",
    "validate": "#d95f02",
    "both": "#7b5fa5",
    "not used": "#808080",
    "not labelled": "transparent",
}
_WIDTH, _GAP = 14, 2
_CELL = QSize(_WIDTH, 18)
_EDGE = "#808080"


class SliceStrip(QWidget):
    """One box for each slice of a stack, in as many rows as they need.

    Attributes
    ----------
    changed : Signal
        Emitted with the new `Roles` when a person has clicked.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.roles, self.total = Roles(), 0
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(_CELL.width())

    def show_roles(self, roles: Roles, total: int) -> None:
        """Show the roles of so many slices."""
        self.roles, self.total = roles, total
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

    @property
    def _columns(self) -> int:
        return max(1, (int(self.width()) + _GAP) // (_WIDTH + _GAP))

    def _fit(self) -> None:
        rows = -(-self.total // self._columns)
        self.setFixedHeight(max(1, rows * (_CELL.height() + _GAP)))

    # -- what Qt calls ---------------------------------------------------------------------

    def resizeEvent(self, _: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Take as many rows as the new width needs."""
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw the boxes that can be seen."""
        painter = QPainter(self)
        painter.setPen(QColor(_EDGE))
        for z in range(self.total):
            box = self.box_of(z)
            if box.intersects(event.rect()):
                painter.setBrush(QColor(COLORS[self.roles.of(z)]))
                painter.drawRect(box.adjusted(0, 0, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Give the slice its next role."""
        z = self.slice_at(event.position().toPoint())
        if z is None or event.button() != Qt.MouseButton.LeftButton:
            return
        roles = self.roles.turned(z)
        if roles != self.roles:
            self.show_roles(roles, self.total)
            self.changed.emit(roles)

    def event(self, event: QEvent) -> bool:
        """Say which slice is pointed at."""
        if isinstance(event, QHelpEvent):
            z = self.slice_at(event.pos())
            text = "" if z is None else f"Slice {z}: {self.roles.of(z)}"
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return bool(super().event(event))


class Legend(QWidget):
    """What the colours of a `SliceStrip` mean, and how many slices have each."""

    _shown: ClassVar[tuple[Role, ...]] = ("train", "validate", "both", "not used")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = QLabel()
        self._label.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._label)

    def show_roles(self, roles: Roles) -> None:
        """Count the slices of each role."""
        counts = dict.fromkeys(self._shown, 0)
        for z in roles.labelled:
            counts[roles.of(z)] += 1
        parts = [
            f'<span style="color:{COLORS[role]}">&#9632;</span>&nbsp;{_what(role)}&nbsp;{count}'
            for role, count in counts.items()
            if count
        ]
        self._label.setText(" &nbsp; ".join(parts))


def _what(role: Role) -> str:
    return "train&nbsp;and&nbsp;validate" if role == "both" else role.replace(" ", "&nbsp;")
