"""Names of classes beside their colours; a click on one is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from psygnal import Signal
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from qtpy.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

_COLUMNS = 2
_SWATCH_PX = 12


class ClassLegend(QWidget):
    """A button for each class, with a swatch of its colour; hidden while there are none.

    Parameters
    ----------
    tooltip : str
        What a click does; ``{}`` stands for the name.
    fades : bool
        Whether a class that is not held down is shown as hidden, rather than as not chosen.

    Attributes
    ----------
    clicked : psygnal.Signal
        Emitted with the number of a class, counted from 1.
    buttons : list of QPushButton
        In the order of the classes.
    """

    clicked = Signal(int)

    def __init__(self, tooltip: str, *, fades: bool = False) -> None:
        super().__init__()
        self._tooltip, self._fades = tooltip, fades
        self._shown: tuple[tuple[str, ...], tuple[str, ...]] = (), ()
        self.buttons: list[QPushButton] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self.hide()

    def show_classes(
        self, names: Sequence[str], colors: Sequence[str], checked: Collection[int]
    ) -> None:
        """Show these names with their colours; the numbers in ``checked`` are held down."""
        if self._shown != (now := (tuple(names), tuple(colors))):
            self._shown = now
            self._make_buttons(*now)
        for number, button in enumerate(self.buttons, start=1):
            button.setChecked(number in checked)
        self.setVisible(bool(self.buttons))

    def _make_buttons(self, names: tuple[str, ...], colors: tuple[str, ...]) -> None:
        for button in self.buttons:
            self._grid.removeWidget(button)
            button.deleteLater()
        self.buttons = [self._button(*each) for each in zip(names, colors, strict=False)]
        for k, button in enumerate(self.buttons):
            self._grid.addWidget(button, *divmod(k, _COLUMNS))
            button.clicked.connect(partial(self._tell, k + 1))

    def _button(self, name: str, color: str) -> QPushButton:
        button = QPushButton(self)
        button.setText(name)
        button.setToolTip(self._tooltip.format(name))
        button.setIcon(_swatch(color, fades=self._fades))
        button.setCheckable(True)
        # a long name is cut off rather than widen the dock
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        return button

    def _tell(self, number: int, _: bool) -> None:
        self.clicked.emit(number)


def _swatch(color: str, *, fades: bool) -> QIcon:
    """A square of the colour; where it fades, only its frame while the button is not down."""
    icon = QIcon()
    icon.addPixmap(_square(color, filled=True), QIcon.Mode.Normal, QIcon.State.On)
    icon.addPixmap(_square(color, filled=not fades), QIcon.Mode.Normal, QIcon.State.Off)
    return icon


def _square(color: str, *, filled: bool) -> QPixmap:
    pixmap = QPixmap(_SWATCH_PX, _SWATCH_PX)
    pixmap.fill(QColor(color) if filled else Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setPen(QPen(QColor(color), 2))
    painter.drawRect(1, 1, _SWATCH_PX - 2, _SWATCH_PX - 2)
    painter.end()
    return pixmap
