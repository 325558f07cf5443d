"""A training that was cut off, and what can be done about it."""

from __future__ import annotations

from datetime import datetime

from psygnal import Signal

from napari_emseg.engine.train.interrupted_run import TrainRun, interrupted_runs
from napari_emseg.errors import EmsegError
from napari_emseg.ui.widgets.restore_row import Offer
from napari_emseg.ui.widgets.words import plural


class ResumeOffer(Offer):
    """Offers the newest interrupted training; hidden where there is none.

    Attributes
    ----------
    accepted : psygnal.Signal
        Emitted with the `TrainRun` that a person wants to go on with.
    run : TrainRun or None
        What is offered.
    """

    accepted = Signal(TrainRun)

    def __init__(self) -> None:
        super().__init__("Resume", "Go on after its last finished epoch.")
        self.resume = self.accept
        self.run: TrainRun | None = None
        self.resume.changed.connect(self._accept)
        self.discard.changed.connect(self._discard)

    def look(self) -> None:
        """Offer what can go on now."""
        runs = interrupted_runs()
        self.run = runs[0] if runs else None
        self.visible = self.run is not None
        if self.run is not None:
            self.text.value = _describe(self.run)

    def _accept(self) -> None:
        run = self.run
        self.visible = False
        if run is not None:
            self.accepted.emit(run)

    def _discard(self) -> None:
        if self.run is not None:
            self.run.discard()
        self.look()


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
