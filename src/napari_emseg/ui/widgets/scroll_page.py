"""Widgets below one another, which scroll where the screen is small."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget


class Page(QScrollArea):
    """Widgets below one another, at the top; scrolls downwards only.

    Parameters
    ----------
    *widgets : QWidget
        The first ones.
    """

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        inner = QWidget()
        QVBoxLayout(inner).addStretch()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(inner)
        for widget in widgets:
            self.add(widget)

    def add(self, widget: QWidget) -> None:
        """Put a widget below the others."""
        layout = self.widget().layout()
        layout.insertWidget(layout.count() - 1, widget)  # above the stretch

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's
        """As wide as the content and the bar need: it is never narrower than what it shows."""
        hint = super().minimumSizeHint()
        bar = self.verticalScrollBar().sizeHint().width()
        hint.setWidth(self.widget().minimumSizeHint().width() + bar)
        return hint

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's
        """Notice that the content has grown, as where a part of it was unfolded."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))
