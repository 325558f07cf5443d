"""Names of classes beside their colours; a click on one is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from psygnal import Signal
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QGridLayout, QSizePolicy, QToolButton, QWidget

_COLUMNS = 2
_SWATCH_PX = 12


class ClassLegend(QWidget):
    """A button for each class, with a swatch of its colour; hidden while there are none.

    Parameters
    ----------
    tooltip : str
        What a click does; ``{}`` stands for the name.

    Attributes
    ----------
    clicked : psygnal.Signal
        Emitted with the number of a class, counted from 1.
    buttons : list of QToolButton
        In the order of the classes.
    """

    clicked = Signal(int)

    def __init__(self, tooltip: str) -> None:
        super().__init__()
        self._tooltip = tooltip
        self._shown: tuple[tuple[str, ...], tuple[str, ...]] = (), ()
        self.buttons: list[QToolButton] = []
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

    def _button(self, name: str, color: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(name)
        button.setToolTip(self._tooltip.format(name))
        button.setIcon(_swatch(color))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setCheckable(True)
        # a long name is cut off rather than widen the dock
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        return button

    def _tell(self, number: int, _: bool) -> None:
        self.clicked.emit(number)


def _swatch(color: str) -> QIcon:
    pixmap = QPixmap(_SWATCH_PX, _SWATCH_PX)
    pixmap.fill(QColor(color))
    return QIcon(pixmap)
