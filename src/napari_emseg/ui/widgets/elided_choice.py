"""A field of long names, cut in their middle: what tells them apart is often at the end."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QPoint, Qt
from qtpy.QtGui import QFontMetrics, QHelpEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolTip,
)

_LETTERS = 14
"""Of a name that there is room for at least, and that the field asks for; it may get more."""


class ElidedChoice(QObject):
    """Draws what is chosen with its middle left out, and tells all of it to who points at it.

    Parameters
    ----------
    field : QComboBox
        It asks for no more room than some letters need, however long the names are.
    """

    def __init__(self, field: QComboBox) -> None:
        super().__init__(field)
        self._field = field
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        field.setSizeAdjustPolicy(policy)
        field.setMinimumContentsLength(_LETTERS)
        field.installEventFilter(self)
        self._list: QAbstractItemView | None = field.view()
        if self._list is not None:
            self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
            viewport = self._list.viewport()
            assert viewport is not None, "a list always has one"
            viewport.installEventFilter(self)

    @property
    def text(self) -> str:
        """What is drawn."""
        return str(self._option().currentText)

    def eventFilter(  # noqa: N802  Qt's name
        self, watched: QObject | None, event: QEvent | None
    ) -> bool:
        """Draw in the place of Qt, and tell whole names."""
        if event is None:
            return False
        # no field is held for this: events come also when Python has taken this apart, before Qt
        is_field = watched is self.parent()
        if is_field and event.type() == QEvent.Type.Paint:
            self._draw()
            return True
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            return self._tell(is_field, event.pos(), event.globalPos())
        return False

    def _draw(self) -> None:
        painter, option = QStylePainter(self._field), self._option()
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()

    def _option(self) -> QStyleOptionComboBox:
        field, option = self._field, QStyleOptionComboBox()
        field.initStyleOption(option)
        style = field.style()
        assert style is not None, "a widget always has one"
        room = style.subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option,
            QStyle.SubControl.SC_ComboBoxEditField, field,
        ).width()  # fmt: skip
        # a letter of margin: styles draw the text a little into the edit field
        room -= field.fontMetrics().averageCharWidth()
        option.currentText = _cut(field.currentText(), field.fontMetrics(), room)
        return option

    def _tell(self, is_field: bool, at: QPoint, on_screen: QPoint) -> bool:
        if is_field:
            is_cut = self.text != self._field.currentText()
            name = f"{self._field.currentText()}\n" if is_cut else ""
            QToolTip.showText(on_screen, f"{name}{self._field.toolTip()}", self._field)
        elif self._list is not None:
            QToolTip.showText(on_screen, str(self._list.indexAt(at).data() or ""), self._list)
        return True


def _cut(text: str, metrics: QFontMetrics, room: int) -> str:
    """A text that fits, of whose end twice as much is left as of its begin."""
    if metrics.horizontalAdvance(text) <= room:
        return text
    cuts = (f"{text[:k]}\u2026{text[-2 * k :]}" for k in range(len(text) // 3, 0, -1))
    return next((cut for cut in cuts if metrics.horizontalAdvance(cut) <= room), text[-1:])
