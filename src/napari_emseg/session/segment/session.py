"""Segmenting: from a click to the last slice of the last stack."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import InitVar, dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from psygnal import Signal, SignalGroupDescriptor

from napari_emseg.engine.jobs import DevicesJob
from napari_emseg.errors import EmsegError
from napari_emseg.session.executor import Executor
from napari_emseg.session.jobs import Jobs
from napari_emseg.session.prediction.layers import SourceImage
from napari_emseg.session.prediction.prediction import Prediction, PredictionSettings
from napari_emseg.session.prediction.rules import Rules
from napari_emseg.session.prediction.run import Outcome, PredictionRun
from napari_emseg.session.prediction.shown import ShownPrediction
from napari_emseg.session.segment.cost import NO_IMAGE, CostEstimator
from napari_emseg.session.segment.queue import SegmentQueue, SlicesOf
from napari_emseg.session.segment.source_look import SourceLook
from napari_emseg.session.workspace import Workspace
from napari_emseg.types import Event, Failed, Finished

if TYPE_CHECKING:
    from napari_emseg.engine.jobs import Job

EDITED = (
    "A result was edited by hand, so the fields leave it alone; segment again to get a new one."
)
OBSTRUCTED = "A result layer was removed or edited, so the segmentation stops."


class Phase(StrEnum):
    """What a person who segments waits for."""

    IDLE = "idle"
    READING = "reading"
    SEGMENTING = "segmenting"
    STOPPING = "stopping"
    FOLLOWING = "following"
    """Of cells through the volume, beside which all else can be done."""


_PATIENCE_S = 0.4
"""A threshold that a person drags does not have the volume cut at every step."""


@dataclass(eq=False)
class SegmentSession:
    """Segments stacks, one click after another, and shows what comes of them.

    Parameters
    ----------
    jobs : Jobs
        Predicts.
    executor : Executor
        Makes masks and cells.
    workspace : Workspace
        Holds the predictions of the viewer, and hears of new ones.

    Attributes
    ----------
    phase : Phase
        What goes on.
    message : str
        A sentence for the person who waits, or of what came out.
    done : float or None
        Part of the present stack that is done, 0..1; None where nobody knows.
    taken_for : str
        What the image that is chosen is taken for.
    devices : tuple of str
        What this machine can compute with, as far as it is known.
    ended : psygnal.Signal
        Emitted when all that a click asked for has ended, with the last event of the last stack.
    failed : psygnal.Signal
        Emitted with a `Failed`, for the person to see.
    warned : psygnal.Signal
        Emitted with a sentence, for the person to see.
    estimator : CostEstimator
        Says, before the click, what it will take.
    source : SourceLook
        Finds out what the image is taken for.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    ended: ClassVar[Signal] = Signal(object)
    failed: ClassVar[Signal] = Signal(object)
    warned: ClassVar[Signal] = Signal(str)

    jobs: InitVar[Jobs]
    executor: InitVar[Executor]
    workspace: InitVar[Workspace]
    phase: Phase = Phase.IDLE
    message: str = NO_IMAGE
    done: float | None = None
    taken_for: str = ""
    devices: tuple[str, ...] = ()

    def __post_init__(self, jobs: Jobs, executor: Executor, workspace: Workspace) -> None:
        self._jobs, self._executor, self._workspace = jobs, executor, workspace
        self._queue: SegmentQueue | None = None
        self._run: PredictionRun | None = None
        self._filled: list[ShownPrediction] = []
        self._rules: Rules | None = None
        self._tickets: list[int] = []
        self._summary = self._refused = ""
        self._soon = executor.timer(self._follow, _PATIENCE_S)
        self.source = SourceLook(executor)
        self.source.said.connect(self._take_source)
        self.estimator = CostEstimator(jobs)
        self.estimator.said.connect(self.say_idle)
        self.estimator.failed.connect(self.failed.emit)
        workspace.segmented.connect(self._adopt)
        workspace.resume(executor)

    @property
    def prediction(self) -> ShownPrediction | None:
        """What is, or was last, worked on."""
        return self._filled[-1] if self._filled else None

    # -- actions ---------------------------------------------------------------------------

    def segment(
        self,
        images: Sequence[SourceImage],
        slices_of: SlicesOf,
        settings: PredictionSettings,
        rules: Rules,
    ) -> None:
        """Segment images, one after the other.

        Parameters
        ----------
        images : sequence of SourceImage
            At least one.
        slices_of : callable
            See `SlicesOf`.
        settings : PredictionSettings
            By what.
        rules : Rules
            What is shown, and how it is made; see `Prediction.apply`.
        """
        self._queue, self._filled = SegmentQueue(images, slices_of, settings), []
        self._rules = rules
        self._go_on(self._queue)

    def refuse(self, message: str) -> None:
        """What was asked for cannot be done."""
        self._refused = message
        self.message, self.done, self.phase = message, None, Phase.IDLE
        self.failed.emit(Failed(message))

    def forget_refusal(self) -> bool:
        """Whether all that is said is why something was refused, which may hold no longer."""
        is_said = bool(self._refused) and self.message == self._refused
        self._refused = ""
        return is_said

    def take_up(self, image: Hashable) -> ShownPrediction | None:
        """Have the rules apply to the newest prediction of an image, unless others are filled.

        Returns
        -------
        ShownPrediction or None
            That one, where it is taken up now.
        """
        if self._queue is not None or any(each.done and each.is_shown for each in self._filled):
            return None
        found: ShownPrediction | None = self._workspace.newest(image)
        self._filled = []
        if found is not None:
            self._take(found)
        return found

    def prediction_to_fill(self, image: SourceImage, settings: PredictionSettings) -> Prediction:
        """The prediction of an image: the one that is there and still open, else a new one."""
        prediction: Prediction | None = self._workspace.to_extend(image, settings.package)
        if prediction is None:
            prediction = Prediction(image, settings.package, self._jobs.scratch, self._executor)
            self._workspace.add(prediction)
        self._take(prediction)
        if self._rules is not None:
            prediction.apply(*self._rules)
        return prediction

    def apply(self, rules: Rules) -> None:
        """Make what the last click has filled by other rules."""
        self._rules = rules
        shown = [each for each in self._filled if each.done]
        applied = [each.apply(*rules) for each in shown]
        self._soon.start()
        if not all(applied):
            self.message = EDITED
        elif self.message == EDITED:
            self.message = self._summary

    def stop(self) -> None:
        """Begin with no other stack, and end this one after the slice that is being predicted.

        Where that is over, cells are not followed through the volume.
        """
        if self._queue is not None:
            self._queue.stop()
            self._stop_run()
        else:
            for each in self._filled:
                each.stop_following()

    def say_idle(self, message: str) -> None:
        """Say something that matters only while nothing runs."""
        if self._queue is None and self.phase is Phase.IDLE:
            self.message = message

    def forget_removed(self) -> bool:
        """Whether all that was filled last is gone by now, so that nothing need be said of it."""
        is_gone = all(each.done and not each.is_shown for each in self._filled)
        if self._queue is not None or not self._filled or not is_gone:
            return False
        self._filled = []
        return True

    def ask_devices(self) -> None:
        """Find out what this machine can compute with."""
        self.submit(DevicesJob, self._on_devices)

    def submit(self, make_job: Callable[[], Job], on_event: Callable[[Event], None]) -> int:
        """Have a job done that ends with this session."""
        self._tickets.append(self._jobs.submit(make_job, on_event))
        return self._tickets[-1]

    def close(self) -> None:
        """Stop, and tell nobody any more; what is done by now is kept."""
        self._workspace.segmented.disconnect(self._adopt, missing_ok=True)
        self.estimator.abandon()
        self.source.close()
        self._soon.stop()
        for ticket in self._tickets:
            self._jobs.abandon(ticket)
        if self._queue is not None:
            self._queue.stop()
        if self._run is not None:
            self._run.abandon()
        self._queue = self._run = None
        self._workspace.stop()

    # -- one stack after the other ---------------------------------------------------------

    def _go_on(self, queue: SegmentQueue) -> None:
        """Begin with the next stack that can be segmented; where there is none, it has ended."""
        while (image := queue.next()) is not None:
            try:
                run = self._prepare(queue, image)
            except EmsegError as error:
                queue.note(Failed(str(error)))
                self.failed.emit(Failed(str(error)))
            else:
                self._start(queue, run)
                return
        self._show_end(queue)
        self.ended.emit(queue.outcome)

    def _prepare(self, queue: SegmentQueue, image: SourceImage) -> PredictionRun:
        if not image.is_shown:
            raise EmsegError(f"image: {image.name!r} was removed before its turn")
        assert image.shape, "a ShapeError says what is wrong with it"
        slices = queue.slices_of(image)
        prediction = self.prediction_to_fill(image, queue.settings)
        return PredictionRun(self._jobs, prediction, slices, queue.settings)

    def _start(self, queue: SegmentQueue, run: PredictionRun) -> None:
        self._run = run
        run.began.connect(partial(self._workspace.hide_others, run.prediction))
        run.said.connect(partial(self._on_said, queue))
        run.advanced.connect(partial(self._on_advanced, queue))
        run.obstructed.connect(self._on_obstructed)
        run.ended.connect(partial(self._on_run_ended, queue, run))
        self.done, self.phase = None, Phase.READING
        self.message = f"{queue.place}Reading the slices ..."
        run.start()

    def _stop_run(self) -> None:
        self.phase, self.message = Phase.STOPPING, "Stopping ..."
        if self._run is not None:
            self._run.stop()

    def _adopt(self, prediction: ShownPrediction) -> None:
        """Another session has segmented: the rules apply to what it shows."""
        if self._queue is None and prediction not in self._filled:
            self._filled = []
            self._take(prediction)

    def _take(self, prediction: ShownPrediction) -> None:
        """Have the rules apply to a prediction, and hear of its cells."""
        self._filled.append(prediction)
        prediction.counted.connect(self._say_count, unique=True)
        prediction.following.connect(self._on_following, unique=True)
        prediction.failed.connect(self._on_not_followed, unique=True)

    def _follow(self) -> None:
        """Follow cells where slices are to be cut anew for it, after a click was done."""
        if self._queue is None:
            for each in self._filled:
                each.follow()

    # -- what comes back -------------------------------------------------------------------

    def _on_said(self, queue: SegmentQueue, message: str) -> None:
        self.message = f"{queue.place}{message}"

    def _on_advanced(self, queue: SegmentQueue, words: str, done: float) -> None:
        self.done, self.phase = done, Phase.SEGMENTING
        self.message = f"{queue.place}{words}. {self._jobs.beside}".strip(" .")

    def _on_obstructed(self) -> None:
        self._stop_run()
        self.warned.emit(OBSTRUCTED)

    def _on_run_ended(self, queue: SegmentQueue, run: PredictionRun, event: Outcome) -> None:
        queue.note(event)
        if isinstance(event, Failed):
            self.failed.emit(event)
        if queue.is_over:  # what is said has the window drawn anew, which masks must not wait for
            run.prediction.when_shown(partial(self._show_end, queue))
        run.prediction.finish(then=partial(self._go_on, queue))

    def _show_end(self, queue: SegmentQueue) -> None:
        """Say how it ended, once, and before another click."""
        if queue is not self._queue:
            return
        self._queue = self._run = None
        self._summary = queue.summary()
        self.done, self.message, self.phase = None, self._summary, Phase.IDLE
        if self.prediction is not None and self.prediction.done:
            self._workspace.segmented.emit(self.prediction)

    def _say_count(self) -> None:
        """Say how many cells there are, of one stack: below how the last click ended."""
        if self._queue is None:
            count = self._filled[0].count if len(self._filled) == 1 else None
            way_out = "2 at Smallest cell, in slices, leaves them out"
            self._say_below("" if count is None else f"{count.words(way_out)}.")

    def _say_below(self, said: str) -> None:
        self.message = "\n".join(filter(None, (self._summary, said)))

    def _on_following(self, words: str, done: float | None) -> None:
        """How far cells are followed is said below how the last click ended."""
        if self._queue is not None:
            return
        self.done, self.phase = done, Phase.FOLLOWING if words else Phase.IDLE
        if words:
            self._say_below(words)
        else:
            self._say_count()

    def _on_not_followed(self, message: str) -> None:
        if self._queue is None:
            self.done, self.message, self.phase = None, message, Phase.IDLE
        self.failed.emit(Failed(message))

    def _take_source(self, said: str) -> None:
        self.taken_for = said

    def _on_devices(self, event: Event) -> None:
        if isinstance(event, Finished):
            self.devices = tuple(event.result)
