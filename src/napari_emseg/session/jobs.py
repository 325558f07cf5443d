"""Jobs of sessions: they are made beside the window, done by the worker, and told of in order."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any, Protocol

from napari_emseg.engine.jobs import Job, PredictJob, TrainJob
from napari_emseg.engine.worker import CANCEL_GRACE_S, Worker
from napari_emseg.errors import EmsegError
from napari_emseg.io.scratch import Scratch
from napari_emseg.session.executor import Executor
from napari_emseg.types import Cancelled, Event, Failed, Finished, Log

_LONG = {TrainJob: "training", PredictJob: "segmentation"}
"""Jobs that others may have to wait for."""


class Jobs(Protocol):
    """Who does the jobs of sessions.

    Attributes
    ----------
    scratch : Scratch
        Where pixels lie that session and job share.
    """

    scratch: Scratch

    def submit(self, make_job: Callable[[], Job], on_event: Callable[[Event], None]) -> int:
        """Make a job beside the window, then have it done.

        Parameters
        ----------
        make_job : callable
            Copies what the job needs into scratch files and returns the job.
        on_event : callable
            Receives the job's events on the session's thread. The last one is `Finished`, `Failed`
            or `Cancelled`. Where another job must end first, a `Log` says so.

        Returns
        -------
        int
            Ticket for `cancel`.
        """

    def cancel(self, ticket: int, *, grace_s: float = CANCEL_GRACE_S) -> None:
        """Stop a job: politely first, then, after ``grace_s`` seconds, by ending the worker."""

    def abandon(self, ticket: int) -> None:
        """Stop a job whose listener is gone; nobody hears of it any more."""


class WorkerJobs:
    """Has the worker process do the jobs.

    Parameters
    ----------
    executor : Executor
        Hands the worker's events over.
    """

    def __init__(self, executor: Executor) -> None:
        self.scratch = Scratch()
        self._executor = executor
        self._worker = Worker(self._hear)
        self._preparing = executor.lane("prepare")
        self._tickets = count(1)
        self._listeners: dict[int, Callable[[Event], None]] = {}
        self._ticket_of: dict[int, int] = {}
        self._long: dict[int, str] = {}
        self._cancelled: set[int] = set()

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, None while there is none."""
        return self._worker.pid

    def submit(self, make_job: Callable[[], Job], on_event: Callable[[Event], None]) -> int:
        """As `Jobs.submit`."""
        ticket = next(self._tickets)
        self._listeners[ticket] = on_event
        self._preparing.run(partial(_prepared, make_job), partial(self._begin, ticket))
        return ticket

    def cancel(self, ticket: int, *, grace_s: float = CANCEL_GRACE_S) -> None:
        """As `Jobs.cancel`."""
        self._cancelled.add(ticket)
        for number, owner in self._ticket_of.items():
            if owner == ticket:
                self._worker.cancel(number, grace_s=grace_s)

    def abandon(self, ticket: int) -> None:
        """As `Jobs.abandon`."""
        if self._listeners.pop(ticket, None) is not None:
            self.cancel(ticket)

    def close(self) -> None:
        """End the worker process and give up the scratch files."""
        self._listeners.clear()
        self._preparing.stop(wait=True)  # it copies into scratch files
        self._worker.close()
        self.scratch.close()

    def _begin(self, ticket: int, job: Any) -> None:
        if ticket in self._cancelled:
            job = Cancelled("Stopped before it began.")
        if isinstance(job, Failed | Cancelled):
            self._tell(ticket, job)
            return
        try:
            number = self._worker.submit(job)
        except EmsegError as error:
            self._tell(ticket, Failed(str(error)))
            return
        self._ticket_of[number] = ticket
        for before in list(self._long.values())[:1]:
            self._tell(ticket, Log(f"Waiting for the {before} to end, or to be stopped ..."))
        if type(job) in _LONG:
            self._long[number] = _LONG[type(job)]

    def _hear(self, number: int, event: Event) -> None:
        """In the thread that reads what the worker says."""
        self._executor.deliver(partial(self._deliver, number, event))

    def _deliver(self, number: int, event: Event) -> None:
        if number in self._ticket_of:
            self._tell(self._ticket_of[number], event)
        if _is_last(event):
            self._ticket_of.pop(number, None)
            self._long.pop(number, None)

    def _tell(self, ticket: int, event: Event) -> None:
        listener = self._listeners.get(ticket)
        if _is_last(event):
            self._listeners.pop(ticket, None)
            self._cancelled.discard(ticket)
        if listener is not None:
            listener(event)


def _prepared(make_job: Callable[[], Job]) -> Any:
    """The job, or the event that says why there is none."""
    try:
        return make_job()
    except EmsegError as error:
        return Failed(str(error))
    except Exception as error:  # noqa: BLE001  a bug must reach the listener, not vanish
        return Failed(f"{type(error).__name__}: {error}", details=traceback.format_exc())


def _is_last(event: Event) -> bool:
    return isinstance(event, Finished | Failed | Cancelled)
