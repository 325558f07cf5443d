"""Works that together would stall the window."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from qtpy.QtCore import QObject

from napari_emseg.ui.background.timers import later


class IdleQueue(QObject):
    """Does one work in each turn of the event loop, so that the window answers between them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._works: dict[Hashable, Callable[[], object]] = {}
        self._next = later(self, self._do_next)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return not self._works

    def want(self, key: Hashable, work: Callable[[], object]) -> None:
        """Do this soon, in place of what is wanted under the same key and not yet done."""
        self._works[key] = work
        if not self._next.isActive():  # else one who wants much would put it off for ever
            self._next.start()

    def cancel(self) -> None:
        """Do nothing of what is left."""
        self._next.stop()
        self._works.clear()

    def _do_next(self) -> None:
        work = self._works.pop(next(iter(self._works)))
        try:
            work()
        finally:
            if self._works:  # now, and not before: all that has become due meanwhile comes first
                self._next.start()
