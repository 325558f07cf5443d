"""Works that together would stall who waits."""

from __future__ import annotations

from collections import deque

from napari_emseg.session.executor import Call, Executor


class Turns:
    """Does one work in each turn of the loop, in order, so that the window answers between them.

    Parameters
    ----------
    executor : Executor
        Gives the turns.
    """

    def __init__(self, executor: Executor) -> None:
        self._works: deque[Call] = deque()
        self._executor = executor  # with which the timer would end
        self._next = executor.timer(self._do_next)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return not self._works

    def want(self, *works: Call) -> None:
        """Do these after all that was wanted before."""
        self._works.extend(works)
        if self._works and not self._next.is_active:
            self._next.start()

    def cancel(self) -> None:
        """Do nothing of what is left."""
        self._next.stop()
        self._works.clear()

    def finish(self) -> None:
        """Do at once what is left: nobody looks any more."""
        self._next.stop()
        while self._works:
            self._works.popleft()()

    def _do_next(self) -> None:
        work = self._works.popleft()
        try:
            work()
        finally:
            if self._works:  # now, and not before: all that has become due meanwhile comes first
                self._next.start()
