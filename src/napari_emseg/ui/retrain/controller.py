"""A round of retraining from the click to the comparison, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy.typing as npt
from qtpy.QtCore import QObject

from napari_emseg.core.config.correction import RetrainConfig
from napari_emseg.engine.train.held_out import HeldOut
from napari_emseg.engine.train.request import TrainingData, TrainRequest
from napari_emseg.engine.train.retrain_request import retrain_request
from napari_emseg.model.packages.library import find_model, name_of
from napari_emseg.types import Cancelled, Event, Failed, Finished, Log, Progress, SliceDone
from napari_emseg.ui.background.latest import Latest
from napari_emseg.ui.background.library_events import library_events
from napari_emseg.ui.prediction.prediction_layers import Prediction
from napari_emseg.ui.prediction.registry import newest_prediction
from napari_emseg.ui.retrain.difference_layer import show_changes
from napari_emseg.ui.retrain.round import Round, compare, means_after, rules_after
from napari_emseg.ui.retrain.state import Comparison, RetrainState, Step
from napari_emseg.ui.train.session import TrainSession
from napari_emseg.ui.train.state import TrainState
from napari_emseg.ui.viewer.layers import as_stack, nearest_first
from napari_emseg.ui.widgets.notify import show_failure
from napari_emseg.ui.widgets.words import left

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

    from napari_emseg.model.packages.package import ModelPackage
    from napari_emseg.session.jobs import Jobs
    from napari_emseg.ui.retrain.corrections import Corrections

_AS_IT_WAS = "Everything is as it was."


class RetrainLoop(QObject):
    """Has a model learn from corrections, segments again and compares.

    Painted layers are read and never written to. What does not come to its end leaves layers and
    chosen model as they were; a model that was made by then stays in the library.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layers are.
    runner : Jobs
        Gives the jobs to the worker.
    state : RetrainState
        Told of every step.
    ended : callable
        Called with the last event of each round.
    parent : QObject
        Owns it.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        runner: Jobs,
        state: RetrainState,
        ended: Callable[[Event], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._runner, self._state, self._ended = viewer, runner, state, ended
        self._training = TrainState()
        self._session = TrainSession(runner, self._training, self._on_trained)
        self._training.events.message.connect(self._show_training)
        self._work = Latest(self)
        self._round: Round | None = None
        self._done: list[Round] = []
        self._ticket: int | None = None

    def start(self, corrections: Corrections, package: ModelPackage, config: RetrainConfig) -> None:
        """Begin a round with ``package``."""
        before = newest_prediction(corrections.image)
        active = self._viewer.layers.selection.active
        self._round = Round(corrections, package, before, active)
        data = TrainingData(
            as_stack(corrections.image, "image"), as_stack(corrections.labels, "labels")
        )
        device = "auto" if before is None or before.means is None else before.means.device

        def ask() -> tuple[TrainRequest, HeldOut]:
            request = retrain_request(data, corrections.slices, package, config, device=device)
            return request, HeldOut.of(request)

        self._state.begin(Step.LEARNING, "Looking at the corrected slices ...")
        self._work.want(ask, lambda asked: self._learn(*asked), self._fail)

    def stop(self) -> None:
        """Stop the round, whichever step it is at."""
        if self._session.is_running:
            self._session.stop()
        elif self._ticket is not None:
            self._state.advance("Stopping ...", None)
            self._runner.cancel(self._ticket)
        elif self._round is not None:
            self._work.cancel()
            self._undo(Cancelled(f"Stopped. {_AS_IT_WAS}"))

    def close(self) -> None:
        """Nothing of the window hears of it any more; a training writes what it has learned."""
        self._training.events.disconnect()
        self._work.stop()
        self._session.stop()
        if self._ticket is not None:
            self._runner.abandon(self._ticket)
        self._round = None

    def revert(self) -> None:
        """Back to the model and the prediction before the last round."""
        last, active = self._done.pop(), self._viewer.layers.selection.active
        assert last.after is not None
        last.after.withdraw()
        self._remove(last.overlay)
        if last.before is not None:
            last.before.bring_back()
            library_events.segmented.emit(last.before)
        library_events.chosen.emit(last.parent.folder)
        self._select(active if active in self._viewer.layers else last.active)
        self._state.rounds = len(self._done)
        self._state.end(f"Back at {name_of(last.parent)}; {last.child} stays in the library.")

    # -- learning --------------------------------------------------------------------------

    def _learn(self, request: TrainRequest, held_out: HeldOut) -> None:
        assert self._round is not None
        self._round.held_out = held_out
        self._session.start(request)

    def _show_training(self, message: str) -> None:
        if self._state.step is Step.LEARNING:
            self._state.advance(message, self._training.done or None)

    def _on_trained(self, event: Event) -> None:
        result, now = self._training.result, self._round
        if now is None:
            return
        if result is None:
            assert isinstance(event, Failed | Cancelled)
            self._undo(event)
            return
        now.model = find_model(str(result.package))
        library_events.added.emit(now.model.folder)
        if result.stopped:
            self._undo(Cancelled("Stopped."))
        else:
            self._segment(now)

    # -- segmenting again ------------------------------------------------------------------

    def _segment(self, now: Round) -> None:
        image = now.corrections.image
        assert now.model is not None
        assert now.held_out is not None
        if image not in self._viewer.layers:
            self._undo(Failed("The image was removed, so it is not segmented again."))
            return
        now.after = Prediction(
            self._viewer, image, now.model, self._runner.scratch, called=now.child
        )
        now.after.apply(*rules_after(now))
        seen = set(now.corrections.slices if now.before is None else now.before.done)
        slices = nearest_first(self._viewer, image, seen | set(now.held_out.slices))
        self._state.begin(Step.SEGMENTING, "Reading the slices ...")
        job = partial(now.after.job, slices, means_after(now))
        self._ticket = self._runner.submit(job, self._on_segmented)
        now.after.show()

    def _on_segmented(self, event: Event) -> None:
        now = self._round
        assert now is not None
        assert now.after is not None
        match event:
            case Log(message):
                self._state.advance(message, None)
            case SliceDone(z):
                self._accept(now, now.after, z)
            case Progress(done, total, unit, seconds):
                words = f"Segmenting again: {done:.0f} of {total:.0f} {unit}{left(seconds)}"
                self._state.advance(words, done / total)
            case Finished():
                self._ticket = None
                now.after.finish(then=partial(self._compare, now, now.after))
            case Failed() | Cancelled():
                self._ticket = None
                self._undo(event)

    def _accept(self, now: Round, after: Prediction, z: int) -> None:
        if not after.serves(now.corrections.image, after.model):
            self.stop()
            return
        if now.before is not None and not after.done:
            now.before.put_away()
        after.accept(z)

    # -- comparing -------------------------------------------------------------------------

    def _compare(self, now: Round, after: Prediction) -> None:
        if now is not self._round:  # stopped, or closed, in the meantime
            return
        self._state.begin(Step.COMPARING, "Comparing with the prediction before ...")
        self._work.want(
            partial(compare, now, after), lambda found: self._show(now, *found), self._fail
        )

    def _show(self, now: Round, words: Comparison, changed: npt.NDArray[Any] | None) -> None:
        assert now.after is not None
        if self._done:
            self._remove(self._done[-1].overlay)
        if changed is not None:
            now.overlay = show_changes(self._viewer, now.after, changed)
        self._select(now.active)
        self._done.append(now)
        self._round = None
        library_events.segmented.emit(now.after)
        self._state.rounds = len(self._done)
        self._state.end(str(words))
        self._ended(Finished(words))

    # -- what does not come to its end -----------------------------------------------------

    def _fail(self, message: str) -> None:
        self._undo(Failed(message))

    def _undo(self, event: Failed | Cancelled) -> None:
        """Leave layers and chosen model as they were before the click."""
        now, self._round = self._round, None
        assert now is not None
        if now.after is not None:
            now.after.withdraw()
        if now.before is not None:
            now.before.bring_back()
        self._select(now.active)
        message = event.message if _AS_IT_WAS in event.message else f"{event.message} {_AS_IT_WAS}"
        if now.model is not None:
            library_events.chosen.emit(now.parent.folder)
            message += f" What was learned by then is the model {now.child}."
        self._state.end(message)
        if isinstance(event, Failed):
            show_failure(event)
        self._ended(event)

    def _select(self, layer: Layer | None) -> None:
        """Have a person's next stroke go where the last one went, not onto a layer of ours."""
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.selection.active = layer

    def _remove(self, layer: Labels | None) -> None:
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)
