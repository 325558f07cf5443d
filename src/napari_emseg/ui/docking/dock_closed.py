"""The end of a dock, which napari tells nobody about."""

from __future__ import annotations

import atexit
from collections.abc import Callable

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QWidget

_PARENT, _SHOWN = QEvent.Type.ParentChange, QEvent.Type.Show
_ABOUT_TO_GO = QEvent.Type.DeferredDelete


class WhenClosed(QObject):
    """Calls a function when a docked widget is closed or destroyed.

    napari's cross does not close the widget in a dock but takes it out: it loses its parent, and
    lives on unseen for as long as somebody refers to it. Hiding or undocking is no end. A window
    that closes destroys the canvas before the docks, so that ``closed`` is called when the window
    is about to be destroyed, with all of it still there. A script may end without closing it: then
    ``closed`` is called before Qt destroys it all, in an order of its own.

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
        self._is_over = False

        def end() -> None:  # no method: Qt forgets those of this object, which it destroys before
            atexit.unregister(self._at_exit)
            closed()

        self._on_destroyed = end
        widget.installEventFilter(self)
        self._wait_for_end(widget)

    def eventFilter(  # noqa: N802  Qt's name
        self, watched: QObject | None, event: QEvent | None
    ) -> bool:
        """See each event of the widget, and of its window, before they do, and let it pass."""
        # the widget is not held: what holds it, and the window through it, keeps both alive
        widget = self.parent()
        if event is None or not isinstance(widget, QWidget):
            return False
        if event.type() == _ABOUT_TO_GO:
            self._follow(widget, is_over=True)
        elif watched is not widget:
            return False
        elif event.type() == _PARENT:
            self._follow(widget, is_over=widget.parent() is None)
        elif event.type() == _SHOWN and (window := widget.window()) is not widget and window:
            window.installEventFilter(self)
        return False

    def _follow(self, widget: QObject, *, is_over: bool) -> None:
        if is_over == self._is_over:
            return
        self._is_over = is_over
        if is_over:
            # it may be collected much later, when what ``closed`` needs is half gone
            widget.destroyed.disconnect(self._on_destroyed)
            atexit.unregister(self._at_exit)
            self._closed()
        else:
            self._wait_for_end(widget)

    def _wait_for_end(self, widget: QObject) -> None:
        widget.destroyed.connect(self._on_destroyed)
        atexit.register(self._at_exit)

    def _at_exit(self) -> None:
        widget = self.parent()
        if widget is not None:
            self._follow(widget, is_over=True)
