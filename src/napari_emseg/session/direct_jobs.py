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

    beside = ""

    def __init__(self, do: Callable[..., Any] = run) -> None:
        self.scratch = Scratch()
        self._do, self._tickets = do, count(1)

    def submit(self, make_job: Callable[[], Job], on_event: Callable[[Event], None]) -> int:
        """As `Jobs.submit`; who gets the ticket has heard the last event already."""
        on_event(self._end_of(make_job, on_event))
        return next(self._tickets)

    def cancel(self, ticket: int, *, grace_s: float = CANCEL_GRACE_S) -> None:
        """As `Jobs.cancel`: a job that has a ticket is over."""

    def abandon(self, ticket: int) -> None:
        """As `Jobs.abandon`: likewise."""

    def close(self) -> None:
        """Give up the scratch files."""
        self.scratch.close()

    def _end_of(self, make_job: Callable[[], Job], emit: Callable[[Event], None]) -> Event:
        try:
            return Finished(self._do(make_job(), emit, lambda: False))
        except CancelledError as error:
            return Cancelled(str(error))
        except EmsegError as error:
            return Failed(str(error))
