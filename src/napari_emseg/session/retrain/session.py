"""Retraining: a round from the click to the comparison, and the way back."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import InitVar, dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
from psygnal import Signal, SignalGroupDescriptor

from napari_emseg.core.config.correction import RetrainConfig
from napari_emseg.engine.train.held_out import HeldOut
from napari_emseg.engine.train.request import TrainRequest
from napari_emseg.engine.train.retrain_request import retrain_request
from napari_emseg.model.packages.library import find_model, name_of
from napari_emseg.session.executor import Executor
from napari_emseg.session.jobs import Jobs
from napari_emseg.session.prediction.prediction import Prediction
from napari_emseg.session.prediction.run import Outcome, PredictionRun
from napari_emseg.session.prediction.shown import nearest_first
from napari_emseg.session.retrain.adapters import Training, View
from napari_emseg.session.retrain.round import (
    Comparison,
    CorrectedStack,
    Round,
    compare,
    previewed,
)
from napari_emseg.session.turns import Turns
from napari_emseg.session.workspace import Workspace
from napari_emseg.types import Cancelled, Failed, Finished, QuickPreview

if TYPE_CHECKING:
    from napari_emseg.model.packages.package import ModelPackage

AS_IT_WAS = "Everything is as it was."


class Phase(StrEnum):
    """What *Retrain* does just now."""

    IDLE = "idle"
    LEARNING = "learning"
    SEGMENTING = "segmenting"
    COMPARING = "comparing"
    REVERTING = "reverting"


@dataclass(eq=False)
class RetrainSession:
    """Has a model learn from corrections, segments again and compares; one round after another.

    Painted layers are read and never written to. What does not come to its end leaves layers and
    chosen model as they were; a model that was made by then stays in the library.

    Parameters
    ----------
    jobs : Jobs
        Predicts.
    executor : Executor
        Reads, compares, and makes masks and cells.
    workspace : Workspace
        Holds the predictions of the viewer, and hears of new ones.
    training : Training
        Trains.
    view : View
        Where changes are shown.

    Attributes
    ----------
    phase : Phase
        What goes on.
    message : str
        A sentence for the person who waits, or of what came out.
    done : float or None
        Part of the phase that is done, 0..1; None where nobody knows.
    learns_from : str
        What a round would learn from now, in words.
    rounds : int
        How many can be reverted.
    ended : psygnal.Signal
        Emitted with the last event of each round.
    failed : psygnal.Signal
        Emitted with a `Failed`, for the person to see.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    ended: ClassVar[Signal] = Signal(object)
    failed: ClassVar[Signal] = Signal(object)

    jobs: InitVar[Jobs]
    executor: InitVar[Executor]
    workspace: InitVar[Workspace]
    training: InitVar[Training]
    view: InitVar[View]
    phase: Phase = Phase.IDLE
    message: str = ""
    done: float | None = None
    learns_from: str = ""
    rounds: int = 0

    def __post_init__(
        self, jobs: Jobs, executor: Executor, workspace: Workspace, training: Training, view: View
    ) -> None:
        self._jobs, self._executor, self._workspace = jobs, executor, workspace
        self._training, self._view = training, view
        self._lane, self._turns = executor.lane("retrain"), Turns(executor)
        self._looking = executor.lane("corrected")
        self._previewing = executor.lane("preview")
        self._round: Round | None = None
        self._run: PredictionRun | None = None
        self._done: list[Round] = []
        training.events.message.connect(self._on_training)
        training.events.quick_preview.connect(self._on_preview)
        training.ended.connect(self._on_trained)

    @property
    def is_busy(self) -> bool:
        """Whether a round is under way."""
        return self.phase is not Phase.IDLE

    # -- actions ---------------------------------------------------------------------------

    def look(self, corrected: CorrectedStack | None) -> None:
        """Find out what a round would learn from, where there is anything."""
        if corrected is None:
            self._looking.drop()
            self.learns_from = ""
        else:
            self._looking.latest(corrected.in_words, partial(setattr, self, "learns_from"))

    def start(
        self, corrected: CorrectedStack, package: ModelPackage, config: RetrainConfig
    ) -> None:
        """Begin a round with ``package``."""
        before, here = self._workspace.newest(corrected.image.layer), corrected.image.here
        now = self._round = Round(corrected, package, before, self._view.active)

        def ask() -> tuple[TrainRequest, HeldOut]:
            pixels = corrected.pixels
            request = retrain_request(
                corrected.data, pixels, package, config, device=now.device, here=here
            )
            return request, HeldOut.of(request, pixels)

        self._begin(Phase.LEARNING, "Looking at the corrected slices ...")
        self._lane.latest(ask, lambda asked: self._learn(now, *asked), self._fail)

    def stop(self) -> None:
        """Stop the round, whichever phase it is in."""
        if self._training.is_running:
            self._training.stop()
        elif self._run is not None and not self._run.is_over:
            self._advance("Stopping ...", None)
            self._run.stop()
        elif self._round is not None:
            self._lane.drop()
            self._undo(Cancelled(f"Stopped. {AS_IT_WAS}"))

    def refuse(self, message: str) -> None:
        """There is nothing to begin a round with."""
        self._end(message)
        self.failed.emit(Failed(message))

    def revert(self) -> None:
        """Back to the model and the prediction before the last round, in turns."""
        last, active = self._done.pop(), self._view.active
        assert last.after is not None
        self._begin(Phase.REVERTING, f"Going back to {name_of(last.parent)} ...")
        if last.overlay is not None:
            self._turns.want(last.overlay.remove)
        self._turns.want(*last.after.removal(), partial(self._go_back, last, active))

    def _go_back(self, last: Round, active: Hashable | None) -> None:
        assert last.after is not None
        self._workspace.remove(last.after)
        last.show_replaced()
        if last.before is not None:
            self._workspace.segmented.emit(last.before)
        self._workspace.chosen.emit(last.parent.folder)
        self._view.active = last.active
        self._view.active = active  # unless it is gone
        self.rounds = len(self._done)
        self._end(f"Back at {name_of(last.parent)}; {last.child} stays in the library.")

    def close(self) -> None:
        """Tell nobody any more; a training writes what it has learned."""
        self._training.events.message.disconnect(self._on_training, missing_ok=True)
        self._training.events.quick_preview.disconnect(self._on_preview, missing_ok=True)
        self._training.ended.disconnect(self._on_trained, missing_ok=True)
        self._turns.finish()
        self._lane.stop()
        self._looking.stop()
        self._previewing.stop()
        self._training.stop()
        if self._run is not None:
            self._run.abandon()
        if self._round is not None:
            self._round.drop_preview()
        self._round = None

    # -- learning --------------------------------------------------------------------------

    def _learn(self, now: Round, request: TrainRequest, held_out: HeldOut) -> None:
        now.held_out = held_out
        self._training.start(request)

    def _on_training(self, message: str) -> None:
        if self.phase is Phase.LEARNING:
            self._advance(message, self._training.done or None)

    def _on_preview(self, preview: QuickPreview | None) -> None:
        now = self._round
        if now is not None and preview is not None:
            self._previewing.run(
                partial(previewed, now, preview.path), partial(self._preview, now, preview.z)
            )

    def _preview(self, now: Round, z: int, mask: npt.NDArray[np.uint8] | None) -> None:
        image = now.corrected.image
        if now is not self._round or self.phase is not Phase.LEARNING or not image.is_shown:
            return
        if mask is not None:
            now.preview = now.preview or self._view.show_preview(image)
            now.preview.fill(z, mask)

    def _on_trained(self, event: Outcome) -> None:
        result, now = self._training.result, self._round
        if now is None:
            return
        if result is None:
            assert isinstance(event, Failed | Cancelled)
            self._undo(event)
            return
        now.model = find_model(str(result.package))
        self._workspace.chosen.emit(now.model.folder)
        if result.stopped:
            self._undo(Cancelled("Stopped."))
        else:
            self._segment(now)

    # -- segmenting again ------------------------------------------------------------------

    def _segment(self, now: Round) -> None:
        image = now.corrected.image
        assert now.model is not None
        if not image.is_shown:
            self._undo(Failed("The image was removed, so it is not segmented again."))
            return
        now.after = Prediction(image, now.model, self._jobs.scratch, self._executor)
        now.after.apply(*now.rules)
        slices = nearest_first(now.slices, image.here)
        self._begin(Phase.SEGMENTING, "Reading the slices ...")
        self._run = PredictionRun(self._jobs, now.after, slices, now.settings)
        self._connect(now, self._run)
        self._run.start()

    def _connect(self, now: Round, run: PredictionRun) -> None:
        run.began.connect(now.hide_replaced)
        run.said.connect(lambda message: self._advance(message, None))
        run.advanced.connect(lambda words, done: self._advance(f"Segmenting again: {words}", done))
        run.obstructed.connect(lambda: self._advance("Stopping ...", None))
        run.ended.connect(partial(self._on_segmented, now))

    def _on_segmented(self, now: Round, event: Outcome) -> None:
        if now.after is not None and isinstance(event, Finished):
            now.after.finish(then=partial(self._compare, now))
        elif isinstance(event, Failed | Cancelled):
            self._undo(event)

    # -- comparing -------------------------------------------------------------------------

    def _compare(self, now: Round) -> None:
        if now is not self._round:  # stopped, or closed, in the meantime
            return
        self._begin(Phase.COMPARING, "Comparing with the prediction before ...")
        self._lane.latest(partial(compare, now), lambda found: self._show(now, *found), self._fail)

    def _show(self, now: Round, words: Comparison, changed: npt.NDArray[Any] | None) -> None:
        assert now.after is not None
        if self._done and (overlay := self._done[-1].overlay) is not None:
            overlay.remove()
        if changed is not None:
            now.overlay = self._view.show_changes(now.after, changed)
        self._view.active = now.active
        self._done.append(now)
        self._round = self._run = None
        self._workspace.add(now.after)
        self._workspace.segmented.emit(now.after)
        self.rounds = len(self._done)
        self._end(str(words))
        self.ended.emit(Finished(words))

    # -- what does not come to its end -----------------------------------------------------

    def _fail(self, message: str) -> None:
        self._undo(Failed(message))

    def _undo(self, event: Failed | Cancelled) -> None:
        """Leave layers and chosen model as they were before the click."""
        now, self._round, self._run = self._round, None, None
        assert now is not None
        removal = [] if now.after is None else now.after.removal()
        self._turns.want(now.drop_preview, *removal, partial(self._undone, now, event))

    def _undone(self, now: Round, event: Failed | Cancelled) -> None:
        now.show_replaced()
        self._view.active = now.active
        message = event.message if AS_IT_WAS in event.message else f"{event.message} {AS_IT_WAS}"
        if now.model is not None:
            self._workspace.chosen.emit(now.parent.folder)
            message += f" What was learned by then is the model {now.child}."
        self._end(message)
        if isinstance(event, Failed):
            self.failed.emit(event)
        self.ended.emit(event)

    # -- how it stands ---------------------------------------------------------------------

    def _begin(self, phase: Phase, message: str) -> None:
        """Another phase; nobody knows yet how long it takes."""
        self.done, self.phase, self.message = None, phase, message

    def _advance(self, message: str, done: float | None) -> None:
        self.done, self.message = done, message

    def _end(self, message: str) -> None:
        """The round is over, however it ended."""
        self.done, self.message, self.phase = None, message, Phase.IDLE
