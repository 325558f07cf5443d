"""A worker process that is killed at random moments of its jobs."""

from __future__ import annotations

import os
import queue
import signal
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import numpy as np
import psutil

from napari_emseg.engine.worker import Worker
from napari_emseg.types import Cancelled, Event, Failed, Finished

PATIENCE_S = 900
"""Far more than any job of a test takes, on a busy machine too."""
Begun = Callable[[Event], bool]


class WorkerUnderFire:
    """Has jobs done, and kills over them.

    Parameters
    ----------
    seed : int
        Of the moments.

    Attributes
    ----------
    kills : int
        How many jobs were killed before their end.
    """

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._events: queue.Queue[tuple[int, Event]] = queue.Queue()
        self.worker = Worker(lambda number, event: self._events.put((number, event)))
        self.kills = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.worker.close()

    def do(self, job: Any, hear: Callable[[Event], object] = lambda _: None) -> Event:
        """The last event of a job that is left alone; ``hear`` is called with those before."""
        event = self._last(self.worker.submit(job), PATIENCE_S, lambda each: bool(hear(each)))
        assert event is not None, "it takes too long"
        return event

    def wait(self, number: int) -> Event:
        """The last event of a job that was submitted to `worker`."""
        event = self._last(number, PATIENCE_S)
        assert event is not None, "it takes too long"
        return event

    def kill_over(self, job: Any, seconds: float, *, begun: Begun | None = None) -> Event:
        """The last event of a job whose process is killed within so many seconds, if it lasts.

        Where ``begun`` is given, they count from the first event for which it is true.
        """
        number = self.worker.submit(job)
        if begun is not None and (ended := self._last(number, PATIENCE_S, begun)) is not None:
            return ended
        event = self._last(number, self._rng.uniform(0, seconds))
        if event is not None:
            return event
        pid = self.worker.pid
        family = psutil.Process(pid).children(recursive=True)
        os.kill(pid, signal.SIGKILL)
        event = self._last(number, PATIENCE_S)
        if isinstance(event, Failed):
            self.kills += 1
            assert event.crashed
            assert "The worker process was ended by SIGKILL" in event.message
            assert "It starts again with the next job" in event.message
        _, alive = psutil.wait_procs(family, timeout=5)
        assert not alive, [each.cmdline() for each in alive]
        return event

    def _last(self, number: int, seconds: float, begun: Begun | None = None) -> Event | None:
        """The last event of a job; None where none has come in time, or it has ``begun`` first."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                found, event = self._events.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return None
            assert found == number, "only one job at a time is asked for"
            if isinstance(event, Finished | Failed | Cancelled):
                return event
            if begun is not None and begun(event):
                return None
