"""Widgets below one another, which scroll where the screen is small."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget


class _Page(QScrollArea):
    """Scrolls downwards only, so it is never narrower than what it shows."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's
        """As wide as the content and the bar need."""
        hint = super().minimumSizeHint()
        bar = self.verticalScrollBar().sizeHint().width()
        hint.setWidth(self.widget().minimumSizeHint().width() + bar)
        return hint

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's
        """Notice that the content has grown, as where a part of it was unfolded."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))


def page_of(*widgets: QWidget) -> QScrollArea:
    """Put widgets below one another, at the top."""
    inner = QWidget()
    layout = QVBoxLayout(inner)
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch()
    page = _Page()
    page.setWidgetResizable(True)
    page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    page.setFrameShape(QFrame.Shape.NoFrame)
    page.setWidget(inner)
    return page
