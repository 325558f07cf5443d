"""Make a probability of whatever a prediction was saved as."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ShapeError
from napari_emseg.types import ArrayLike, Float32Array

PredictionMeaning: TypeAlias = Literal["probability", "percent_of_255", "ids"]


def as_probability(prediction: npt.NDArray[Any]) -> Float32Array:
    """Turn a prediction into probability of cell.

    Parameters
    ----------
    prediction : (Y, X) or (Z, Y, X) array
        - float: a probability already, in 0..1;
        - bool, or integers with no values but {0, 1} or {0, 255}: a mask, nonzero is cell;
        - uint8 with more values than that: a probability times 255;
        - any other integers: ids of cells, nonzero is cell. Where two ids touch, a line one pixel
          wide is drawn between them, since they would merge otherwise.

    Returns
    -------
    float32 array of the same shape
        In 0..1.

    Raises
    ------
    ShapeError
        The prediction holds NaN or values outside 0..1, negative ids, or has no numeric dtype.
    """
    return to_probability(prediction, prediction_meaning(prediction))


def prediction_meaning(prediction: ArrayLike) -> PredictionMeaning:
    """What the values of a prediction mean, by the rules of `as_probability`.

    Parameters
    ----------
    prediction : (Y, X) or (Z, Y, X) array
        Numpy or lazy; read only where the dtype leaves a doubt, and then as far as needed.
    """
    dtype = np.dtype(prediction.dtype)
    if dtype.kind == "f":
        return "probability"
    if dtype.kind not in "bui":
        raise ShapeError(f"prediction: expected numbers, received an array of dtype {dtype}")
    return "percent_of_255" if dtype == np.uint8 and not _is_mask(prediction) else "ids"


def to_probability(prediction: npt.NDArray[Any], meaning: PredictionMeaning) -> Float32Array:
    """Turn values of a known meaning into probability; see `as_probability`."""
    if meaning == "percent_of_255":
        return prediction.astype(np.float32) / np.float32(255)
    if meaning == "ids":
        return _separated(prediction).astype(np.float32)
    return _checked(prediction.astype(np.float32, copy=False))


def _is_mask(prediction: ArrayLike) -> bool:
    """Whether a uint8 prediction holds no values but {0, 1} or {0, 255}."""
    # row by row or slice by slice: a real probability is known by the first one
    present = np.zeros(256, bool)
    for part in range(len(prediction)):
        present |= np.bincount(np.ravel(np.asarray(prediction[part])), minlength=256) > 0
        if present[2:255].any() or (present[1] and present[255]):
            return False
    return True


def _checked(probability: Float32Array) -> Float32Array:
    """The probability itself, or a `ShapeError` where values are not in 0..1."""
    if probability.size == 0:
        return probability
    low, high = float(probability.min()), float(probability.max())
    if np.isnan(low):
        raise ShapeError(
            "prediction: expected a probability in 0 to 1, received NaN (not a number); predict "
            "the slice again"
        )
    if low < 0 or high > 1:
        raise ShapeError(
            f"prediction: expected a probability in 0 to 1, received values from {low:g} to "
            f"{high:g}; save ids of cells in an integer dtype, or divide by the largest value"
        )
    return probability


def _separated(ids: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where ids are nonzero, less a line one pixel wide where two of them touch."""
    if ids.size and int(ids.min()) < 0:
        raise ShapeError(f"prediction: expected ids of 0 or above, received {int(ids.min())}")
    mask: npt.NDArray[np.bool_] = ids != 0
    for axis in (-1, -2):
        here = np.moveaxis(ids, axis, 0)
        touching = (here[:-1] != here[1:]) & (here[:-1] != 0) & (here[1:] != 0)
        np.moveaxis(mask, axis, 0)[:-1] &= ~touching
    return mask
