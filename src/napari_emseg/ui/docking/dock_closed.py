"""The end of a dock, which napari tells nobody about."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QWidget

_PARENT = QEvent.Type.ParentChange


class WhenClosed(QObject):
    """Calls a function when a docked widget is closed or destroyed.

    napari's cross does not close the widget in a dock but takes it out: it loses its parent, and
    lives on unseen for as long as somebody refers to it. Hiding or undocking is no end.

    Parameters
    ----------
    widget : QWidget
        What is docked.
    closed : callable
        Called without arguments; again only if the widget was docked again meanwhile.
    """

    def __init__(self, widget: QWidget, closed: Callable[[], object]) -> None:
        super().__init__(widget)
        self._closed = closed
        self._on_destroyed = lambda: closed()  # of no object, as this one is destroyed before
        self._is_over = False
        widget.installEventFilter(self)
        widget.destroyed.connect(self._on_destroyed)

    def eventFilter(  # noqa: N802  Qt's name
        self, watched: QObject | None, event: QEvent | None
    ) -> bool:
        """See each event of the widget before it does, and let it pass."""
        if watched is not None and event is not None and event.type() == _PARENT:
            self._follow(watched, is_over=watched.parent() is None)
        return False

    def _follow(self, widget: QObject, *, is_over: bool) -> None:
        if is_over == self._is_over:
            return
        self._is_over = is_over
        if is_over:
            # it may be collected much later, when what ``closed`` needs is half gone
            widget.destroyed.disconnect(self._on_destroyed)
            self._closed()
        else:
            widget.destroyed.connect(self._on_destroyed)
