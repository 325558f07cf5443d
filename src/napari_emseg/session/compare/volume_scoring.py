"""The cells of a prediction scored through the volume, and the worst errors marked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy.typing as npt
from psygnal import Signal, SignalGroupDescriptor

from napari_emseg.core.config.volume_scores import VolumeScoresConfig
from napari_emseg.core.scores.volume.errors import VolumeError
from napari_emseg.core.slices import in_words
from napari_emseg.errors import CancelledError
from napari_emseg.session.compare.layer_pair import LayerPair
from napari_emseg.session.compare.volume_slices import VolumeSlices
from napari_emseg.session.executor import Executor

if TYPE_CHECKING:
    from napari_emseg.core.scores.volume.score_volume import VolumeScores  # it loads OpenCV

_CALM_S = 0.4
"""How long nothing is painted before it is looked whether pixels are others now."""

Marks = npt.NDArray[Any]


class VolumePhase(StrEnum):
    """What goes on."""

    EMPTY = "there are no cells through a volume, or nobody has looked yet"
    READY = "they can be scored"
    SCORING = "they are being scored"
    CLOSED = "nothing is made any more"


class _Run:
    """A scoring, which can be told to stop while it is counted in a thread."""

    is_stopped = False


@dataclass(eq=False)
class VolumeScoring:
    """Scores of a volume; slices and places are those of the prediction.

    Attributes
    ----------
    phase : VolumePhase
        What goes on.
    why_not : str
        Why nothing can be scored; empty where it can, and until it is known.
    config : VolumeScoresConfig
        Which voxels count, and what is an error.
    progress : tuple of int
        Slices done, and all slices, while they are scored.
    scores : VolumeScores or None
        What came of it.
    outdated : str
        Why the scores are not those of what is chosen and painted now; else empty.
    problem : str
        Why scoring has failed; else empty.
    marked : psygnal.Signal
        Emitted with the pair, an error, a slice, and which pixels (Y, X) of it belong to the
        error, as `VolumeError.mark` gives them; the slice of its place comes first.
    mark_done : psygnal.Signal
        Emitted when all slices were.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    marked: ClassVar[Signal] = Signal(LayerPair, VolumeError, int, object)
    mark_done: ClassVar[Signal] = Signal()

    executor: Executor
    phase: VolumePhase = VolumePhase.EMPTY
    why_not: str = ""
    config: VolumeScoresConfig = field(default_factory=VolumeScoresConfig)
    progress: tuple[int, int] = (0, 0)
    scores: VolumeScores | None = None
    outdated: str = ""
    problem: str = ""

    def __post_init__(self) -> None:
        self._pair: LayerPair | None = None
        self._scored: VolumeSlices | None = None
        self._changed: list[int] = []
        self._run = _Run()
        self._lane = self.executor.lane("volume")
        self._marking = self.executor.lane("volume-marks")
        self._calm = self.executor.timer(self._look, _CALM_S)

    # -- what is scored --------------------------------------------------------------------

    def compare(self, pair: LayerPair | None, problem: str = "") -> None:
        """Forget what is known; score this pair from now on, or nothing because of a problem."""
        if self.phase is VolumePhase.CLOSED:
            return
        self._forget()
        self._pair = pair
        slices = None if pair is None else VolumeSlices(pair)
        self.why_not = problem if slices is None else slices.why_too_few
        if slices is not None and not self.why_not:
            self._lane.run(slices.why_no_cells, self._take_reason, self._take_reason)

    def change(self, **settings: Any) -> None:
        """Change settings of `VolumeScoresConfig` by name; what is known is out of date then."""
        self.config = replace(self.config, **settings)
        self._say_outdated()

    def look(self) -> None:
        """Look soon whether pixels are others now."""
        if self._scored is not None and self.phase is not VolumePhase.CLOSED:
            self._calm.start()

    def _forget(self) -> None:
        self._halt()
        self._marking.drop()
        self._calm.stop()
        self._scored, self._changed = None, []
        self.scores, self.outdated, self.problem = None, "", ""
        self.phase = VolumePhase.EMPTY

    def _take_reason(self, why_not: str) -> None:
        self.why_not = why_not
        self.phase = VolumePhase.EMPTY if why_not else VolumePhase.READY

    # -- scoring ---------------------------------------------------------------------------

    def score(self) -> None:
        """Score all slices anew; what is known stays until then."""
        if self.phase is not VolumePhase.READY or self._pair is None:
            return
        slices, run = VolumeSlices(self._pair), _Run()
        self._run, self.problem = run, ""
        self.progress = 0, len(slices.numbers)
        self.phase = VolumePhase.SCORING
        score = partial(self._score, slices, self.config, run)
        self._lane.run(score, partial(self._take, slices), self._fail)

    def stop(self) -> None:
        """Score no more; what was known before stays."""
        self._halt()
        if self.phase is VolumePhase.SCORING:
            self.phase = VolumePhase.READY

    def _halt(self) -> None:
        self._run.is_stopped = True
        self._lane.drop()

    def _score(self, slices: VolumeSlices, config: VolumeScoresConfig, run: _Run) -> VolumeScores:
        """In a thread."""
        from napari_emseg.core.scores.volume.score_volume import score_volume  # it loads OpenCV

        def advance(done: int, total: int) -> None:
            if run.is_stopped:
                raise CancelledError(f"Stopped after {done} of {total} slices.")
            self.executor.deliver(partial(self._advance, run, done, total))

        pair = slices.pair
        scores = score_volume(
            slices.predicted, slices.truth, config=config, on_slice=advance,
            voxel_size_nm=pair.truth.voxel_size_nm or pair.prediction.voxel_size_nm,
        )  # fmt: skip
        rows, columns = pair.window
        return scores.moved(slices.numbers, rows.start, columns.start)

    def _advance(self, run: _Run, done: int, total: int) -> None:
        if not run.is_stopped:
            self.progress = done, total

    def _take(self, slices: VolumeSlices, scores: VolumeScores) -> None:
        self._scored, self._changed = slices, []
        self.scores = scores
        self._say_outdated()
        self.phase = VolumePhase.READY
        self.look()  # the person may have painted meanwhile

    def _fail(self, message: str) -> None:
        self.problem, self.phase = message, VolumePhase.READY

    # -- whether it still holds ------------------------------------------------------------

    @property
    def fresh(self) -> VolumeScores | None:
        """The scores, where they are those of what is chosen and painted now."""
        return None if self.outdated else self.scores

    def _look(self) -> None:
        if self._scored is not None and self.phase is VolumePhase.READY:
            self._lane.run(self._scored.changed, partial(self._take_changed, self._scored))

    def _take_changed(self, of: VolumeSlices, changed: list[int]) -> None:
        if of is self._scored:
            self._changed = changed
            self._say_outdated()

    def _say_outdated(self) -> None:
        if self.scores is None:
            self.outdated = ""
        elif self.scores.config != self.config:
            self.outdated = "Out of date: settings were changed since. Score the volume again."
        elif self._changed:
            where = in_words(self._changed)
            self.outdated = f"Out of date: painted since, in {where}. Score the volume again."
        else:
            self.outdated = ""

    # -- the worst errors ------------------------------------------------------------------

    def mark(self, error: VolumeError) -> None:
        """Mark the cells of an error through all slices, and no longer those of another."""
        self._marking.drop()
        if self._scored is None:
            return
        pair, numbers = self._scored.pair, self._scored.numbers
        order = sorted(numbers, key=lambda z: abs(z - error.place[0]))

        def marks() -> Iterator[tuple[int, Marks]]:
            for z in order:
                yield z, error.mark(pair.true(z), pair.predicted(z))

        def take(item: tuple[int, Marks]) -> None:
            self.marked.emit(pair, error, *item)

        def end(problem: str) -> None:
            self.problem = problem
            self.mark_done.emit()

        self._marking.drain(marks, take, end)

    def close(self) -> None:
        """Score and mark nothing any more."""
        self._halt()
        self._calm.stop()
        for lane in (self._lane, self._marking):
            lane.stop()
        self.phase = VolumePhase.CLOSED
