"""The end of a dock, which napari tells nobody about."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QWidget


class WhenClosed(QObject):
    """Calls a function when a docked widget is closed or destroyed.

    napari's cross does not close the widget in a dock but takes it out: it loses its parent, and
    lives on unseen for as long as somebody refers to it. Hiding or undocking is no end.

    Parameters
    ----------
    widget : QWidget
        What is docked.
    closed : callable
        Called without arguments; more than once if it was closed before it was destroyed.
    """

    def __init__(self, widget: QWidget, closed: Callable[[], object]) -> None:
        super().__init__(widget)
        self._closed = closed
        widget.installEventFilter(self)
        widget.destroyed.connect(lambda: closed())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """See each event of the widget before it does, and let it pass."""
        if event.type() == QEvent.Type.ParentChange and watched.parent() is None:
            self._closed()
        return False
