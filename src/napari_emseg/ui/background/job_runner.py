"""The window's one worker process, and its events on the window's thread."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

from qtpy.QtCore import QCoreApplication, QObject, Qt, Signal

from napari_emseg.engine.jobs import Job, PredictJob, TrainJob
from napari_emseg.engine.worker import CANCEL_GRACE_S, Worker
from napari_emseg.errors import EmsegError
from napari_emseg.io.scratch import Scratch
from napari_emseg.types import Cancelled, Event, Failed, Finished, Log

_LONG = {TrainJob: "training", PredictJob: "segmentation"}
"""Jobs that others may have to wait for."""


class JobRunner(QObject):
    """Gives jobs to the worker process; every event is delivered on the window's thread.

    Attributes
    ----------
    scratch : Scratch
        Where pixels lie that window and worker share.
    """

    _from_worker = Signal(int, object)
    _prepared = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self.scratch = Scratch()
        self._worker = Worker(self._from_worker.emit)
        self._tickets = count(1)
        self._listeners: dict[int, Callable[[Event], None]] = {}
        self._ticket_of: dict[int, int] = {}
        self._long: dict[int, str] = {}
        self._cancelled: set[int] = set()
        self._preparing = ThreadPoolExecutor(1, thread_name_prefix="emseg-prepare")
        queued = Qt.ConnectionType.QueuedConnection
        self._from_worker.connect(self._deliver, queued)
        self._prepared.connect(self._submit_prepared, queued)

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, None while there is none."""
        return self._worker.pid

    def submit(self, make_job: Callable[[], Job], on_event: Callable[[Event], None]) -> int:
        """Make a job in a thread, then have the worker do it.

        Parameters
        ----------
        make_job : callable
            Copies what the job needs into scratch files and returns the job. Runs outside the
            window's thread, since reading a lazy layer takes its time.
        on_event : callable
            Receives the job's events, on the window's thread. The last one is `Finished`,
            `Failed` or `Cancelled`. Where another job must end first, a `Log` says so.

        Returns
        -------
        int
            Ticket for `cancel`.
        """
        ticket = next(self._tickets)
        self._listeners[ticket] = on_event
        self._preparing.submit(self._prepare, ticket, make_job)
        return ticket

    def cancel(self, ticket: int, *, grace_s: float = CANCEL_GRACE_S) -> None:
        """Stop a job: politely first, then, after ``grace_s`` seconds, by ending the worker."""
        self._cancelled.add(ticket)
        for number, owner in self._ticket_of.items():
            if owner == ticket:
                self._worker.cancel(number, grace_s=grace_s)

    def abandon(self, ticket: int) -> None:
        """Stop a job whose listener is gone; nobody hears of it any more."""
        if self._listeners.pop(ticket, None) is not None:
            self.cancel(ticket)

    def close(self) -> None:
        """End the worker process and give up the scratch files."""
        self._listeners.clear()
        self._preparing.shutdown(wait=True, cancel_futures=True)
        self._worker.close()
        self.scratch.close()

    def _prepare(self, ticket: int, make_job: Callable[[], Job]) -> None:
        """In the thread: make the job, or the event that says why there is none."""
        try:
            outcome: Any = make_job()
        except EmsegError as error:
            outcome = Failed(str(error))
        except Exception as error:  # noqa: BLE001  a bug must reach the listener, not vanish
            outcome = Failed(f"{type(error).__name__}: {error}", details=traceback.format_exc())
        self._prepared.emit(ticket, outcome)

    def _submit_prepared(self, ticket: int, outcome: Any) -> None:
        if ticket in self._cancelled:
            outcome = Cancelled("Stopped before it began.")
        if isinstance(outcome, Failed | Cancelled):
            self._tell(ticket, outcome)
            return
        try:
            number = self._worker.submit(outcome)
        except EmsegError as error:
            self._tell(ticket, Failed(str(error)))
            return
        self._ticket_of[number] = ticket
        for before in list(self._long.values())[:1]:
            self._tell(ticket, Log(f"Waiting for the {before} to end, or to be stopped ..."))
        if type(outcome) in _LONG:
            self._long[number] = _LONG[type(outcome)]

    def _deliver(self, number: int, event: Event) -> None:
        if number in self._ticket_of:
            self._tell(self._ticket_of[number], event)
        if isinstance(event, Finished | Failed | Cancelled):
            self._ticket_of.pop(number, None)
            self._long.pop(number, None)

    def _tell(self, ticket: int, event: Event) -> None:
        listener = self._listeners.get(ticket)
        if isinstance(event, Finished | Failed | Cancelled):
            self._listeners.pop(ticket, None)
            self._cancelled.discard(ticket)
        if listener is not None:
            listener(event)


_runner: JobRunner | None = None


def job_runner() -> JobRunner:
    """The runner that all docks of this napari share; it ends with the application."""
    global _runner
    if _runner is None:
        _runner = JobRunner()
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(close_job_runner)
    return _runner


def close_job_runner() -> None:
    """End the shared runner; the next call of `job_runner` makes a new one."""
    global _runner
    runner, _runner = _runner, None
    if runner is not None:
        runner.close()
