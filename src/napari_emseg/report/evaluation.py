"""Scoring of stacks for the command line: a report, and slices to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.scores.comparison import compare_slices
from napari_emseg.core.scores.metrics import ISBI_THRESHOLDS, prediction_meaning, score_stack
from napari_emseg.core.scores.truth import TrueSlice
from napari_emseg.errors import ShapeError
from napari_emseg.report.figures import Picture
from napari_emseg.report.provenance import ModelRecord, Provenance, StackRecord
from napari_emseg.report.report import Report
from napari_emseg.types import LabelsMeaning, Stack

PICTURED = 5
"""Slices that a report shows, the worst ones."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A prediction and its truth, slice by slice the same ones.

    Parameters
    ----------
    prediction, truth : Stack
        Of equal shapes (Z, Y, X).
    numbers : tuple of int
        What the slices are called.
    meaning : {"mask", "scribbles", "instances"}
        How to read the truth.
    """

    prediction: Stack
    truth: Stack
    numbers: tuple[int, ...]
    meaning: LabelsMeaning = "instances"

    @classmethod
    def of(
        cls,
        prediction: Stack,
        truth: Stack,
        slices: Sequence[int] | None,
        meaning: LabelsMeaning = "instances",
    ) -> Evaluation:
        """Take slices of the truth, and of the prediction where it has as many slices."""
        if slices is None:
            return cls(prediction, truth, tuple(range(len(truth))), meaning)
        if len(prediction) == len(truth):
            prediction = prediction.take(slices)
        return cls(prediction, truth.take(slices), tuple(slices), meaning)

    def report(
        self,
        *,
        threshold: float | None = None,
        model: ModelRecord | None = None,
        on_slice: Callable[[int, int], None] | None = None,
    ) -> Report:
        """Score all slices, at one threshold or at the challenge's eleven."""
        thresholds = ISBI_THRESHOLDS if threshold is None else (threshold,)
        scores = score_stack(
            self.prediction.data, self.truth.data, thresholds=thresholds, meaning=self.meaning,
            on_slice=on_slice,
        )  # fmt: skip
        named = replace(scores, numbers=tuple(self.numbers[z] for z in scores.numbers))
        return Report(named, self._provenance(thresholds, model))

    def pictures(self, report: Report, image: Stack | None = None) -> list[Picture]:
        """The slices of a report with the lowest V_rand, at its threshold, in their order.

        Raises
        ------
        ShapeError
            The image has another shape than the prediction.
        """
        if image is not None and image.shape != self.prediction.shape:
            raise ShapeError(
                f"image: expected the shape of the prediction {self.prediction.shape}, received "
                f"{image.shape}"
            )
        slices = report.slices
        worst = sorted(slices, key=lambda number: slices[number].v_rand)[:PICTURED]
        chosen = [self.numbers.index(number) for number in sorted(worst)]
        config = CompareConfig(threshold=report.scores.threshold)
        kind = prediction_meaning(self.prediction.data)
        pictures = []
        for z, compared in zip(
            chosen, compare_slices(self._read, chosen, kind, config), strict=True
        ):
            assert compared is not None, "a slice of the report is labelled"
            predicted, truth = self._read(z)
            pixels = None if image is None else image.slice(z)
            named = replace(compared, z=self.numbers[z])
            pictures.append(Picture(named, predicted, truth.cells, pixels))
        return pictures

    def _read(self, z: int) -> tuple[npt.NDArray[Any], TrueSlice]:
        return self.prediction.slice(z), TrueSlice.read(self.truth.slice(z), self.meaning)

    def _provenance(self, thresholds: Sequence[float], model: ModelRecord | None) -> Provenance:
        settings = {
            "truth_means": self.meaning,
            "thresholds": [float(each) for each in thresholds],
            "slices": list(self.numbers),
        }
        prediction, truth = StackRecord.of(self.prediction), StackRecord.of(self.truth)
        return Provenance(prediction, truth, settings, model)
