"""A training that was cut off, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from napari_emseg.engine.train.interrupted_run import TrainRun, interrupted_runs
from napari_emseg.errors import EmsegError
from napari_emseg.session.words import plural


@dataclass(eq=False)
class ResumeOffer:
    """Offers the newest interrupted training.

    Attributes
    ----------
    run : TrainRun or None
        What is offered.
    text : str
        What is said of it.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    run: TrainRun | None = None
    text: str = ""

    def look(self) -> None:
        """Offer what can go on now."""
        runs = interrupted_runs()
        self._offer(runs[0] if runs else None)

    def take(self) -> TrainRun | None:
        """What is offered, which is offered no more."""
        run = self.run
        self._offer(None)
        return run

    def discard(self) -> None:
        """Delete what is offered, and offer the one before."""
        run = self.take()
        if run is not None and not run.is_owned:  # by now, another window may go on with it
            run.discard()
        self.look()

    def _offer(self, run: TrainRun | None) -> None:
        self.text = "" if run is None else _describe(run)
        self.run = run


def _describe(run: TrainRun) -> str:
    try:
        job, epochs = run.resumed_job(), len(run.history)
    except EmsegError as error:
        return f"An interrupted training in {run.folder} cannot go on: {error}"
    when = datetime.fromtimestamp(run.folder.stat().st_mtime)
    return (
        f"The training of {job.name!r} was interrupted on {when:%d %B at %H:%M}, after "
        f"{plural(epochs, 'epoch')}."
    )
