"""Ranks the review regions of a prediction, slice by slice in a lane."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np

from napari_emseg.core.correct.review_regions import ReviewRegion, visiting_order
from napari_emseg.session.executor import Lane
from napari_emseg.session.prediction.rules import Rules
from napari_emseg.session.workspace import LivingPrediction


class RankedPrediction(LivingPrediction, Protocol):
    """A prediction, as far as its regions are ranked."""

    @property
    def probability(self) -> Any:
        """(Z, Y, X) array of float32, 0..1."""

    @property
    def doubt(self) -> Any:
        """(Z, Y, X) array of uint8, how unsure the classes are; None where nobody knows."""

    @property
    def classes(self) -> Any:
        """(Z, Y, X) array of uint8, the classes as far as they are shown."""

    @property
    def rules(self) -> Rules:
        """What is shown, and how it is made."""


class RegionRanker:
    """What is known so far of where to look.

    Parameters
    ----------
    lane : Lane
        Does the ranking.
    changed : callable
        Called after every slice.

    Attributes
    ----------
    prediction : RankedPrediction or None
        What is ranked.
    regions : dict of int to list of ReviewRegion
        By slice, as far as they are ranked.
    """

    def __init__(self, lane: Lane, changed: Callable[[], object]) -> None:
        self._lane, self._changed = lane, changed
        self.prediction: RankedPrediction | None = None
        self.regions: dict[int, list[ReviewRegion]] = {}

    @property
    def order(self) -> list[tuple[int, ReviewRegion]]:
        """Slices and regions, the worst first."""
        return visiting_order(self.regions)

    @property
    def is_done(self) -> bool:
        """Whether all predicted slices are ranked."""
        return self.prediction is None or self.regions.keys() >= self.prediction.done

    def rank(self, prediction: RankedPrediction) -> None:
        """Rank what is not ranked yet of a prediction; another one than before begins anew."""
        if prediction is not self.prediction:
            self._lane.drop()
            self.prediction, self.regions = prediction, {}
        self._go_on()

    def _go_on(self) -> None:
        assert self.prediction is not None
        left = self.prediction.done - self.regions.keys()
        if left:
            z = min(left)
            self._lane.latest(
                partial(_ranked, self.prediction, z), partial(self._take, z), lambda _: None
            )

    def _take(self, z: int, regions: list[ReviewRegion]) -> None:
        self.regions[z] = regions
        self._changed()
        self._go_on()


def _ranked(prediction: RankedPrediction, z: int) -> list[ReviewRegion]:
    from napari_emseg.core.correct.ranking import rank_regions  # scipy and skimage: in the lane

    rules = prediction.rules
    unsure = prediction.doubt if "classes" in rules.kinds else None
    doubt = None if unsure is None else np.asarray(unsure[z])
    return rank_regions(np.asarray(prediction.probability[z]), rules.mask.threshold, doubt)
