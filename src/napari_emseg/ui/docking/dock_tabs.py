"""Docks of ours lie on one another, a tab each, instead of sharing the height of the window."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from napari_emseg.ui.docking.close_guard import parent_of

_OURS = "napari_emseg_dock"


class TabWithOthers(QObject):
    """Lays the dock of a widget on another one of ours on the same side of the window.

    napari puts a new dock below the others, and a window that is too low for all of them grows
    beyond the screen. Once it is shown a dock stays where a person drags it.

    Parameters
    ----------
    widget : QWidget
        What is docked.
    """

    _is_placed = False

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        widget.setProperty(_OURS, True)
        widget.installEventFilter(self)

    def eventFilter(  # noqa: N802  Qt's name
        self, watched: QObject | None, event: QEvent | None
    ) -> bool:
        """See each event of the widget before it does, and let it pass."""
        # nothing is held: events come also when Python has taken this apart, before Qt does
        if isinstance(watched, QWidget) and event is not None:
            if event.type() == QEvent.Type.ParentChange:
                self._is_placed = False
            elif event.type() == QEvent.Type.Show and not self._is_placed:
                self._is_placed = True
                _place(watched)
        return False


def _place(widget: QWidget) -> None:
    dock: QDockWidget | None = parent_of(widget, QDockWidget)
    window: QMainWindow | None = parent_of(widget, QMainWindow)
    if dock is None or window is None:
        return
    # napari's name of a dock ends in that of the plugin, of which a tab would only show dots
    dock.setWindowTitle(dock.windowTitle().partition(" (")[0])
    area = window.dockWidgetArea(dock)
    for other in reversed(window.findChildren(QDockWidget)):
        if other is not dock and _is_ours(other) and window.dockWidgetArea(other) == area:
            window.tabifyDockWidget(other, dock)
            dock.raise_()
            return


def _is_ours(dock: QDockWidget) -> bool:
    inner = dock.widget()
    return inner is not None and bool(inner.property(_OURS)) and not dock.isFloating()
