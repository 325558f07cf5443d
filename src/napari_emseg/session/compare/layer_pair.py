"""A layer with a prediction and one with its truth, laid over one another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy.typing as npt

from napari_emseg.core.label_meaning import MEANINGS
from napari_emseg.core.label_reading import LabelReading
from napari_emseg.core.scores.probability import (
    PredictionMeaning,
    PredictionReading,
    prediction_meaning,
)
from napari_emseg.core.scores.stack_overlap import StackOverlap
from napari_emseg.session.observed_layer import ObservedLayer
from napari_emseg.types import LabelsMeaning


class ComparedLayer(ObservedLayer, Protocol):
    """A layer, as far as a comparison needs to know it."""

    @property
    def dtype(self) -> Any:
        """Of its pixels."""

    @property
    def holds_ids(self) -> bool:
        """Whether its values are ids of cells and no grey values."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """What its classes are called, where it is known to hold these."""

    @property
    def model_folder(self) -> str:
        """Folder of the model that made it; empty where none did, or nobody knows."""

    @property
    def seen_slice(self) -> int | None:
        """The slice that a person looks at; None where the view shows a place beside the layer."""

    def is_predicted(self, z: int) -> bool | None:
        """Whether a model, or a person, has filled a slice; None where nobody knows."""

    def offset_of(self, other: Any) -> tuple[int, int, int]:
        """Where another layer begins in this one (Z, Y, X), in px.

        Raises
        ------
        ShapeError
            If axes or pixel sizes differ, or the shift is not by whole pixels.
        """


@dataclass(frozen=True)
class ClassPair:
    """How prediction and truth are read as classes, and what these are called."""

    readings: tuple[LabelReading, LabelReading]
    names: tuple[str, ...]


class LayerPair:
    """What two layers have in common; slices are numbered as in the prediction.

    Parameters
    ----------
    prediction, truth : ComparedLayer
        One may be shifted, by whole pixels, or be a part of the other.
    meaning : {"mask", "membranes", "scribbles", "instances"}
        How to read the truth.

    Raises
    ------
    ShapeError
        Shapes, pixel sizes or directions differ, or nothing is in common.
    """

    def __init__(
        self, prediction: ComparedLayer, truth: ComparedLayer, meaning: LabelsMeaning
    ) -> None:
        self.prediction, self.truth, self.meaning = prediction, truth, meaning
        self.shape = prediction.shape
        self._overlap = StackOverlap.of(self.shape, truth.shape, prediction.offset_of(truth))

    @property
    def slices(self) -> range:
        """The slices of the prediction that have a truth, labelled or not."""
        return range(self._overlap.first[0].start, self._overlap.first[0].stop)

    @property
    def not_predicted(self) -> list[int]:
        """Those of `slices` that nobody has predicted."""
        return [z for z in self.slices if self.prediction.is_predicted(z) is False]

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the prediction that are compared."""
        return self._overlap.first[1:]

    @property
    def seen_slice(self) -> int | None:
        """The slice that a person looks at, where it can be compared."""
        z = self.prediction.seen_slice
        return z if z in self.slices else None

    @cached_property
    def kind(self) -> PredictionMeaning:
        """What the prediction's values mean; some are looked through once, so ask in a thread."""
        if not self.prediction.holds_ids:
            return prediction_meaning(self.prediction.data)
        found = prediction_meaning(self.prediction.data, is_labels=True)
        # a person may paint on it, and each new label is then a cell
        return found if found.kind == "classes" or found.decides_by_truth else "ids"

    @cached_property
    def taken_for(self) -> str:
        """What both were taken for, in words; some slices are looked through: in a thread."""
        prediction = PredictionReading.of(self.kind).words
        truth = self.truth_reading
        plain = _OF_IDS if truth.meaning == "instances" else MEANINGS[truth.meaning]
        more = "".join(_more(truth))
        said = f"{self.prediction.name} is taken for {prediction}. {self.truth.name}: {plain}{more}"
        return " ".join((said, *self._doubts()))

    def _doubts(self) -> tuple[str, ...]:
        from napari_emseg.core.scores.prediction_notes import about_values  # it loads OpenCV

        left_out = set(self.not_predicted)
        slices = [z for z in self.slices if z not in left_out]
        if self.prediction.holds_ids or not slices:
            return ()
        return about_values(self.prediction.data, slices)

    @cached_property
    def truth_reading(self) -> LabelReading:
        """How the truth is read; some slices are looked at once, so ask in a thread."""
        from napari_emseg.core.label_meaning import truth_reading

        return truth_reading(self.truth.data, self.meaning)

    @cached_property
    def classes(self) -> ClassPair | None:
        """How both are read as maps of more than two classes; looks through the truth."""
        predicted = PredictionReading.of(self.kind).class_reading
        if self.prediction.class_names:
            predicted = LabelReading("scribbles")
        if predicted is None:
            return None
        from napari_emseg.core.label_meaning import guess_meaning

        found = guess_meaning(
            self.truth.data, all_known=True, role="truth", names=self.truth.class_names
        )
        if found.class_reading is None:
            return None
        names = max(self.prediction.class_names, found.class_names, key=len)
        return ClassPair((predicted, found.class_reading), names)

    def version(self, z: int) -> int:
        """How often pixels of a slice have changed so far, in either layer."""
        return self.prediction.version(z) + self.truth.version(self._slice_of_truth(z))

    def predicted(self, z: int) -> npt.NDArray[Any]:
        """The prediction (Y, X) of a slice, as far as there is a truth."""
        return self.prediction.read(z)[self.window]

    def true(self, z: int) -> npt.NDArray[Any]:
        """The truth's labels (Y, X) of a slice of the prediction."""
        return self.truth.read(self._slice_of_truth(z))[self._overlap.second[1:]]

    def pixel(self, z: int, y: float, x: float) -> tuple[int, float, float]:
        """Which pixel of the prediction one of the compared window is."""
        rows, columns = self.window
        return z, y + rows.start, x + columns.start

    def _slice_of_truth(self, z: int) -> int:
        first, second = self._overlap.first[0], self._overlap.second[0]
        return int(z - first.start + second.start)


_OF_IDS = (
    "Each label is a cell of its own, in a mask each piece; the rest of a painted slice is "
    "membrane."
)
"""Said of a truth of ids, which a mask may be read as: its scores are the same."""


def _more(truth: LabelReading) -> Iterator[str]:
    """What else was seen of a truth, to go on after its meaning."""
    if truth.meaning == "scribbles" and not truth.membrane:
        yield " 0 is membrane, and nothing is unknown."
    if truth.cut is not None:
        yield f" Painted is what is above {truth.cut:g}."
    if truth.unknown:
        yield f" Unknown: {', '.join(map(str, truth.unknown))}."
    if truth.background is not None:
        yield f" {truth.background} is membrane."
    if truth.far_unknown:
        yield " 0 far from every cell is unknown."
