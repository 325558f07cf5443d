"""Ranks the places of a prediction to correct, slice by slice in a thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from qtpy.QtCore import QObject

from napari_emseg.core.correct.review_regions import ReviewRegion, visiting_order
from napari_emseg.session.prediction.prediction import Prediction
from napari_emseg.ui.background.latest import Latest


class Ranker(QObject):
    """What is known so far of where to look.

    Parameters
    ----------
    changed : callable
        Called after every slice, on the window's thread.
    parent : QObject
        Owns it.

    Attributes
    ----------
    prediction : Prediction or None
        What is ranked.
    places : dict of int to list of ReviewRegion
        By slice, as far as they are ranked.
    """

    def __init__(self, changed: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._changed = changed
        self._work = Latest(self)
        self.prediction: Prediction | None = None
        self.places: dict[int, list[ReviewRegion]] = {}

    @property
    def order(self) -> list[tuple[int, ReviewRegion]]:
        """Slices and places, the worst first."""
        return visiting_order(self.places)

    @property
    def is_done(self) -> bool:
        """Whether all predicted slices are ranked."""
        return self.prediction is None or self.places.keys() >= self.prediction.done

    def rank(self, prediction: Prediction) -> None:
        """Rank what is not ranked yet of a prediction; another one than before begins anew."""
        if prediction is not self.prediction:
            self._work.cancel()
            self.prediction, self.places = prediction, {}
        self._go_on()

    def stop(self) -> None:
        """Rank nothing more."""
        self._work.stop()

    def _go_on(self) -> None:
        assert self.prediction is not None
        left = self.prediction.done - self.places.keys()
        if not left:
            return
        z, prediction = min(left), self.prediction

        def rank() -> list[ReviewRegion]:
            from napari_emseg.core.correct.ranking import (
                rank_regions,  # scipy and skimage: in the thread
            )

            threshold = prediction.rules[1].threshold
            return rank_regions(np.asarray(prediction.probability[z]), threshold)

        self._work.want(rank, partial(self._take, z), lambda _: None)

    def _take(self, z: int, places: list[ReviewRegion]) -> None:
        self.places[z] = places
        self._changed()
        self._go_on()
