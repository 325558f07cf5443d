"""Make a probability of whatever a prediction was saved as."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_emseg.core.label_reading import LabelReading
from napari_emseg.errors import ShapeError
from napari_emseg.types import ArrayLike, Float32Array

PredictionKind: TypeAlias = Literal["probability", "percent_of_255", "mask", "classes", "ids"]
"""What a prediction can be: see `PredictionReading`."""

_LOOKED_CLOSELY = 8
"""Slices at whose shapes is looked, spread over the stack."""

_FULL = (100, 255, 1000, 4095, 10000)
"""What stands for certain in probabilities of whole numbers, where it is the greatest value."""


@dataclass(frozen=True)
class PredictionReading:
    """What the values of a prediction mean.

    Parameters
    ----------
    kind : {"probability", "percent_of_255", "mask", "classes", "ids"}
        A probability of cell in 0..1, or in whole numbers up to ``top``; a mask, in which cell is
        above ``cut``; a class map, in which membrane is ``cut`` and cell above; or ids of cells.
    top : int
        What stands for a probability of 1.
    cut : float
        See above.
    reversed : bool
        Whether it is the probability, or the mask, of membrane.
    background : int, optional
        The id that membranes have, where these have one.
    """

    kind: PredictionKind
    top: int = 255
    cut: float = 0
    reversed: bool = False
    background: int | None = None

    @classmethod
    def of(cls, meaning: PredictionMeaning) -> PredictionReading:
        """A kind alone, read plainly; or the reading itself."""
        return meaning if isinstance(meaning, PredictionReading) else cls(meaning)

    @property
    def turned(self) -> PredictionReading:
        """The same with cell and membrane exchanged."""
        return replace(self, reversed=not self.reversed)

    @property
    def decides_by_truth(self) -> bool:
        """Whether its two values do not say which of them is cell."""
        return self.kind == "mask" and self.cut > 0

    @property
    def class_reading(self) -> LabelReading | None:
        """How its classes are read, where it is a map of them."""
        return LabelReading("scribbles", membrane=int(self.cut)) if self.kind == "classes" else None

    @property
    def words(self) -> str:
        """What it is taken for."""
        if self.kind == "mask":
            below = "below" if self.reversed else "above"
            return f"a mask, {below} {self.cut:g} is cell" if self.cut else "a mask, not 0 is cell"
        if self.kind == "classes":
            return f"a class map, {self.cut:g} is membrane and more is cell"
        if self.kind == "ids":
            membrane = "" if self.background is None else f"; {self.background} is membrane"
            return f"cells, each with an id of its own{membrane}"
        whole = "" if self.kind == "probability" else f" in whole numbers from 0 to {self.top}"
        return "a probability of cell" + (whole or " in 0 to 1")


PredictionMeaning: TypeAlias = PredictionReading | PredictionKind


def as_probability(prediction: npt.NDArray[Any]) -> Float32Array:
    """Turn a prediction into probability of cell.

    Parameters
    ----------
    prediction : (Y, X) or (Z, Y, X) array
        - float: a probability already, in 0..1;
        - bool, or integers of two values: a mask, nonzero is cell, or the greater one;
        - integers that change from pixel to pixel: a probability times the greatest value;
        - a class map, 1 (or 0) being membrane: more is cell;
        - integers that fill areas: ids of cells, nonzero is cell. Where two ids touch, a line one
          pixel wide is drawn between them, since they would merge otherwise;
        - what is too small to tell: uint8 is a probability times 255 unless its values are {0, 1}
          or {0, 255}, and other integers are ids.

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


def prediction_meaning(prediction: ArrayLike, *, is_labels: bool = False) -> PredictionReading:
    """What the values of a prediction mean, by their structure.

    Ids and classes fill areas, a probability changes from pixel to pixel, a mask has two values.
    What is too small to show it is decided by the dtype.

    Parameters
    ----------
    prediction : (Y, X) or (Z, Y, X) array
        Numpy or lazy; read only where the dtype leaves a doubt, and then as far as needed.
    is_labels : bool
        Whether it is known to hold labels, and no probability.
    """
    dtype = np.dtype(prediction.dtype)
    if dtype.kind not in "buif":
        raise ShapeError(f"prediction: expected numbers, received an array of dtype {dtype}")
    if dtype.kind == "f":
        return PredictionReading("probability")
    if dtype.kind == "b":
        return PredictionReading("mask")
    slices = _spread(prediction)
    if not slices or min(slices[0].shape) == 0:
        return PredictionReading("ids")
    found = _by_structure(slices)
    if found is None or (found.kind == "percent_of_255" and is_labels):
        found = PredictionReading("ids") if is_labels else _by_dtype(prediction)
    if found.kind == "mask" and (other := _third_value(prediction, slices)) is not None:
        found = _by_structure([*slices, other]) or _by_dtype(prediction)
    return found


def to_probability(prediction: npt.NDArray[Any], meaning: PredictionMeaning) -> Float32Array:
    """Turn values of a known meaning into probability; see `as_probability`."""
    reading = PredictionReading.of(meaning)
    probability = _cell_probability(prediction, reading)
    return 1 - probability if reading.reversed else probability


def _cell_probability(prediction: npt.NDArray[Any], reading: PredictionReading) -> Float32Array:
    if reading.kind == "percent_of_255":
        share = prediction.astype(np.float32) / np.float32(reading.top)
        return _checked(np.minimum(share, 1, dtype=np.float32))
    if reading.kind in ("mask", "classes"):
        above = prediction > reading.cut if reading.cut else prediction != 0
        cell: Float32Array = above.astype(np.float32)
        return cell
    if reading.kind == "ids":
        ids = prediction if reading.background is None else np.where(
            prediction == reading.background, 0, prediction
        )  # fmt: skip
        return _separated(ids).astype(np.float32)
    return _checked(prediction.astype(np.float32, copy=False))


# -- the structure ----------------------------------------------------------------------------


def _by_structure(slices: Sequence[npt.NDArray[Any]]) -> PredictionReading | None:
    """What whole numbers mean by what they look like; None where that does not show."""
    # they load OpenCV, which whoever only names meanings need not wait for
    from napari_emseg.core.label_inspection import appearance_of
    from napari_emseg.core.label_recognition import (
        background_id,
        counts_from_one,
        counts_from_zero,
    )

    looks = appearance_of(slices)
    values = {int(value) for value in looks.values if value}
    if not looks.shows_shapes or looks.low < 0 or looks.low == looks.high:
        return None
    if len(looks.values) == 2 and (looks.low == 0 or looks.has_cells or values == {1, 2}):
        cut = 0 if looks.low == 0 else looks.middle
        return PredictionReading("mask", cut=cut, reversed=bool(cut) and looks.seems_swapped)
    if looks.low > 0 and counts_from_one(values, slices):
        return PredictionReading("classes", cut=1)
    if counts_from_zero(looks, values, slices):
        return PredictionReading("classes")
    if looks.is_picture or looks.is_blurred_mask:
        top = _full(int(looks.high), slices[0].dtype)
        return PredictionReading("percent_of_255", top=top)
    # of a probability three values may be all there are
    if len(looks.values) > 3 or max(values) < 4:
        return PredictionReading("ids", background=background_id(slices))
    return None


def _by_dtype(prediction: ArrayLike) -> PredictionReading:
    """Bytes are probability, unless they are no more than {0, 1} or {0, 255}."""
    bytes_ = np.dtype(prediction.dtype) == np.uint8 and not _is_mask(prediction)
    return PredictionReading("percent_of_255" if bytes_ else "ids")


def _full(high: int, dtype: np.dtype[Any]) -> int:
    """Which whole number stands for a probability of 1, of which ``high`` is the greatest."""
    if high in _FULL:
        return high
    most = int(np.iinfo(dtype).max)
    if high > most / 4 or most == 255:
        return most
    return int(2 ** max(8, int(high).bit_length()) - 1)


def _planes(prediction: ArrayLike) -> Iterator[npt.NDArray[Any]]:
    """Its slices: first some that are spread over the stack, then the others."""
    if len(prediction.shape) == 2:
        yield np.asarray(prediction)
        return
    total = int(prediction.shape[0])
    first = sorted({round(z) for z in np.linspace(0, total - 1, min(total, _LOOKED_CLOSELY))})
    for z in [*first, *sorted(set(range(total)) - set(first))]:
        yield np.asarray(prediction[z])


def _spread(prediction: ArrayLike) -> list[npt.NDArray[Any]]:
    """Some slices that are not of one value; the first one where all are."""
    found: list[npt.NDArray[Any]] = []
    first = None
    for plane in _planes(prediction):
        first = plane if first is None else first
        if plane.size and plane.min() != plane.max():
            found.append(plane)
        if len(found) == _LOOKED_CLOSELY:
            break
    return found or ([] if first is None else [first])


def _third_value(
    prediction: ArrayLike, slices: Sequence[npt.NDArray[Any]]
) -> npt.NDArray[Any] | None:
    """A slice that holds more than the two values of these; None where there is none."""
    low = min(each.min() for each in slices)
    high = max(each.max() for each in slices)
    for plane in _planes(prediction):
        if not ((plane == low) | (plane == high)).all():
            return plane
    return None


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
