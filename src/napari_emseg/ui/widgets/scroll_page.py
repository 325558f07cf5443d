"""Widgets below one another, which scroll where the screen is small."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

TOP_PX = 6
"""Between a dock's title and its first part, of which napari's theme would cut off the edge."""


SIDE_PX = 9
"""Beside what stands below a page, as beside what stands in it."""


class Page(QScrollArea):
    """Widgets below one another, at the top; scrolls downwards only.

    Parameters
    ----------
    *widgets : QWidget
        The first ones.
    grows : bool
        Whether the first of them takes the room that is left.
    """

    def __init__(self, *widgets: QWidget, grows: bool = False) -> None:
        super().__init__()
        self._inner = inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.addStretch()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(inner)
        for widget in widgets:
            self.add(widget)
        if grows:
            self._column.setStretchFactor(widgets[0], 1)

    def add(self, widget: QWidget) -> None:
        """Put a widget below the others."""
        self._column.insertWidget(self._column.count() - 1, widget)  # above the stretch

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's
        """As wide as the content and the bar need: it is never narrower than what it shows."""
        hint = super().minimumSizeHint()
        bar = self.verticalScrollBar()
        wide = 0 if bar is None else bar.sizeHint().width()
        hint.setWidth(self._inner.minimumSizeHint().width() + wide)
        return hint

    def eventFilter(  # noqa: N802  Qt's
        self, watched: QObject | None, event: QEvent | None
    ) -> bool:
        """Notice that the content has grown, as where a part of it was unfolded."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))
