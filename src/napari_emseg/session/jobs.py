"""Jobs of sessions: they are made beside the window, done by workers, and told of in order.

Trainings have a worker of their own: they take hours, and who segments meanwhile need not wait. The
two share the machine, and both become slower (`benchmarks/bench_beside.py`). Another one waits for
what a cluster does.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any, Literal, Protocol, TypeAlias, get_args

from napari_emseg.engine.jobs import BlocksJob, Job, PredictJob, StepTimeJob, TrainJob
from napari_emseg.engine.worker import CANCEL_GRACE_S, Worker
from napari_emseg.errors import EmsegError
from napari_emseg.io.scratch import Scratch
from napari_emseg.session.executor import Executor
from napari_emseg.types import Cancelled, Event, Failed, Finished, Log

_LONG = {
    TrainJob: "training", StepTimeJob: "measuring", PredictJob: "segmentation",
    BlocksJob: "run on a cluster",
}  # fmt: skip
"""Jobs that others of the same worker may have to wait for."""

_MOST_GROWTH = 2**30
"""Bytes that trainings, one after the other, may come to take up."""

BESIDE = "A training runs beside it, so both take longer: about twice as long on 2 cores."

_What: TypeAlias = Literal["train", "blocks", "other"]
_WHOSE: dict[type[Any], _What] = {TrainJob: "train", StepTimeJob: "train", BlocksJob: "blocks"}
_Key: TypeAlias = tuple[_What, int]
"""A job by its worker, and by the number that this has given it."""


class Jobs(Protocol):
    """Who does the jobs of sessions.

    Attributes
    ----------
    scratch : Scratch
        Where pixels lie that session and job share.
    """

    scratch: Scratch

    @property
    def beside(self) -> str:
        """Why what is no training takes longer just now, in a sentence; else empty."""

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
    """Has worker processes do the jobs: one trainings, one those of clusters, another all else.

    Parameters
    ----------
    executor : Executor
        Hands the workers' events over.
    """

    def __init__(self, executor: Executor) -> None:
        self.scratch = Scratch()
        self._executor = executor
        whats: tuple[_What, ...] = get_args(_What)
        self._workers = {
            what: Worker(
                partial(self._hear, what),
                most_growth=_MOST_GROWTH if what == "train" else math.inf,
            )
            for what in whats
        }
        self._preparing = executor.lane("prepare")
        self._tickets = count(1)
        self._listeners: dict[int, Callable[[Event], None]] = {}
        self._ticket_of: dict[_Key, int] = {}
        self._long: dict[_Key, str] = {}
        self._cancelled: set[int] = set()

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker that does all else, None while there is none."""
        return self._workers["other"].pid

    @property
    def training_pid(self) -> int | None:
        """Likewise of the one that trains."""
        return self._workers["train"].pid

    @property
    def beside(self) -> str:
        """As `Jobs.beside`."""
        return BESIDE if any(what == "train" for what, _ in self._long) else ""

    def submit(self, make_job: Callable[[], Job], on_event: Callable[[Event], None]) -> int:
        """As `Jobs.submit`."""
        ticket = next(self._tickets)
        self._listeners[ticket] = on_event
        self._preparing.run(partial(_prepared, make_job), partial(self._begin, ticket))
        return ticket

    def cancel(self, ticket: int, *, grace_s: float = CANCEL_GRACE_S) -> None:
        """As `Jobs.cancel`."""
        self._cancelled.add(ticket)
        for (what, number), owner in self._ticket_of.items():
            if owner == ticket:
                self._workers[what].cancel(number, grace_s=grace_s)

    def abandon(self, ticket: int) -> None:
        """As `Jobs.abandon`."""
        if self._listeners.pop(ticket, None) is not None:
            self.cancel(ticket)

    def close(self) -> None:
        """End the worker processes and give up the scratch files."""
        self._listeners.clear()
        self._preparing.stop(wait=True)  # it copies into scratch files
        for worker in self._workers.values():
            worker.close()
        self.scratch.close()

    def _begin(self, ticket: int, job: Any) -> None:
        if ticket in self._cancelled:
            job = Cancelled("Stopped before it began.")
        if isinstance(job, Failed | Cancelled):
            self._tell(ticket, job)
            return
        what = _WHOSE.get(type(job), "other")
        try:
            key = what, self._workers[what].submit(job)
        except EmsegError as error:
            self._tell(ticket, Failed(str(error)))
            return
        self._ticket_of[key] = ticket
        for before in [name for (whose, _), name in self._long.items() if whose == what][:1]:
            self._tell(ticket, Log(f"Waiting for the {before} to end, or to be stopped ..."))
        if type(job) in _LONG:
            self._long[key] = _LONG[type(job)]

    def _hear(self, what: _What, number: int, event: Event) -> None:
        """In the thread that reads what a worker says."""
        self._executor.deliver(partial(self._deliver, (what, number), event))

    def _deliver(self, key: _Key, event: Event) -> None:
        if key in self._ticket_of:
            self._tell(self._ticket_of[key], event)
        if _is_last(event):
            self._ticket_of.pop(key, None)
            self._long.pop(key, None)

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
