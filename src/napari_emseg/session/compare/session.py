"""Comparing as a person looks, paints and moves the threshold: the slice first, then the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import ClassVar

from psygnal import Signal, SignalGroupDescriptor

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.scores.scores import ISBI_THRESHOLDS
from napari_emseg.errors import EmsegError
from napari_emseg.session.compare.chosen_layers import ChosenLayers
from napari_emseg.session.compare.export import ScoreExport, model_of
from napari_emseg.session.compare.layer_pair import ComparedLayer, LayerPair
from napari_emseg.session.compare.measure import MeasuredSlice, measure
from napari_emseg.session.compare.paired_test import PairedTest
from napari_emseg.session.compare.score_cache import ScoreCache
from napari_emseg.session.compare.training_runs import TrainingRuns
from napari_emseg.session.compare.volume_scoring import VolumeScoring
from napari_emseg.session.executor import Executor, Task
from napari_emseg.types import LabelsMeaning

_GATHER_S = 0.03
"""Over which slices, strokes and steps of the slider are gathered into one comparison."""

_CALM_S = 0.4
"""How long all must stay as it is before the sweep, and the other slices, are made anew."""


class Phase(StrEnum):
    """What goes on."""

    EMPTY = "there is nothing that can be compared"
    FOLLOWING = "the slice that is seen is followed"
    SCORING = "slices of the stack are worked through"
    CLOSED = "nothing is made any more"


@dataclass(eq=False)
class CompareSession:
    """A prediction, and a second one, compared with a truth.

    Attributes
    ----------
    phase : Phase
        What goes on.
    config : CompareConfig
        Threshold, and what is too small to be an error.
    problem : str
        Why nothing can be compared, or why the stack was not worked through; else empty.
    problem_here : str
        Why the slice that is seen cannot be compared; else empty.
    taken_for : str
        What prediction and truth were taken for; empty until they were looked at.
    here : int or None
        The slice that is seen, where it can be compared.
    progress : tuple of int
        Slices done, and all slices, while they are worked through.
    scores, second : ScoreCache or None
        What is known of the prediction, and of the second one while it is wanted.
    export, paired_test, training_runs, volume
        The parts, each in a module of its own.
    scored : psygnal.Signal
        Emitted when something is known, or not known any more.
    mapped : psygnal.Signal
        Emitted with the pair, the slice and its error map (Y, X), uint8.
    warned : psygnal.Signal
        Emitted with a text that says why what a person asked for is not done.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    scored: ClassVar[Signal] = Signal()
    mapped: ClassVar[Signal] = Signal(LayerPair, int, object)
    warned: ClassVar[Signal] = Signal(str)

    executor: Executor
    phase: Phase = Phase.EMPTY
    config: CompareConfig = field(default_factory=CompareConfig)
    problem: str = ""
    problem_here: str = ""
    taken_for: str = ""
    here: int | None = None
    progress: tuple[int, int] = (0, 0)
    scores: ScoreCache | None = None
    second: ScoreCache | None = None

    def __post_init__(self) -> None:
        self._layers = ChosenLayers(self.look, self._begin, self._forget_second)
        self._are_all_wanted = False
        self._slice_lane = self.executor.lane("slice")
        self._stack_lane = self.executor.lane("stack")
        self._checking: Task | None = None
        self._run: Task | None = None
        self._gather = self.executor.timer(self._look, _GATHER_S)
        self._calm = self.executor.timer(self._catch_up, _CALM_S)
        self.export = ScoreExport(self.executor)
        self.paired_test = PairedTest(self.executor)
        self.training_runs = TrainingRuns(self.executor)
        self.volume = VolumeScoring(self.executor)

    # -- what is compared ------------------------------------------------------------------

    @property
    def pair(self) -> LayerPair | None:
        """Prediction and truth, where they can be compared."""
        return None if self.scores is None else self.scores.pair

    @property
    def has_threshold(self) -> bool:
        """Whether a threshold means anything: a mask has none."""
        prediction = self._layers.prediction
        return prediction is not None and not prediction.holds_ids

    def compare(
        self,
        prediction: ComparedLayer | None,
        truth: ComparedLayer | None,
        meaning: LabelsMeaning = "instances",
    ) -> None:
        """Compare these from now on; nothing is known of them.

        A prediction that was not compared before is cut at the threshold of its model.
        """
        if self.phase is Phase.CLOSED:
            return
        before = self._layers.prediction
        self._layers.choose(prediction, truth, meaning)
        if prediction is not None and (before is None or before.layer is not prediction.layer):
            self._take_threshold(prediction)
        self._begin()

    def compare_second(self, second: ComparedLayer | None) -> None:
        """Choose the second prediction; `score_both` scores it."""
        self._layers.choose_second(second)
        self._forget_second()

    def change(self, **settings: float) -> None:
        """Change settings of `CompareConfig` by name; all that is wanted is made anew."""
        config = replace(self.config, **settings)
        if config != self.config:
            self._stack_lane.drop()  # begun for other settings
            self.config = config
            self.look()

    def _begin(self) -> None:
        """Other layers, or others' pixels."""
        self._halt()
        self._forget_second()
        try:
            pair = self._layers.pair()
        except EmsegError as error:
            self.scores, self.problem, self.phase = None, str(error), Phase.EMPTY
        else:
            self.scores, self.problem, self.phase = ScoreCache(pair), "", Phase.FOLLOWING
        self.problem_here = self.taken_for = ""
        self.volume.compare(self.pair, self.problem)
        self.scored.emit()
        self.look()

    def _take_threshold(self, prediction: ComparedLayer) -> None:
        package = model_of(prediction)
        if package is not None:
            self.config = replace(self.config, threshold=package.info.threshold)

    def _forget_second(self) -> None:
        self.second = None
        self.paired_test.clear()

    # -- the slice that is seen ------------------------------------------------------------

    def look(self) -> None:
        """Compare the slice that is seen soon, as all is then."""
        self.volume.look()
        if self.phase is not Phase.CLOSED and not self._gather.is_active:
            self._gather.start()

    def _look(self) -> None:
        self.here = None if self.pair is None else self.pair.seen_slice
        if self.here is None:
            self._calm.start()
        elif self._checking is not None and self._checking.is_running:
            self.look()  # again when it is done: what is dropped for newer work is never shown
        else:
            self._check(self.here)

    def _check(self, z: int) -> None:
        scores, config = self.scores, self.config
        assert scores is not None

        def compare() -> tuple[MeasuredSlice, str]:
            return next(measure(scores.pair, [z], config, workers=1)), scores.pair.taken_for

        def failed(message: str) -> None:
            self.problem_here = message
            if self._are_all_wanted:
                self._calm.start()

        self._checking = self._slice_lane.run(compare, partial(self._take_check, scores), failed)

    def _take_check(self, scores: ScoreCache, found: tuple[MeasuredSlice, str]) -> None:
        measured, taken_for = found
        self.problem_here = ""
        if scores is self.scores:
            self.taken_for = taken_for
        self._keep(scores, measured)
        self._calm.start()

    # -- all slices ------------------------------------------------------------------------

    def score_all(self) -> None:
        """Compare all slices anew, and follow all from now on."""
        if self.scores is None:
            self.warned.emit(self.problem)
            return
        self._halt()
        self.problem, self._are_all_wanted = "", True
        self.scores.doubt()
        self._catch_up()

    def score_both(self) -> None:
        """Compare all slices of both predictions anew."""
        try:
            pair = self._layers.second_pair()
        except EmsegError as error:
            self.warned.emit(str(error))
            return
        self._forget_second()
        if self.scores is not None:
            self.second = ScoreCache(pair)
        self.score_all()

    def stop(self) -> None:
        """Keep what is known, and work on nothing but the slice that is seen."""
        self._halt()
        if self.phase is Phase.SCORING:
            self.phase = Phase.FOLLOWING

    def _halt(self) -> None:
        self._are_all_wanted = False
        self._calm.stop()
        self._slice_lane.drop()
        self._stack_lane.drop()

    def _catch_up(self) -> None:
        """Make what is wanted and not known, unless that goes on already."""
        is_busy = self._run is not None and self._run.is_running
        if self.scores is None or is_busy or self.phase is Phase.CLOSED:
            return
        wanted = self._wanted()
        lacking = [(each, each.lacking(slices, self.config)) for each, slices in wanted]
        count = sum(len(slices) for _, slices in lacking)
        if not count:
            self.phase = Phase.FOLLOWING
            return
        total = sum(len(slices) for _, slices in wanted)
        self.progress = total - count, total
        if self._are_all_wanted:
            self.phase = Phase.SCORING
        config = self.config

        def compare() -> Iterator[tuple[ScoreCache, MeasuredSlice]]:
            for scores, slices in lacking:
                known = dict(scores.known)
                for each in measure(
                    scores.pair, slices, config, known=known, thresholds=ISBI_THRESHOLDS
                ):
                    yield scores, each

        self._run = self._stack_lane.drain(compare, self._take, self._end)

    def _wanted(self) -> list[tuple[ScoreCache, list[int]]]:
        assert self.scores is not None
        if not self._are_all_wanted:
            return [(self.scores, [] if self.here is None else [self.here])]
        both = [self.scores] if self.second is None else [self.scores, self.second]
        return [(each, list(each.pair.slices)) for each in both]

    def _take(self, item: tuple[ScoreCache, MeasuredSlice]) -> None:
        self._keep(*item)
        done, total = self.progress
        self.progress = done + 1, total

    def _keep(self, scores: ScoreCache, measured: MeasuredSlice) -> None:
        if not scores.take(measured):
            return
        compared = measured.compared
        if scores is self.scores and compared is not None and compared.error_map.size:
            self.mapped.emit(scores.pair, measured.z, compared.error_map)
        if self.scores is not None and self.second is not None:
            names = self.scores.pair.prediction.name, self.second.pair.prediction.name
            self.paired_test.compare(
                self.scores.scores(self.config), self.second.scores(self.config), names
            )
        self.scored.emit()

    def _end(self, message: str) -> None:
        if message:
            self._are_all_wanted = False
            self.problem, self.phase = message, Phase.FOLLOWING
            self.warned.emit(message)
        else:
            self._run = None
            self._catch_up()  # the person may have gone on meanwhile

    # -- what comes of it ------------------------------------------------------------------

    @property
    def can_save(self) -> bool:
        """Whether anything is known at the present settings."""
        return self.scores is not None and bool(self.scores.at(self.config))

    def save(self, path: Path) -> None:
        """Write what is known as CSV, JSON or PNG, by the ending; see `can_save`.

        Scores of the volume that are out of date are left out.
        """
        assert self.scores is not None
        self.export.save(self.scores, self.config, path, volume=self.volume.fresh)

    def close(self) -> None:
        """Make nothing more, and let go of the layers."""
        self._halt()
        self._gather.stop()
        self.phase = Phase.CLOSED
        self._layers.close()
        for lane in (self._slice_lane, self._stack_lane):
            lane.stop()
        for part in (self.export, self.paired_test, self.training_runs, self.volume):
            part.close()
