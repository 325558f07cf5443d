"""What a retraining does not learn from, so that before and after can be compared on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.correct.corrected_pixels import CorrectedPixels
from napari_emseg.core.label_meaning import TRUTH_MEANING, known_pixels
from napari_emseg.core.slices import in_words
from napari_emseg.core.train.split import first_held_out_column
from napari_emseg.engine.train.request import TrainRequest
from napari_emseg.engine.train.tissue import TissueThatCounts
from napari_emseg.types import Float32Array, LabelsMeaning

BoolImage = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Corrected pixels that took no part, as they were labelled when training began.

    Parameters
    ----------
    slices : tuple of int
        Which slices validate, ascending.
    reviewed : dict of int to (Y, X) array
        Labels of those of them that a person vouches for.
    drawn : dict of int to ((Y, X) array, (Y, X) bool array)
        Labels of the others, and which of their pixels a person has redrawn.
    cut : int, optional
        The first column that counts, where there is one slice.
    meaning : {"instances", "scribbles"}
        How the labels are read: classes as scribbles, and all others alike.
    """

    slices: tuple[int, ...]
    reviewed: Mapping[int, npt.NDArray[Any]]
    drawn: Mapping[int, tuple[npt.NDArray[Any], BoolImage]]
    cut: int | None = None
    meaning: LabelsMeaning = TRUTH_MEANING

    @classmethod
    def of(cls, request: TrainRequest, corrected: CorrectedPixels) -> HeldOut:
        """Copy what ``request`` leaves to validation, of what was ``corrected``."""
        split, labels = request.split, request.data.labels
        cut = None if split.named_validation is not None else _cut(request, split.validation[0])
        reviewed, drawn = {}, {}
        for z in split.validation:
            truth, mask = labels.slice(z).copy(), corrected.mask(z, labels.shape[1:]).copy()
            if cut is not None:
                mask[:, :cut] = False
            if z in corrected.reviewed:
                reviewed[z] = truth
            elif mask.any():
                drawn[z] = truth, mask
        meaning: LabelsMeaning = "scribbles" if request.meaning == "scribbles" else TRUTH_MEANING
        return cls(split.validation, reviewed, drawn, cut, meaning)

    @property
    def drawn_px(self) -> int:
        """How many pixels were redrawn there."""
        return sum(int(mask.sum()) for _, mask in self.drawn.values())

    @property
    def where_reviewed(self) -> str:
        """Where `v_rand` is measured, in words."""
        slices = in_words(self.reviewed)
        return f"on {'the right part of ' * (self.cut is not None)}{slices}, reviewed and held out"

    def v_rand(self, probability: Mapping[int, Float32Array] | Float32Array) -> float | None:
        """Of what is predicted for the reviewed slices (Y, X), at the best threshold.

        None where there is none.
        """
        from napari_emseg.core.scores.metrics import score_stack  # scipy: in the thread

        if not self.reviewed:
            return None
        columns = slice(self.cut, None)
        predicted = np.stack([np.asarray(probability[z])[:, columns] for z in self.reviewed])
        truth = np.stack([labels[:, columns] for labels in self.reviewed.values()])
        return score_stack(predicted, truth, meaning=self.meaning).v_rand

    @property
    def are_classes(self) -> bool:
        """Whether the labels are classes."""
        return self.meaning == "scribbles"

    def right(self, masks: Mapping[int, npt.NDArray[Any]]) -> float | None:
        """Part of the redrawn pixels of which masks (Y, X), nonzero where cell, are right.

        Where the labels are classes, of which maps (Y, X) of these are. None where there is no such
        pixel.
        """
        if not self.drawn:
            return None
        right = [self._agree(masks[z], truth)[at] for z, (truth, at) in self.drawn.items()]
        return float(np.concatenate(right).mean())

    def _agree(self, made: npt.NDArray[Any], truth: npt.NDArray[Any]) -> BoolImage:
        same: BoolImage = made == truth if self.are_classes else (made != 0) == (truth != 0)
        return same


def _cut(request: TrainRequest, z: int) -> int:
    """The first column of the only slice that validates, as the trainer chooses it."""
    data, regions = request.data, request.data.regions
    assert regions is not None, "what is corrected has its area"
    counts = TissueThatCounts(data.images, lambda k: regions.mask(k, data.labels.shape[1:]))
    known = known_pixels(data.labels.slice(z), request.meaning) & counts(z)
    return first_held_out_column(known, request.recipe.train.val_fraction)
