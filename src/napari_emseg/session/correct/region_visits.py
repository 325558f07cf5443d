"""*Next* and *Previous*: the regions of the newest prediction where correcting helps most."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

import numpy as np
from psygnal import SignalGroupDescriptor

from napari_emseg.core.classes import cells_of
from napari_emseg.core.correct.review_regions import ReviewRegion
from napari_emseg.session.correct.region_ranking import RankedPrediction, RegionRanker
from napari_emseg.session.executor import Executor
from napari_emseg.session.painting.labels import LabelsLayer
from napari_emseg.session.workspace import Workspace

_NOTHING = "Segment a slice or the stack first; its doubtful places are found from the prediction."
_MORE = "; other slices are still being looked through"
_CORRECTED_PX = 40
"""So many pixels of a square differ from the prediction where a person has corrected it: more than
what is cleaned of specks, and less than a stroke of the brush."""


class VisitPhase(StrEnum):
    """How *Next* stands."""

    NOTHING = "nothing to look at"
    READY = "ready"
    LOOKING = "looking"
    """A person waits for the next region, which is not ranked yet."""
    CLOSED = "closed"


@dataclass(frozen=True, eq=False)
class Corrected:
    """What a person has corrected of an image.

    Parameters
    ----------
    image : Hashable
        The layer that was corrected.
    labels : LabelsLayer
        What was painted.
    slices : collection of int
        Where.
    """

    image: Any
    labels: LabelsLayer
    slices: Collection[int]


@dataclass(eq=False)
class RegionVisits:
    """Visits regions, one after the other, and back.

    Parameters
    ----------
    executor : Executor
        Ranks in a lane.
    workspace : Workspace
        Knows the newest prediction, and tells when more of it is done.
    show : callable
        Brings a region before a person's eyes; called with image, slice and region.
    corrected : callable
        Gives what is corrected; None where nothing is.
    image : callable
        Gives the image that is looked at; None where there is none, and any prediction will do.

    Attributes
    ----------
    phase : VisitPhase
        How it stands.
    message : str
        Where a person is, or what to do.
    can_go_back : bool
        Whether there is a region before.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    executor: Executor
    workspace: Workspace
    show: Callable[[Any, int, ReviewRegion], object]
    corrected: Callable[[], Corrected | None]
    image: Callable[[], Any] = lambda: None
    phase: VisitPhase = VisitPhase.NOTHING
    message: str = ""
    can_go_back: bool = False
    _visited: list[tuple[int, ReviewRegion]] = field(default_factory=list, repr=False)
    _at: int = -1

    def __post_init__(self) -> None:
        self._lane = self.executor.lane("regions")
        self.ranker = RegionRanker(self._lane, self._on_ranked)
        self.workspace.segmented.connect(self.look)
        self.look()

    def close(self) -> None:
        """The dock is closed."""
        if self.phase is not VisitPhase.CLOSED:
            self.phase = VisitPhase.CLOSED
            self.workspace.segmented.disconnect(self.look, missing_ok=True)
            self._lane.stop()

    # -- actions ---------------------------------------------------------------------------

    def go_on(self) -> None:
        """To the next region: one that `go_back` came from, else the worst that is left."""
        self.look()
        if self._at + 1 < len(self._visited):
            self._go(self._at + 1)
            return
        prediction = self.ranker.prediction
        found = self._worst_left()
        if found is not None:
            self._visited.append(found)
            self._go(len(self._visited) - 1)
        elif prediction is not None and not self.ranker.is_done:
            self.phase, self.message = VisitPhase.LOOKING, "Looking for doubtful places ..."
        elif prediction is not None:
            self.phase = VisitPhase.READY
            self.message = "No doubtful place is left that you have not seen."

    def go_back(self) -> None:
        """To the region before."""
        if self._at > 0:
            self._go(self._at - 1)

    def look(self, _: object = None) -> None:
        """Rank the newest prediction, with what it has got since."""
        if self.phase is VisitPhase.CLOSED:
            return
        prediction = self.workspace.newest(self.image())
        if prediction is None:
            self.message = _NOTHING
        else:
            if prediction is not self.ranker.prediction:
                self._begin()
            self.ranker.rank(prediction)
        self.can_go_back = self._at > 0

    # -- regions ---------------------------------------------------------------------------

    def _begin(self) -> None:
        """Another prediction, of which nothing was visited."""
        self._visited, self._at, self.message = [], -1, ""
        if self.phase is VisitPhase.NOTHING:
            self.phase = VisitPhase.READY

    def _on_ranked(self) -> None:
        if self.phase is VisitPhase.LOOKING:
            self.go_on()
        elif self.ranker.is_done:
            self.message = self.message.replace(_MORE, "")

    def _go(self, number: int) -> None:
        prediction = self.ranker.prediction
        assert prediction is not None
        self._at, self.phase = number, VisitPhase.READY
        z, region = self._visited[number]
        self.show(prediction.image, z, region)
        self.can_go_back = number > 0
        more = "" if self.ranker.is_done else _MORE
        self.message = f"Slice {z}: {region.reason} (row {region.y}, column {region.x}){more}."

    def _worst_left(self) -> tuple[int, ReviewRegion] | None:
        seen = {(z, str(region.square)) for z, region in self._visited}
        corrected, prediction = self.corrected(), self.ranker.prediction
        if corrected is None or prediction is None or corrected.image is not prediction.image:
            corrected = None
        left = (
            (z, region)
            for z, region in self.ranker.order
            if (z, str(region.square)) not in seen
            and not (corrected and prediction and _is_corrected(corrected, prediction, z, region))
        )
        return next(left, None)


def _is_corrected(
    corrected: Corrected, prediction: RankedPrediction, z: int, region: ReviewRegion
) -> bool:
    """Whether a person has painted in the square what the prediction does not say."""
    if z not in corrected.slices:
        return False
    painted = np.asarray(corrected.labels.slice(z)[region.square])
    rules = prediction.rules
    predicted = np.asarray(prediction.probability[z][region.square]) > rules.mask.threshold
    if not corrected.labels.class_names:
        differs = (painted != 0) != predicted
    elif "classes" in rules.kinds:
        differs = painted != prediction.classes[z][region.square]
    else:
        differs = (cells_of(painted) != 0) != predicted
    return int(np.count_nonzero(differs)) >= _CORRECTED_PX
