"""The executor of the window: threads work, and results are handed over on the window's thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject, Qt, QTimer, Signal

from napari_emseg.session.executor import Call, Lane, Timer
from napari_emseg.session.thread_lane import ThreadLane


class QtExecutor(QObject):
    """An `Executor` over Qt's event loop.

    Parameters
    ----------
    parent : QObject, optional
        With it all timers end, and nothing is handed over any more.
    """

    _ready = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # the types of PyQt do not know the second argument
        connect: Any = self._ready.connect
        connect(self._call, Qt.ConnectionType.QueuedConnection)

    def lane(self, name: str) -> Lane:
        """As `Executor.lane`."""
        return ThreadLane(name, self.deliver)

    def timer(self, call: Call, delay_s: float = 0.0) -> Timer:
        """As `Executor.timer`."""
        return _QtTimer(self, call, delay_s)

    def deliver(self, call: Call) -> None:
        """As `Executor.deliver`; where the window is gone already, nothing happens."""
        try:
            self._ready.emit(call)
        except RuntimeError:  # Qt has deleted this object, and with it who would be called
            return

    def _call(self, call: Callable[[], object]) -> None:
        call()


class _QtTimer(QTimer):
    def __init__(self, parent: QObject, call: Call, delay_s: float) -> None:
        super().__init__(parent)
        self._then = call
        self.setSingleShot(True)
        self.setInterval(round(1000 * delay_s))
        self.timeout.connect(self._fire)

    @property
    def is_active(self) -> bool:
        return bool(self.isActive())

    def _fire(self) -> None:
        self._then()
