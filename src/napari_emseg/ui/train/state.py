"""How a training stands: one object that tells its observers, without a window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from napari_emseg.model.train.history import Row, TrainResult
from napari_emseg.types import (
    Cancelled,
    EpochDone,
    Event,
    Failed,
    Finished,
    Log,
    Preview,
    TrainProgress,
)
from napari_emseg.ui.widgets.words import duration, left, plural


class Phase(StrEnum):
    """What the dock does just now."""

    IDLE = "idle"
    PREPARING = "preparing"
    TRAINING = "training"
    STOPPING = "stopping"


@dataclass(eq=False)
class TrainState:
    """One training after another, as told by its events.

    Attributes
    ----------
    phase : Phase
        What goes on.
    message : str
        A sentence for the person who waits.
    done : float
        Part of the training that is done, 0..1.
    history : tuple of dict
        The rows of its epochs so far.
    preview : Preview or None
        The newest look at a validation slice.
    result : TrainResult or None
        What the last training reached.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    phase: Phase = Phase.IDLE
    message: str = ""
    done: float = 0.0
    history: tuple[Row, ...] = ()
    preview: Preview | None = None
    result: TrainResult | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a training runs, or is about to."""
        return self.phase is not Phase.IDLE

    def prepare(self, message: str) -> None:
        """A training is wanted; its data are on their way."""
        self._forget()
        self.message, self.phase = message, Phase.PREPARING

    def refuse(self, message: str) -> None:
        """A training is wanted, and what is chosen will not do."""
        self._forget()
        self._end(message)

    def begin(self, history: Sequence[Row] = ()) -> None:
        """Its data are there, and so is what an interrupted training has already reached."""
        self.history = tuple(history)

    def stop(self) -> None:
        """Somebody has asked it to stop."""
        self.phase = Phase.STOPPING
        self.message = "Stopping; the best model so far is being written ..."

    def accept(self, event: Event) -> None:
        """Take what the worker tells."""
        match event:
            case Log(message):
                self.message = message
            case TrainProgress():
                self._advance(event)
            case EpochDone(_, scores):
                self.history = (*self.history, scores)
            case Preview():
                self.preview = event
            case Finished(TrainResult() as result):
                self.result = result
                self._end(summary(result, self.history))
            case Failed(message) | Cancelled(message):
                self._end(message)

    def _advance(self, event: TrainProgress) -> None:
        self.done = event.done / event.total
        if self.phase is Phase.STOPPING:
            return
        self.phase = Phase.TRAINING
        self.message = f"{place(event)}{left(event.seconds_left)}"

    def _forget(self) -> None:
        """Nothing of the training before is to be taken for the next one's."""
        self.history, self.preview, self.result, self.done = (), None, None, 0.0

    def _end(self, message: str) -> None:
        self.message, self.phase = message, Phase.IDLE


def place(event: TrainProgress) -> str:
    """Where a training is, in epochs and steps."""
    if event.epochs is None:
        return f"Epoch {event.epoch}"
    return f"Epoch {event.epoch} of {event.epochs}, step {event.step} of {event.steps}"


def summary(result: TrainResult, history: Sequence[Row]) -> str:
    """What was reached and where it lies."""
    best = result.best
    ended = "Stopped" if result.stopped else "Done"
    ended += f" after {plural(len(history), 'epoch')}"
    if history:
        ended += f" in {duration(history[-1]['seconds'])}"
    score = best["val_v_rand"]
    reached = f"loss {best['val_loss']:.3f}" if math.isnan(score) else f"V_rand {score:.3f}"
    return (
        f"{ended}. Best is epoch {best['epoch']:.0f}: {reached}, pixel accuracy "
        f"{best['val_accuracy']:.3f} on validation. The model {result.package.name!r} is in "
        f"{result.package}."
    )
