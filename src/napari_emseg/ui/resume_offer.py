"""A training that was cut off, and what can be done about it."""

from __future__ import annotations

from datetime import datetime

from magicgui.widgets import Container, PushButton
from psygnal import Signal

from napari_emseg.engine.train_run import TrainRun, interrupted_runs
from napari_emseg.errors import EmsegError
from napari_emseg.ui.train_data import wrapped_label
from napari_emseg.ui.words import plural


class ResumeOffer(Container):
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
        self.text = wrapped_label("")
        self.resume = PushButton(text="Resume", tooltip="Go on after its last finished epoch.")
        self.discard = PushButton(text="Discard", tooltip="Delete it.")
        buttons = Container(widgets=[self.resume, self.discard], layout="horizontal", labels=False)
        buttons.margins = (0, 0, 0, 0)
        super().__init__(widgets=[self.text, buttons], labels=False)
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
