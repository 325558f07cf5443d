"""Scoring of stacks for the command line: a report, and slices to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from operator import add
from typing import Any

import numpy.typing as npt

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.config.volume_scores import VolumeScoresConfig
from napari_emseg.core.label_meaning import LabelSummary, guess_meaning
from napari_emseg.core.label_reading import LabelReading
from napari_emseg.core.scores.class_scores import ClassTable
from napari_emseg.core.scores.comparison import compare_slices
from napari_emseg.core.scores.empty_slices import about_empty
from napari_emseg.core.scores.metrics import (
    ISBI_THRESHOLDS,
    check_shapes,
    prediction_meaning,
    score_stack,
)
from napari_emseg.core.scores.prediction_notes import (
    about_values,
    agreement,
    notes_on,
    oriented,
)
from napari_emseg.core.scores.probability import PredictionReading
from napari_emseg.core.scores.scores import ClassScores, StackScores
from napari_emseg.core.scores.truth import TrueSlice
from napari_emseg.core.scores.volume.score_volume import VolumeScores, score_volume
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
    meaning : {"mask", "membranes", "scribbles", "instances"}, optional
        How to read the truth; recognised where it is None.
    """

    prediction: Stack
    truth: Stack
    numbers: tuple[int, ...]
    meaning: LabelsMeaning | None = None

    @classmethod
    def of(
        cls,
        prediction: Stack,
        truth: Stack,
        slices: Sequence[int] | None,
        meaning: LabelsMeaning | None = None,
    ) -> Evaluation:
        """Take slices of the truth, and of the prediction where it has as many slices."""
        if slices is None:
            return cls(prediction, truth, tuple(range(len(truth))), meaning)
        if len(prediction) == len(truth):
            prediction = prediction.take(slices)
        return cls(prediction, truth.take(slices), tuple(slices), meaning)

    @cached_property
    def truth_summary(self) -> LabelSummary:
        """What the truth is taken for, and which of its slices are labelled."""
        return guess_meaning(
            self.truth.data, told=self.meaning, all_known=True, role="truth",
            names=self.truth.class_names,
        )  # fmt: skip

    @cached_property
    def prediction_reading(self) -> PredictionReading:
        """What the prediction is taken for; the truth decides where its values do not."""
        check_shapes(self.prediction.shape, self.truth.shape, axes="ZYX")
        reading = prediction_meaning(self.prediction.data)
        return oriented(reading, self._read, self._scored)

    @property
    def _scored(self) -> list[int]:
        """Slices that are labelled and, as far as the prediction knows, predicted."""
        predicted, labelled = self.prediction.predicted, self.truth_summary.labelled
        return [z for z in labelled if predicted is None or z in predicted]

    def report(
        self,
        *,
        threshold: float | None = None,
        model: ModelRecord | None = None,
        volume: VolumeScoresConfig | None = None,
        on_slice: Callable[[int, int], None] | None = None,
    ) -> Report:
        """Score all slices, at one threshold or at the challenge's eleven.

        With ``volume`` the cells through the slices as well.
        """
        through = None if volume is None else self._volume(volume, on_slice)
        thresholds = _thresholds(threshold)
        scores = self._score(thresholds, self.prediction_reading, on_slice)
        return Report(
            self._named(scores),
            self._provenance(thresholds, model),
            volume=through,
            prediction_is=self.prediction_reading.words,
            truth_is=self.truth_summary.said.removeprefix("read as "),
            notes=(*self.truth_summary.remarks, *self._notes(scores, thresholds)),
        )

    def _volume(
        self, config: VolumeScoresConfig, on_slice: Callable[[int, int], None] | None
    ) -> VolumeScores:
        scores = score_volume(
            self.prediction.data, self.truth.data, config=config,
            voxel_size_nm=self.truth.voxel_size_nm or self.prediction.voxel_size_nm,
            on_slice=on_slice,
        )  # fmt: skip
        return scores.moved(self.numbers)

    def scores(
        self,
        *,
        threshold: float | None = None,
        on_slice: Callable[[int, int], None] | None = None,
    ) -> StackScores:
        """The scores of a `report` alone."""
        return self._named(self._score(_thresholds(threshold), self.prediction_reading, on_slice))

    def _named(self, scores: StackScores) -> StackScores:
        """With the slices called as a person calls them, and the scores of classes."""
        numbers, left_out = (
            tuple(self.numbers[z] for z in each) for each in (scores.numbers, scores.not_predicted)
        )
        classes = self._class_scores(scores.numbers)
        return replace(scores, numbers=numbers, not_predicted=left_out, classes=classes)

    def _class_scores(self, slices: Sequence[int]) -> tuple[ClassScores, ...]:
        """Of each class in these slices; empty unless both hold more than membrane and cell."""
        predicted, true = self.prediction_reading.class_reading, self.truth_summary.class_reading
        if self.prediction.class_names:
            predicted = LabelReading("scribbles")
        if predicted is None or true is None:
            return ()
        known = (self.prediction.class_names, self.truth.class_names)
        names = max(*known, self.truth_summary.class_names, key=len)
        both, count = (predicted, true), len(names)
        pairs = ((self.prediction.slice(z), self.truth.slice(z)) for z in slices)
        return reduce(add, (ClassTable.of(*pair, both, count) for pair in pairs)).scores(names)

    def _score(
        self,
        thresholds: Sequence[float],
        reading: PredictionReading,
        on_slice: Callable[[int, int], None] | None = None,
    ) -> StackScores:
        return score_stack(
            self.prediction.data, self.truth.data, thresholds=thresholds, prediction_is=reading,
            meaning=self._truth_reading, predicted=self.prediction.predicted, on_slice=on_slice,
        )  # fmt: skip

    def _notes(self, scores: StackScores, thresholds: Sequence[float]) -> tuple[str, ...]:
        reading = self.prediction_reading
        against = agreement(self._read, scores.numbers, reading) < 0
        turned = self._score(thresholds, reading.turned) if against else None
        return (
            *about_values(self.prediction.data, scores.numbers),
            *self._about_empty(scores),
            *notes_on(scores, turned),
        )

    def _about_empty(self, scores: StackScores) -> tuple[str, ...]:
        """On scored slices without a value, of which nobody knows whether they were predicted."""
        if self.prediction.predicted is not None:
            return ()
        # all of a slice is membrane, or all of it cell, at any threshold: few are looked at again
        extreme = [
            z
            for z, each in zip(scores.numbers, scores.slices, strict=True)
            if each.recall in (0, 1)
        ]
        empty = [z for z in extreme if not self.prediction.slice(z).any()]
        return about_empty([self.numbers[z] for z in empty], len(scores.numbers))

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
        kind = self.prediction_reading
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
        return self.prediction.slice(z), TrueSlice.read(self.truth.slice(z), self._truth_reading)

    @property
    def _truth_reading(self) -> LabelReading:
        summary = self.truth_summary
        return summary.reading or LabelReading(summary.meaning)

    def _provenance(self, thresholds: Sequence[float], model: ModelRecord | None) -> Provenance:
        settings = {
            "truth_means": self.truth_summary.meaning,
            "thresholds": [float(each) for each in thresholds],
            "slices": list(self.numbers),
        }
        prediction, truth = StackRecord.of(self.prediction), StackRecord.of(self.truth)
        return Provenance(prediction, truth, settings, model)


def _thresholds(threshold: float | None) -> tuple[float, ...]:
    return ISBI_THRESHOLDS if threshold is None else (threshold,)
