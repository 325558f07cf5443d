"""One job that fills a prediction, from the click to its last slice."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TypeAlias

from psygnal import Signal

from napari_emseg.session.jobs import Jobs
from napari_emseg.session.prediction.prediction import Prediction, PredictionSettings
from napari_emseg.session.words import left
from napari_emseg.types import Cancelled, Event, Failed, Finished, Log, Progress, SliceDone

Outcome: TypeAlias = Finished | Cancelled | Failed


class PredictionRun:
    """Has slices predicted, and shows them as they come.

    It stops by itself where a person edits or removes a layer that it fills.

    Parameters
    ----------
    jobs : Jobs
        Does the job.
    prediction : Prediction
        What is filled.
    slices : sequence of int
        In the order wanted.
    settings : PredictionSettings
        By what they are predicted.

    Attributes
    ----------
    began : psygnal.Signal
        Emitted before the first slice is shown.
    said : psygnal.Signal
        Emitted with a sentence, while nobody knows how far it is.
    advanced : psygnal.Signal
        Emitted with a sentence and the part that is done, 0..1.
    obstructed : psygnal.Signal
        Emitted when it stops by itself.
    ended : psygnal.Signal
        Emitted with the last event; slices may still be on their way into the layers.
    is_stopping : bool
        Whether it was asked to stop.
    is_over : bool
        Whether `ended` was emitted.
    """

    began = Signal()
    said = Signal(str)
    advanced = Signal(str, float)
    obstructed = Signal()
    ended = Signal(object)

    def __init__(
        self,
        jobs: Jobs,
        prediction: Prediction,
        slices: Sequence[int],
        settings: PredictionSettings,
    ) -> None:
        self._jobs, self.prediction = jobs, prediction
        self._make_job = partial(prediction.job, slices, settings)
        self._ticket: int | None = None
        self._has_begun = False
        self.is_stopping = self.is_over = False

    def start(self) -> None:
        """Ask for the slices, then make room for them."""
        self.prediction.expect()
        self._ticket = self._jobs.submit(self._make_job, self._on_event)
        if not self.is_over:
            self.prediction.add_layer()

    def stop(self) -> None:
        """End after the slice that is being predicted; finished ones are kept."""
        if self.is_stopping or self.is_over:
            return
        self.is_stopping = True
        if self._ticket is not None:
            self._jobs.cancel(self._ticket)

    def abandon(self) -> None:
        """Stop, and tell nobody any more."""
        self.is_stopping = self.is_over = True
        if self._ticket is not None:
            self._jobs.abandon(self._ticket)

    def _on_event(self, event: Event) -> None:
        match event:
            case Log(message):
                self.said.emit(message)
            case SliceDone(z):
                self._accept(z)
            case Progress() if not self.is_stopping:
                words = f"{event.done:.0f} of {event.total:.0f} {event.unit}"
                self.advanced.emit(f"{words}{left(event.seconds_left)}", event.done / event.total)
            case Finished() | Cancelled() | Failed():
                self.is_over = True
                self.ended.emit(event)

    def _accept(self, z: int) -> None:
        if self.prediction.is_open:
            if not self._has_begun:
                self._has_begun = True
                self.began.emit()
            self.prediction.accept(z)
        elif not self.is_stopping:
            self.stop()
            self.obstructed.emit()
