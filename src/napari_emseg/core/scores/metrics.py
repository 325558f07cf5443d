"""ISBI 2012 scores of a prediction against a truth, as the challenge defines them.

Per slice: the prediction is thresholded and its membranes are thinned to lines one pixel wide, so
that the thickness of a membrane costs nothing and a gap in it costs much. What is left is compared
with the truth over the pixels that are cell in the truth only. What a truth leaves unknown counts
nowhere. The scores are averaged over the
slices, and then the best over the thresholds is taken. `score_slice` does one slice at one
threshold, `score_stack` everything.

References
----------
.. [1] Arganda-Carreras I. et al. (2015). Crowdsourcing the creation of image segmentation
       algorithms for connectomics. Frontiers in Neuroanatomy 9:142.
       https://doi.org/10.3389/fnana.2015.00142
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_emseg.core.label_images import BoolImage, LabelImage, cell_components, thin_borders
from napari_emseg.core.label_meaning import TRUTH_MEANING
from napari_emseg.core.label_reading import LabelReading
from napari_emseg.core.parallel import in_order
from napari_emseg.core.scores.overlap import Overlap
from napari_emseg.core.scores.pixel_counts import PixelCounts
from napari_emseg.core.scores.probability import (
    PredictionMeaning,
    as_probability,
    prediction_meaning,
    to_probability,
)
from napari_emseg.core.scores.scores import (
    ISBI_THRESHOLDS,
    TITLES,
    SliceScores,
    StackScores,
    ThresholdScores,
)
from napari_emseg.core.scores.truth import TrueSlice
from napari_emseg.core.slices import in_words
from napari_emseg.errors import LabelsError, SettingError, ShapeError
from napari_emseg.types import ArrayLike, Float32Array, LabelsMeaning

__all__ = [
    "ISBI_THRESHOLDS",
    "TITLES",
    "SliceScores",
    "StackScores",
    "ThresholdScores",
    "as_probability",
    "cell_components",
    "prediction_meaning",
    "score_slice",
    "score_stack",
    "thin_borders",
]

OnSlice = Callable[[int, int], None]
"""Called with the number of slices done and of all slices; may raise to stop."""


def score_slice(
    probability: npt.NDArray[Any],
    truth: npt.NDArray[Any],
    threshold: float = 0.5,
    *,
    meaning: LabelsMeaning | LabelReading = TRUTH_MEANING,
) -> SliceScores:
    """Score one slice at one threshold.

    Parameters
    ----------
    probability : (Y, X) array
        Probability of cell, or whatever else `as_probability` takes.
    truth : (Y, X) array
        Labels of any integer dtype; see `TrueSlice.read`.
    threshold : float
        In 0..1; a pixel is cell where its probability is above it.
    meaning : {"mask", "membranes", "scribbles", "instances"} or LabelReading
        How to read the truth. What scribbles leave unknown counts in no score.

    Returns
    -------
    SliceScores
        Where the truth holds no cell there is nothing to split or merge: the Rand and information
        scores are 1, and the pixel scores tell how much cell was predicted.

    Raises
    ------
    ShapeError
        Not two axes, different shapes, no pixel, or values outside 0..1.
    LabelsError
        The truth cannot have that meaning.
    """
    check_shapes(probability.shape, truth.shape, axes="YX")
    check_thresholds((threshold,))
    true = TrueSlice.read(np.asarray(truth), meaning)
    return SliceScorer(as_probability(probability), true).at(threshold).scores


def score_stack(
    probability: ArrayLike,
    truth: ArrayLike,
    *,
    thresholds: Sequence[float] = ISBI_THRESHOLDS,
    meaning: LabelsMeaning | LabelReading = TRUTH_MEANING,
    prediction_is: PredictionMeaning | None = None,
    predicted: Container[int] | None = None,
    on_slice: OnSlice | None = None,
    workers: int = 2,
) -> StackScores:
    """Score a stack as the challenge does: mean over the slices, then best over the thresholds.

    Parameters
    ----------
    probability : (Z, Y, X) array
        Probability of cell, or whatever else `as_probability` takes; numpy or lazy, read slice by
        slice.
    truth : (Z, Y, X) array
        Labels of any integer dtype. A slice of zeros is not labelled and takes no part.
    thresholds : sequence of float
        In 0..1; one value for the score at a fixed threshold.
    meaning : {"mask", "membranes", "scribbles", "instances"} or LabelReading
        How to read the truth; see `TrueSlice.read`.
    prediction_is : PredictionReading or its kind, optional
        How to read the prediction; by `prediction_meaning` where it is None.
    predicted : container of int, optional
        Slices that hold a prediction; the others take no part. All by default.
    on_slice : callable, optional
        Called as ``on_slice(done, total)`` after every slice; may raise to stop.
    workers : int
        Slices that are scored side by side.

    Raises
    ------
    ShapeError
        Not three axes, different shapes, no pixel, or a prediction with values outside 0..1.
    LabelsError
        The truth holds no cell in any slice, or cannot have that meaning; or no slice that it
        labels was predicted.
    SettingError
        No threshold, or one outside 0..1.

    References
    ----------
    Arganda-Carreras et al. 2015, https://doi.org/10.3389/fnana.2015.00142
    """
    check_shapes(probability.shape, truth.shape, axes="ZYX")
    check_thresholds(thresholds)
    total = len(truth)
    kind = prediction_meaning(probability) if prediction_is is None else prediction_is

    def score(z: int) -> tuple[SliceScores, ...] | None:
        true = TrueSlice.read(np.asarray(truth[z]), meaning)
        if not true.is_labelled:
            return None
        if predicted is not None and z not in predicted:
            return ()
        cell = to_probability(np.asarray(probability[z]), kind)
        return SliceScorer(cell, true).sweep(thresholds)

    labelled: dict[int, tuple[SliceScores, ...]] = {}
    for z, scores in enumerate(in_order(score, range(total), workers=workers)):
        if scores is not None:
            labelled[z] = scores
        if on_slice is not None:
            on_slice(z + 1, total)
    require_cells(labelled)
    table = {z: scores for z, scores in labelled.items() if scores}
    require_predicted(table, labelled)
    left_out = tuple(z for z in labelled if z not in table)
    return replace(StackScores.reduce(table, thresholds), not_predicted=left_out)


class Thinned(NamedTuple):
    """What is made of a slice at one threshold."""

    mask: BoolImage
    segments: LabelImage
    overlap: Overlap
    scores: SliceScores


class SliceScorer:
    """Scores one slice at any thresholds.

    Parameters
    ----------
    probability : (Y, X) float32 array
        Probability of cell, 0..1.
    truth : TrueSlice
        Of the same shape.
    """

    def __init__(self, probability: Float32Array, truth: TrueSlice) -> None:
        self._probability, self._truth = probability, truth
        self._cell: BoolImage = truth.cells > 0
        # masks of rising thresholds lie inside one another: of equal size means equal, which makes
        # a binary prediction cost one or two masks in place of eleven
        self._by_size: dict[int, SliceScores] = {}

    def at(self, threshold: float) -> Thinned:
        """Mask, segments and scores at a threshold; one contingency table serves all."""
        return self._thin(self._mask(threshold))

    def sweep(self, thresholds: Sequence[float]) -> tuple[SliceScores, ...]:
        """Scores at every threshold, in order."""
        scores = []
        for threshold in thresholds:
            mask = self._mask(threshold)
            size = int(np.count_nonzero(mask))
            scores.append(self._by_size.get(size) or self._thin(mask).scores)
        return tuple(scores)

    def _mask(self, threshold: float) -> BoolImage:
        return self._truth.hide_unknown(self._probability > np.float32(threshold))

    def _thin(self, mask: BoolImage) -> Thinned:
        segments = thin_borders(mask)
        overlap = Overlap.count(self._truth.cells, segments)
        pixels = PixelCounts.of(mask, self._cell, self._truth.known)
        scores = _scores_of(overlap, pixels)
        self._by_size[int(np.count_nonzero(mask))] = scores
        return Thinned(mask, segments, overlap, scores)


def _scores_of(overlap: Overlap, pixels: PixelCounts) -> SliceScores:
    rand, info = overlap.rand(), overlap.information()
    return SliceScores(
        v_rand=rand.f_score,
        v_rand_split=rand.split,
        v_rand_merge=rand.merge,
        v_info=info.f_score,
        v_info_split=info.split,
        v_info_merge=info.merge,
        pixel_accuracy=pixels.accuracy,
        iou=pixels.iou,
        dice=pixels.dice,
        precision=pixels.precision,
        recall=pixels.recall,
    )


def require_cells(labelled: Collection[object]) -> None:
    """Raise `LabelsError` where no slice of a truth is labelled."""
    if not labelled:
        raise LabelsError(
            "truth: expected cells (nonzero pixels), received a stack that is 0 everywhere; were "
            "prediction and truth given in this order?"
        )


def require_predicted(scored: Collection[int], labelled: Collection[int]) -> None:
    """Raise `LabelsError` where none of the labelled slices was predicted."""
    if not scored:
        raise LabelsError(
            f"prediction: expected a labelled slice that was predicted, received none: the truth "
            f"labels {in_words(labelled)}; predict one of them first"
        )


def check_shapes(prediction: Sequence[int], truth: Sequence[int], *, axes: str) -> None:
    """Raise `ShapeError` unless both shapes are equal, of these axes and not empty."""
    expected = f"({', '.join(axes)})"
    if tuple(prediction) != tuple(truth):
        raise ShapeError(
            f"prediction and truth: expected equal shapes {expected}, received "
            f"{tuple(prediction)} and {tuple(truth)}; score the slices that the truth covers"
        )
    if len(truth) != len(axes) or 0 in truth:
        raise ShapeError(
            f"prediction and truth: expected axes {expected} of one pixel or more, received "
            f"shape {tuple(truth)}"
        )


def check_thresholds(thresholds: Sequence[float]) -> None:
    """Raise `SettingError` unless there is a threshold and all are in 0..1."""
    if len(thresholds) == 0 or not all(0 <= value <= 1 for value in thresholds):
        raise SettingError(
            f"thresholds: expected one or more in 0 to 1, received {list(thresholds)!r}"
        )
