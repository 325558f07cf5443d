"""Slices worked through in a thread, one after the other, until done or stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from threading import Event, Thread
from typing import Any

from qtpy.QtCore import QObject, Qt, Signal

from napari_emseg.errors import EmsegError
from napari_emseg.ui.background.latest import throw


class StackRun(QObject):
    """Drains a generator in a thread, and hands its items over on the window's thread.

    Parameters
    ----------
    on_item : callable
        Called with each item.
    on_end : callable
        Called once at the end with an empty text, or with what was wrong; not after `stop`.
    """

    _ready = Signal(object, object)

    def __init__(
        self,
        on_item: Callable[[Any], None],
        on_end: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._on_item, self._on_end = on_item, on_end
        self._stopped: Event | None = None
        self._ready.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def is_running(self) -> bool:
        """Whether the end has not come yet."""
        return self._stopped is not None

    def start(self, make: Callable[[], Iterator[Any]]) -> None:
        """Begin; what ran before is stopped. ``make`` is called in the thread."""
        self.stop()
        self._stopped = stopped = Event()
        Thread(target=self._drain, args=(make, stopped), name="emseg-stack", daemon=True).start()

    def stop(self) -> None:
        """Hand nothing over any more, and end after the slice that is being made."""
        if self._stopped is not None:
            self._stopped.set()
            self._stopped = None

    def _drain(self, make: Callable[[], Iterator[Any]], stopped: Event) -> None:
        end = partial(self._end, "")
        try:
            with closing(make()) as items:  # type: ignore[type-var]
                for item in items:
                    if stopped.is_set():
                        return
                    self._ready.emit(stopped, partial(self._on_item, item))
        except EmsegError as error:
            end = partial(self._end, str(error))
        except Exception as error:  # noqa: BLE001  a bug must reach the window, not vanish
            end = partial(throw, error)
        self._ready.emit(stopped, end)

    def _end(self, message: str) -> None:
        self._stopped = None
        self._on_end(message)

    def _deliver(self, stopped: Event, call: Callable[[], None]) -> None:
        if stopped is self._stopped:
            call()
