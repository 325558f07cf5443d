"""A prediction beside its truth, slice by slice: scores, errors and what they look like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy.typing as npt

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.parallel import in_order
from napari_emseg.core.scores.find_errors import find_errors
from napari_emseg.core.scores.metrics import SliceScorer
from napari_emseg.core.scores.probability import PredictionMeaning, to_probability
from napari_emseg.core.scores.slice_comparison import ComparedSlice
from napari_emseg.core.scores.truth import TrueSlice
from napari_emseg.types import Float32Array

ReadPair = Callable[[int], tuple[npt.NDArray[Any], TrueSlice]]
"""Prediction (Y, X) and truth of a slice; called in threads."""


def compare_slice(
    z: int,
    probability: Float32Array,
    truth: TrueSlice,
    config: CompareConfig,
    thresholds: Sequence[float] = (),
) -> ComparedSlice:
    """Compare one slice, of which prediction and truth are read.

    Parameters
    ----------
    z : int
        Which slice it is.
    probability : (Y, X) float32 array
        Probability of cell, 0..1.
    truth : TrueSlice
        Of the same shape.
    config : CompareConfig
        Threshold, and what is too small to be an error.
    thresholds : sequence of float
        Thresholds to score it at besides.
    """
    scorer = SliceScorer(probability, truth)
    thinned = scorer.at(config.threshold)
    found = find_errors(thinned.mask, thinned.segments, truth, config)
    sweep = scorer.sweep(thresholds)
    return ComparedSlice(z, thinned.scores, found.errors, found.error_map, sweep)


def compare_slices(
    read: ReadPair,
    slices: Sequence[int],
    meaning: PredictionMeaning,
    config: CompareConfig,
    *,
    thresholds: Sequence[float] = (),
    workers: int = 2,
) -> Iterator[ComparedSlice | None]:
    """Compare slices in their order, some side by side; None where the truth is not labelled.

    Parameters
    ----------
    read : callable
        ``read(z)`` gives the prediction (Y, X), of any dtype, and the truth.
    slices : sequence of int
        Which slices.
    meaning : PredictionReading, or its kind
        What the values of the prediction mean; see `prediction_meaning`.
    config : CompareConfig
        Threshold, and what is too small to be an error.
    thresholds : sequence of float
        Thresholds of a sweep.
    workers : int
        How many are compared side by side.
    """

    def compare(z: int) -> ComparedSlice | None:
        predicted, truth = read(z)
        if not truth.is_labelled:
            return None
        return compare_slice(z, to_probability(predicted, meaning), truth, config, thresholds)

    return in_order(compare, slices, workers=workers)
