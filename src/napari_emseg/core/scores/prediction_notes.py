"""What a person should know of a prediction beside its scores, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.label_inspection import appearance_of
from napari_emseg.core.scores.probability import PredictionReading, to_probability
from napari_emseg.core.scores.scores import StackScores
from napari_emseg.core.scores.truth import TrueSlice
from napari_emseg.types import ArrayLike

ReadPair = Callable[[int], tuple[npt.NDArray[Any], TrueSlice]]

_FAR_HIGHER = 0.05
"""So much more V_rand the reversed prediction has where it is spoken of."""

_LOOKED_AT = 8
"""Slices, spread over the labelled ones, of which the agreement is taken."""


def agreement(read: ReadPair, slices: Sequence[int], reading: PredictionReading) -> float:
    """How well a prediction agrees with its truth: correlation over the known pixels, -1..1.

    Parameters
    ----------
    read : callable
        ``read(z)`` gives the prediction (Y, X) and the truth.
    slices : sequence of int
        Which there are; some are read.
    reading : PredictionReading
        How to read the prediction.

    Returns
    -------
    float
        Mean over the slices in which both vary; 0 where there is none.
    """
    found = []
    for z in _spread(slices):
        predicted, truth = read(z)
        known = slice(None) if truth.known is None else truth.known
        cell = to_probability(predicted, reading)[known].ravel(), (truth.cells > 0)[known].ravel()
        if all(each.size and each.min() != each.max() for each in cell):
            found.append(float(np.corrcoef(*cell)[0, 1]))
    return float(np.mean(found)) if found else 0.0


def oriented(
    reading: PredictionReading, read: ReadPair, slices: Sequence[int]
) -> PredictionReading:
    """The reading by which two values without a 0 agree with the truth."""
    if reading.decides_by_truth and agreement(read, slices, reading) < 0:
        return reading.turned
    return reading


def about_values(prediction: ArrayLike, slices: Sequence[int]) -> tuple[str, ...]:
    """Sentences on a prediction (Z, Y, X) that can hardly be one: a picture, or one value.

    Parameters
    ----------
    prediction : (Z, Y, X) array
        Numpy or lazy.
    slices : sequence of int
        Which of its slices are scored; some are read.
    """
    looks = appearance_of([np.asarray(prediction[z]) for z in _spread(slices)])
    if looks.low == looks.high:
        return (f"The prediction is {looks.low:g} everywhere.",)
    if looks.is_picture:
        return (
            "The prediction looks like a picture, which changes from pixel to pixel: was the "
            "image given for it?",
        )
    return ()


def notes_on(scores: StackScores, reversed_scores: StackScores | None = None) -> tuple[str, ...]:
    """Sentences on scores that mean something else than they seem to.

    Parameters
    ----------
    scores : StackScores
        Of the prediction as it is read.
    reversed_scores : StackScores, optional
        With cell and membrane exchanged, where that was tried.
    """
    return tuple(_notes(scores, reversed_scores))


def _spread(slices: Sequence[int]) -> list[int]:
    places = np.linspace(0, len(slices) - 1, min(len(slices), _LOOKED_AT)).round().astype(int)
    return [slices[k] for k in places.tolist()]


def _notes(scores: StackScores, reversed_scores: StackScores | None) -> Iterator[str]:
    if reversed_scores is not None and reversed_scores.v_rand > scores.v_rand + _FAR_HIGHER:
        yield (
            f"Reversed it would score V_rand {reversed_scores.v_rand:.4f} in place of "
            f"{scores.v_rand:.4f}: is it membrane rather than cell?"
        )
    mean = scores.mean
    if mean.recall == 0:
        yield "No cell is predicted where the truth has one."
    elif mean.recall > 0.999 and mean.v_rand_split > 0.999 and mean.v_rand_merge < 0.5:
        yield "All of the prediction is one segment: no membrane parts its cells."
    if len(scores.sweep) > 1 and scores.threshold in (0, 1):
        yield (
            f"The best threshold is {scores.threshold:g}, an end of the range: check what the "
            "prediction was taken for."
        )
