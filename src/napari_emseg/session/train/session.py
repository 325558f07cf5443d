"""A training from the click to its model: the job, its run folder, and how it stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass
from enum import StrEnum
from functools import partial
from typing import ClassVar, NamedTuple

from psygnal import Signal, SignalGroupDescriptor

from napari_emseg.engine.jobs import TrainJob
from napari_emseg.engine.train.interrupted_run import TrainRun
from napari_emseg.engine.train.request import TrainRequest
from napari_emseg.model.train.history import Row, TrainResult, worst_source
from napari_emseg.session.jobs import Jobs
from napari_emseg.session.words import duration, left, plural
from napari_emseg.session.workspace import library_events
from napari_emseg.types import (
    Cancelled,
    EpochDone,
    Event,
    Failed,
    Finished,
    Log,
    Preview,
    QuickPreview,
    TrainProgress,
)

_PATIENCE_S = 600.0
"""How long a stopped training may take to write its model before its process is ended."""


class Phase(StrEnum):
    """What goes on just now."""

    IDLE = "idle"
    READING = "reading"
    PREPARING = "preparing"
    TRAINING = "training"
    STOPPING = "stopping"


class _Prepared(NamedTuple):
    """A run whose data are there, and what it has already reached where it was interrupted."""

    run: TrainRun
    history: Sequence[Row]


@dataclass(eq=False)
class TrainSession:
    """One training after another.

    It lives on without its dock, until the worker has written the model.

    Parameters
    ----------
    jobs : Jobs
        Who trains.

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
    quick_preview : QuickPreview or None
        The newest look at a slice before it learns.
    result : TrainResult or None
        What the last training reached.
    is_resumed : bool
        Whether it goes on with an interrupted one, whose data are its own copies.
    ended : psygnal.Signal
        Emitted with the last event of each training, and of what could not begin.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    ended: ClassVar[Signal] = Signal(object)

    jobs: InitVar[Jobs]
    phase: Phase = Phase.IDLE
    message: str = ""
    done: float = 0.0
    history: tuple[Row, ...] = ()
    preview: Preview | None = None
    quick_preview: QuickPreview | None = None
    result: TrainResult | None = None
    is_resumed: bool = False

    def __post_init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._ticket: int | None = None
        self._arriving: _Prepared | None = None
        self._training: _Prepared | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a training runs, or is about to."""
        return self.phase is not Phase.IDLE

    @property
    def is_running(self) -> bool:
        """Whether the worker has not said its last word."""
        return self.phase in (Phase.PREPARING, Phase.TRAINING, Phase.STOPPING)

    # -- actions ---------------------------------------------------------------------------

    def await_data(self, message: str) -> None:
        """A training is wanted whose data are being read; `start` or `refuse` follows."""
        self._forget()
        self.message, self.phase = message, Phase.READING

    def refuse(self, message: str) -> None:
        """A training is wanted, and what is chosen will not do."""
        self._forget()
        self._end(Failed(message))

    def start(self, request: TrainRequest) -> None:
        """Train on a copy of the data, so that layers may be painted or removed meanwhile."""
        self._submit("Copying the slices ...", partial(_copied, request), is_resumed=False)

    def resume(self, run: TrainRun) -> None:
        """Go on with an interrupted training."""
        taken = partial(_taken_up, run)
        self._submit("Looking at what is there already ...", taken, is_resumed=True)

    def stop(self) -> None:
        """Stop and keep the best so far; asked twice, end the worker, after which it can resume."""
        if self.phase is Phase.READING:
            self._end(Cancelled("Stopped before it began."))
        elif self.is_running:
            at_once = self.phase is Phase.STOPPING
            self.phase = Phase.STOPPING
            self.message = "Stopping; the best model so far is being written ..."
            if self._ticket is not None:
                self._jobs.cancel(self._ticket, grace_s=0.0 if at_once else _PATIENCE_S)

    # -- what the worker tells -------------------------------------------------------------

    def _submit(
        self, message: str, prepare: Callable[[], tuple[TrainJob, _Prepared]], *, is_resumed: bool
    ) -> None:
        def make_job() -> TrainJob:
            """Beside the session's thread, before the first event."""
            job, self._arriving = prepare()
            return job

        self._forget()
        self._arriving = self._training = None
        self.is_resumed, self.message, self.phase = is_resumed, message, Phase.PREPARING
        ticket = self._jobs.submit(make_job, self.hear)
        self._ticket = ticket if self.is_running else None

    def hear(self, event: Event) -> None:
        """Take what the worker tells."""
        if self._arriving is not None:
            self._training, self._arriving = self._arriving, None
            self.history = tuple(self._training.history)
        match event:
            case Log(message):
                self.message = message
            case TrainProgress():
                self._advance(event)
            case EpochDone(_, scores):
                self.history = (*self.history, scores)
            case Preview():
                self.preview = event
            case QuickPreview():
                self.quick_preview = event
            case Finished() | Failed() | Cancelled():
                self._finish(event)

    def _advance(self, event: TrainProgress) -> None:
        self.done = event.done / event.total
        if self.phase is not Phase.STOPPING:
            self.phase = Phase.TRAINING
            self.message = f"{place(event)}{left(event.seconds_left)}{worst_of(self.history)}"

    # -- the end ---------------------------------------------------------------------------

    def _finish(self, event: Finished | Failed | Cancelled) -> None:
        if self._training is not None:
            self._training.run.end(event)
        self._ticket = None
        self._end(event)

    def _end(self, event: Finished | Failed | Cancelled) -> None:
        if isinstance(event, Finished):
            self.result = event.result
            self.message = summary(event.result, self.history)
        else:
            self.message = event.message
        self.phase = Phase.IDLE
        if self.result is not None:
            library_events.added.emit(self.result.package)
        self.ended.emit(event)

    def _forget(self) -> None:
        """Nothing of the training before is to be taken for the next one's."""
        self.history, self.preview, self.quick_preview = (), None, None
        self.result, self.done = None, 0.0


def _copied(request: TrainRequest) -> tuple[TrainJob, _Prepared]:
    run, job = request.prepare()
    return job, _Prepared(run, ())


def _taken_up(run: TrainRun) -> tuple[TrainJob, _Prepared]:
    history = run.history
    job = run.take_up()
    return job, _Prepared(run, history)


def place(event: TrainProgress) -> str:
    """Where a training is, in epochs and steps."""
    if event.epochs is None:
        return f"Epoch {event.epoch}"
    return f"Epoch {event.epoch} of {event.epochs}, step {event.step} of {event.steps}"


def worst_of(history: Sequence[Row]) -> str:
    """Of several stacks the one that is worst on its validation slices by now, in a sentence.

    It begins with a full stop; empty where there is one stack, or nothing is measured.
    """
    found = (worst_source(row) for row in reversed(history))
    worst = next((each for each in found if each is not None), None)
    return "" if worst is None else f". Worst stack: {worst[0]}, V_rand {worst[1]:.3f}"


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
        f"{best['val_accuracy']:.3f} on validation{worst_of([best])}. The model "
        f"{result.package.name!r} is in {result.package}."
    )
