"""Jobs of sessions done at once, in this process: for scripts and tests."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from napari_emseg.engine.jobs import Job
from napari_emseg.engine.run import run
from napari_emseg.engine.worker import CANCEL_GRACE_S
from napari_emseg.errors import CancelledError, EmsegError
from napari_emseg.io.scratch import Scratch
from napari_emseg.types import Cancelled, Event, Failed, Finished


class DirectJobs:
    """Does each job in this process before `submit` returns; for scripts and tests.

    Parameters
    ----------
    do : callable, optional
        Does a job as `napari_emseg.engine.run.run` does, which it is by default.
    """

    def __init__(self, do: Callable[..., Any] = run) -> None:
        self.scratch = Scratch()
        self._do, self._tickets = do, count(1)
        self._stopped: set[int] = set()
        self._abandoned: set[int] = set()

    def submit(self, make_job: Callable[[], Job], on_event: Callable[[Event], None]) -> int:
        """As `Jobs.submit`; a listener may cancel or abandon the job while it is told of it."""
        ticket = next(self._tickets)

        def emit(event: Event) -> None:
            if ticket not in self._abandoned:
                on_event(event)

        emit(self._end_of(ticket, make_job, emit))
        return ticket

    def cancel(self, ticket: int, *, grace_s: float = CANCEL_GRACE_S) -> None:  # noqa: ARG002
        """As `Jobs.cancel`, always politely."""
        self._stopped.add(ticket)

    def abandon(self, ticket: int) -> None:
        """As `Jobs.abandon`."""
        self._abandoned.add(ticket)
        self.cancel(ticket)

    def close(self) -> None:
        """Give up the scratch files."""
        self.scratch.close()

    def _end_of(
        self, ticket: int, make_job: Callable[[], Job], emit: Callable[[Event], None]
    ) -> Event:
        try:
            return Finished(self._do(make_job(), emit, lambda: ticket in self._stopped))
        except CancelledError as error:
            return Cancelled(str(error))
        except EmsegError as error:
            return Failed(str(error))
