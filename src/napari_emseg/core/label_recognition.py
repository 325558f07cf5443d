"""What labels seem to mean, by their values and by what they look like."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from napari_emseg.core.label_inspection import Appearance, pieces
from napari_emseg.core.label_reading import LabelReading
from napari_emseg.errors import LabelsError
from napari_emseg.types import LabelRole, LabelsMeaning

_MOST_CLASSES = 8
"""Values of a class map are not above it."""

_OF_SCRIBBLES = 2
"""More values than these, of membrane and cell, are further classes."""

_SPARSE = 0.3
"""Of a slice less than this is painted by scribbles; cells fill it."""

_OTHERS = 3
"""Ids that there are at least where the largest number of a dtype is no id but -1."""

_UNLABELLED = 0.001
"""From this share on, areas without labels are taken for unlabelled."""

_ALL_BORDERS = 0.95
"""The share of borders of labels that lies at membranes, where these have an id."""

_RARE = 0.05
"""A value in so few pixels of those of another is a trace of interpolation."""


def recognise(
    looks: Appearance,
    values: Set[int],
    slices: Sequence[npt.NDArray[Any]],
    *,
    told: LabelsMeaning | None = None,
    classes: int = 2,
    all_known: bool = False,
) -> LabelReading:
    """Decide how labels are read.

    Parameters
    ----------
    looks : Appearance
        Of the slices.
    values : set of int
        What is painted; without 0.
    slices : sequence of (Y, X) arrays
        Some labelled ones.
    told : {"mask", "membranes", "scribbles", "instances"}, optional
        What a person said; recognised where nobody did.
    classes : int
        How many classes they are painted for.
    all_known : bool
        Whether nothing is unknown, so that they are no scribbles of two classes.
    """
    if told == "instances" and looks.is_blurred_mask:
        told = "mask"  # no ids change from pixel to pixel
    unknown = unknown_values(values, looks, slices)
    rest = set(values) - set(unknown)
    meaning = told or _meaning(looks, rest, slices, classes, all_known)
    if meaning in ("mask", "membranes"):
        return LabelReading(meaning, _cut(looks, rest), unknown)
    if meaning == "instances":
        unlabelled = looks.unlabelled > _UNLABELLED and len(rest) >= _OTHERS
        background = background_id(slices)
        return LabelReading(meaning, unknown=unknown, far_unknown=unlabelled, background=background)
    if classes > 2 and counts_from_zero(looks, rest, slices):
        return LabelReading(meaning, unknown=unknown, membrane=0)
    return LabelReading(meaning, unknown=() if _has_zeros(slices) else unknown)


def require_labels(looks: Appearance, role: LabelRole = "labels") -> None:
    """Raise `LabelsError` where a picture was given for labels."""
    if looks.is_picture:
        raise LabelsError(
            f"{role}: this looks like a picture (values from {looks.low:g} to {looks.high:g}, "
            f"which change from pixel to pixel); were image and {role} swapped?"
        )


def unknown_values(
    values: Set[int], looks: Appearance, slices: Sequence[npt.NDArray[Any]]
) -> tuple[int, ...]:
    """Values that stand for unknown: below 0, the void of a mask, or -1 without its sign."""
    if looks.is_blurred_mask:
        return ()  # interpolation goes below 0 too
    below = {value for value in values if value < 0}
    above = sorted(value for value in values if value > 0)
    if below:
        is_sign = looks.has_cells and not _has_zeros(slices) and len(values) == 2
        return tuple(sorted(below)) if above and not is_sign else ()
    if looks.has_void:
        return (above[0],)
    if above == [1, 255] and _count(slices, 1) > _RARE * _count(slices, 255):
        return (255,)
    return tuple(value for value in above[-_OTHERS:] if _is_wrapped(value, above, slices[0].dtype))


def counts_from_zero(
    looks: Appearance, values: Set[int], slices: Sequence[npt.NDArray[Any]]
) -> bool:
    """Whether 0 is membrane, 1 cell and 2.. parts of cells, rather than ids or scribbles."""
    few = len(values) > 1 and values <= set(range(1, _MOST_CLASSES + 1)) and 1 in values
    if not few or not _has_zeros(slices) or looks.painted < 0.5:
        return False
    count = float(np.mean([pieces(each != 0) for each in slices]))
    first = _count(slices, 1) / max(1, sum(int((each > 0).sum()) for each in slices))
    # less is a stray stroke
    parts = 0.01 < 1 - first < 0.4
    return count > 3 * len(values) and parts and _inside_first(slices) > 0.5


def counts_from_one(values: Set[int], slices: Sequence[npt.NDArray[Any]]) -> bool:
    """Whether 1 is membrane, a net around many pieces of 2.., and nothing is unknown."""
    if not {1, 2} <= values <= set(range(1, _MOST_CLASSES + 1)):
        return False
    around = float(np.mean([pieces(each == 1) for each in slices]))
    within = float(np.mean([pieces(each > 1) for each in slices]))
    # of two classes a person may have exchanged the numbers, which is said elsewhere
    many = max(around, within) if values == {1, 2} else within
    return many >= 5 and (values == {1, 2} or within > 3 * max(1.0, around))


def class_reading(
    looks: Appearance, values: Set[int], slices: Sequence[npt.NDArray[Any]]
) -> LabelReading | None:
    """How labels are read as more classes than membrane and cell; None where no more show.

    Such are class maps, counted from 1 or from 0; and scribbles, each of which is painted in
    several strokes, while the id of a cell lies in one piece.
    """
    if len(values) > 1 and counts_from_zero(looks, values, slices):
        return LabelReading("scribbles", membrane=0)
    several = len(values) > _OF_SCRIBBLES
    if several and (counts_from_one(values, slices) or _are_strokes(looks, values, slices)):
        return LabelReading("scribbles")
    return None


def _are_strokes(looks: Appearance, values: Set[int], slices: Sequence[npt.NDArray[Any]]) -> bool:
    """Whether each of the values is painted in several places, and most of a slice is bare."""
    if values != set(range(1, len(values) + 1)) or len(values) > _MOST_CLASSES:
        return False
    parts = [pieces(each == value) for each in slices for value in values if (each == value).any()]
    return looks.painted < _SPARSE and min(parts) > 1


def background_id(slices: Sequence[npt.NDArray[Any]]) -> int | None:
    """The id of membranes that have one: nearly all borders are borders of it; None for none."""
    if _has_zeros(slices):
        return None
    pairs = np.concatenate([each for labels in slices for each in _borders(labels)], axis=1)
    if not pairs.size:
        return None
    values, counts = np.unique(pairs, return_counts=True)
    most = int(np.argmax(counts))
    around_all = counts[most] > _ALL_BORDERS * pairs.shape[1]
    return int(values[most]) if around_all and len(values) > _MOST_CLASSES else None


# -- the rules --------------------------------------------------------------------------------


def _meaning(
    looks: Appearance,
    values: Set[int],
    slices: Sequence[npt.NDArray[Any]],
    classes: int,
    all_known: bool,
) -> LabelsMeaning:
    if classes > 2:
        return "scribbles"
    if len(values) <= 1 or looks.is_blurred_mask:
        return "mask"
    if looks.shows_shapes and not _has_zeros(slices):
        if counts_from_one(values, slices):
            return "scribbles"
        if len(values) == 2 and looks.has_cells:
            return "mask"
    elif looks.shows_shapes and counts_from_zero(looks, values, slices):
        return "mask"
    return "scribbles" if values == {1, 2} and not all_known else "instances"


def _cut(looks: Appearance, values: Set[int]) -> float | None:
    """Above what a mask is painted; None where it is all that is not 0."""
    if looks.is_blurred_mask:
        return looks.middle
    zeros = looks.painted < 1
    return None if zeros or len(values) != 2 else (min(values) + max(values)) / 2


def _is_wrapped(value: int, above: Sequence[int], dtype: np.dtype[Any]) -> bool:
    """Whether an id is -1, -2 or -3 that lost its sign in this dtype, or before in another."""
    others = [each for each in above if each < value and not _near_top(each)]
    if not _near_top(value) or (dtype.kind != "u" and value <= np.iinfo(np.int32).max):
        return False
    return len(others) >= _OTHERS and others[-1] < value / 2


def _near_top(value: int) -> bool:
    return any(2**bits - 3 <= value < 2**bits for bits in (16, 32, 64)) or value == 255


def _borders(labels: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """Pairs of neighbours that differ: two arrays (2, N)."""
    pairs = []
    for one, other in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        differ = one != other
        pairs.append(np.stack([one[differ], other[differ]]))
    return pairs


def _has_zeros(slices: Sequence[npt.NDArray[Any]]) -> bool:
    return _count(slices, 0) > 0.001 * sum(each.size for each in slices)


def _count(slices: Sequence[npt.NDArray[Any]], value: int) -> int:
    return sum(int((each == value).sum()) for each in slices)


def _inside_first(slices: Sequence[npt.NDArray[Any]]) -> float:
    """Of the pixels around classes 2.., the share that is 1."""
    around = first = 0
    for each in slices:
        part = (each > 1).astype(np.uint8)
        rim = (cv2.dilate(part, np.ones((3, 3), np.uint8)) > part) & (part == 0)
        around += int(rim.sum())
        first += int((each[rim] == 1).sum())
    return first / around if around else 0.0
