"""What a retraining does not learn from, so that before and after can be compared on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.label_meaning import TRUTH_MEANING, known_pixels
from napari_emseg.core.train.split import first_held_out_column
from napari_emseg.engine.train.request import TrainRequest
from napari_emseg.types import Float32Array, LabelsMeaning


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Corrected slices, or the right part of the only one, as they were when training began.

    Parameters
    ----------
    truth : dict of int to (Y, X) array
        Their labels.
    cut : int, optional
        The first column that counts, where there is one slice.
    meaning : {"instances", "scribbles"}
        How the labels are read: classes as scribbles, and all others alike.
    """

    truth: Mapping[int, npt.NDArray[Any]]
    cut: int | None = None
    meaning: LabelsMeaning = TRUTH_MEANING

    @classmethod
    def of(cls, request: TrainRequest) -> HeldOut:
        """Copy what ``request`` leaves to validation."""
        split, labels = request.split, request.data.labels
        truth = {z: labels.slice(z).copy() for z in split.validation}
        meaning: LabelsMeaning = "scribbles" if request.meaning == "scribbles" else TRUTH_MEANING
        if split.named_validation is not None:
            return cls(truth, meaning=meaning)
        (slice_,) = truth.values()
        known = known_pixels(slice_, request.meaning)
        cut = first_held_out_column(known, request.recipe.train.val_fraction)
        return cls(truth, cut, meaning)

    @property
    def slices(self) -> tuple[int, ...]:
        """Which they are, ascending."""
        return tuple(sorted(self.truth))

    def __str__(self) -> str:
        numbers = ", ".join(map(str, self.slices))
        if self.cut is not None:
            return f"on the right part of slice {numbers}, held out"
        return f"on slice{'s' if len(self.slices) > 1 else ''} {numbers}, held out"

    def v_rand(self, probability: Mapping[int, Float32Array] | Float32Array) -> float:
        """Of what is predicted for these slices (Y, X), at the best threshold."""
        from napari_emseg.core.scores.metrics import score_stack  # scipy: in the thread

        columns = slice(self.cut, None)
        predicted = np.stack([np.asarray(probability[z])[:, columns] for z in self.slices])
        return score_stack(
            predicted,
            np.stack([self.truth[z][:, columns] for z in self.slices]),
            meaning=self.meaning,
        ).v_rand
