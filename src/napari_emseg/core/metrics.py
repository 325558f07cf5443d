"""ISBI 2012 scores of a prediction against a truth, as the challenge defines them.

Per slice: the prediction is thresholded and its membranes are thinned to lines one pixel wide, so
that the thickness of a membrane costs nothing and a gap in it costs much. What is left is compared
with the truth over the pixels that are cell in the truth only. The scores are averaged over the
slices, and then the best over the thresholds is taken. `score_slice` does one slice at one
threshold, `score_stack` everything.

References
----------
.. [1] Arganda-Carreras I. et al. (2015). Crowdsourcing the creation of image segmentation
       algorithms for connectomics. Frontiers in Neuroanatomy 9:142.
       https://doi.org/10.3389/fnana.2015.00142
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core._overlap import (
    BoolImage,
    LabelImage,
    Overlap,
    cell_components,
    thin_borders,
)
from napari_emseg.core._probability import as_probability, prediction_meaning, to_probability
from napari_emseg.core._scores import SliceScores, StackScores, ThresholdScores
from napari_emseg.errors import LabelsError, SettingError, ShapeError
from napari_emseg.types import ArrayLike, Float32Array

__all__ = [
    "ISBI_THRESHOLDS",
    "SliceScores",
    "StackScores",
    "ThresholdScores",
    "as_probability",
    "cell_components",
    "score_slice",
    "score_stack",
    "thin_borders",
]

ISBI_THRESHOLDS: tuple[float, ...] = tuple(k / 10 for k in range(11))
"""The thresholds that the challenge tries: 0, 0.1, ... 1."""

OnSlice = Callable[[int, int], None]
"""Called with the number of slices done and of all slices; may raise to stop."""


def score_slice(
    probability: npt.NDArray[Any], truth: npt.NDArray[Any], threshold: float = 0.5
) -> SliceScores:
    """Score one slice at one threshold.

    Parameters
    ----------
    probability : (Y, X) array
        Probability of cell, or whatever else `as_probability` takes.
    truth : (Y, X) array
        Nonzero is cell; several ids in an integer array are several cells (see
        `cell_components`).
    threshold : float
        In 0..1; a pixel is cell where its probability is above it.

    Returns
    -------
    SliceScores
        Where the truth holds no cell there is nothing to split or merge: the Rand and information
        scores are 1, and the pixel scores tell how much cell was predicted.

    Raises
    ------
    ShapeError
        Not two axes, different shapes, no pixel, or values outside 0..1.
    """
    _check_shapes(probability.shape, truth.shape, axes="YX")
    _check_thresholds((threshold,))
    truth = np.asarray(truth)
    mask: BoolImage = as_probability(probability) > np.float32(threshold)
    return _score_mask(mask, truth != 0, cell_components(truth))


def score_stack(
    probability: ArrayLike,
    truth: ArrayLike,
    *,
    thresholds: Sequence[float] = ISBI_THRESHOLDS,
    on_slice: OnSlice | None = None,
) -> StackScores:
    """Score a stack as the challenge does: mean over the slices, then best over the thresholds.

    Parameters
    ----------
    probability : (Z, Y, X) array
        Probability of cell, or whatever else `as_probability` takes; numpy or lazy, read slice by
        slice.
    truth : (Z, Y, X) array
        Nonzero is cell; several ids in an integer array are several cells.
    thresholds : sequence of float
        In 0..1; one value for the score at a fixed threshold.
    on_slice : callable, optional
        Called as ``on_slice(done, total)`` after every slice; may raise to stop.

    Returns
    -------
    StackScores
        A slice whose truth holds no cell counts with Rand and information scores of 1.

    Raises
    ------
    ShapeError
        Not three axes, different shapes, no pixel, or a prediction with values outside 0..1.
    LabelsError
        The truth holds no cell in any slice.
    SettingError
        No threshold, or one outside 0..1.

    References
    ----------
    Arganda-Carreras et al. 2015, https://doi.org/10.3389/fnana.2015.00142
    """
    _check_shapes(probability.shape, truth.shape, axes="ZYX")
    _check_thresholds(thresholds)
    meaning, total = prediction_meaning(probability), len(truth)
    table: list[list[SliceScores]] = []
    any_cell = False
    for z in range(total):
        true_slice = np.asarray(truth[z])
        any_cell = any_cell or bool(true_slice.any())
        predicted = to_probability(np.asarray(probability[z]), meaning)
        table.append(_score_thresholds(predicted, true_slice, thresholds))
        if on_slice is not None:
            on_slice(z + 1, total)
    if not any_cell:
        raise LabelsError(
            "truth: expected cells (nonzero pixels), received a stack that is 0 everywhere; were "
            "prediction and truth given in this order?"
        )
    return StackScores.reduce(table, thresholds)


def _score_thresholds(
    probability: Float32Array, truth: npt.NDArray[Any], thresholds: Sequence[float]
) -> list[SliceScores]:
    """Scores of one slice (Y, X) at every threshold, in order."""
    true_mask, components = truth != 0, cell_components(truth)
    # masks of rising thresholds lie inside one another: of equal size means equal, which makes a
    # binary prediction cost one or two masks in place of eleven
    by_size: dict[int, SliceScores] = {}
    scores = []
    for threshold in thresholds:
        mask: BoolImage = probability > np.float32(threshold)
        size = int(np.count_nonzero(mask))
        if size not in by_size:
            by_size[size] = _score_mask(mask, true_mask, components)
        scores.append(by_size[size])
    return scores


def _score_mask(mask: BoolImage, true_mask: BoolImage, components: LabelImage) -> SliceScores:
    """Scores of a mask (Y, X) against the truth as a mask and as components."""
    overlap = Overlap.count(components, thin_borders(mask))
    rand, info = overlap.rand(), overlap.information()
    union = int(np.count_nonzero(mask | true_mask))
    return SliceScores(
        v_rand=rand.f_score,
        v_rand_split=rand.split,
        v_rand_merge=rand.merge,
        v_info=info.f_score,
        v_info_split=info.split,
        v_info_merge=info.merge,
        pixel_accuracy=float(np.mean(mask == true_mask)),
        iou=int(np.count_nonzero(mask & true_mask)) / union if union else 1.0,
    )


def _check_shapes(prediction: Sequence[int], truth: Sequence[int], *, axes: str) -> None:
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


def _check_thresholds(thresholds: Sequence[float]) -> None:
    """Raise `SettingError` unless there is a threshold and all are in 0..1."""
    if len(thresholds) == 0 or not all(0 <= value <= 1 for value in thresholds):
        raise SettingError(
            f"thresholds: expected one or more in 0 to 1, received {list(thresholds)!r}"
        )
