"""Work in a thread of which only the newest counts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from qtpy.QtCore import QObject, Qt, Signal

from napari_emseg.errors import EmsegError


class Latest(QObject):
    """Hands results over on the window's thread; what is overtaken by newer work is dropped."""

    _ready = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="emseg-latest")
        self._number = 0
        self._pending: Future[None] | None = None
        self._ready.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def want(
        self,
        make: Callable[[], Any],
        then: Callable[[Any], None],
        failed: Callable[[str], None],
    ) -> None:
        """Call ``then`` with what ``make`` gives, or ``failed`` with what is wrong.

        Parameters
        ----------
        make : callable
            Runs in the thread, unless something newer is wanted before its turn.
        then : callable
            Called on the window's thread.
        failed : callable
            Called there with the message of an `EmsegError`; all else is raised.
        """
        self._number += 1
        if self._pending is not None:
            self._pending.cancel()
        self._pending = self._thread.submit(self._make, self._number, make, then, failed)

    def cancel(self) -> None:
        """Hand over nothing of what is wanted so far."""
        self._number += 1

    def stop(self) -> None:
        """Make nothing more, and hand nothing over."""
        self._number += 1
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _make(
        self,
        number: int,
        make: Callable[[], Any],
        then: Callable[[Any], None],
        failed: Callable[[str], None],
    ) -> None:
        try:
            call = partial(then, make())
        except EmsegError as error:
            call = partial(failed, str(error))
        except Exception as error:  # noqa: BLE001  a bug must reach the window, not vanish
            call = partial(throw, error)
        self._ready.emit(number, call)

    def _deliver(self, number: int, call: Callable[[], None]) -> None:
        if number == self._number:
            call()


def throw(error: Exception) -> None:
    """Raise what went wrong in a thread, where napari shows it."""
    raise error
