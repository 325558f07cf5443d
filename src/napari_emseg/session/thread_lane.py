"""Work in a thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial

from napari_emseg.session.executor import Call, Calls, Lane, Task


class ThreadLane(Lane):
    """A `Lane` that is a thread.

    Parameters
    ----------
    name : str
        Of the thread.
    deliver : callable
        Calls on the session's thread what it is given, in order.
    """

    def __init__(self, name: str, deliver: Callable[[Call], None]) -> None:
        super().__init__()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"emseg-{name}")
        self._deliver, self._has_ended = deliver, False

    def wait(self) -> None:
        """As `Lane.wait`."""
        with suppress(RuntimeError):  # no thread is left for whom one could wait
            self._thread.submit(int).result()

    def stop(self, *, wait: bool = False) -> None:
        """As `Lane.stop`."""
        self.drop()
        self._has_ended = True
        self._thread.shutdown(wait=wait, cancel_futures=True)

    def _do(self, task: Task, calls: Calls) -> None:
        try:
            self._thread.submit(self._work, task, calls)
        except RuntimeError:
            if self._has_ended:
                task.stop()
            else:  # Python ends: no thread takes it, and what is to be written must not be lost
                self._work(task, calls)

    def _work(self, task: Task, calls: Calls) -> None:
        """In the thread."""
        if task.is_running:
            with closing(calls()) as made:  # type: ignore[type-var]
                for call in made:
                    if not task.is_running:
                        return
                    self._deliver(partial(task.hand_over, call))
        self._deliver(task.stop)
