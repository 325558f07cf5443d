"""What labels mean: guessed from their values, and how pixels are read by it.

Whoever asks asks here: trainings, scores, docks, command line and scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.types import ArrayLike, LabelsMeaning

MEANINGS: dict[LabelsMeaning, str] = {
    "mask": "Everything painted is cell, the rest of a painted slice is membrane.",
    "scribbles": "1 is membrane, 2 is cell, what is not painted is unknown.",
    "instances": "Every cell has its own label, the rest of a painted slice is membrane.",
}
"""What a person is told of each meaning."""

TRUTH_MEANING: LabelsMeaning = "instances"
"""How a truth is read where nobody says otherwise; the cells of a mask are the same by it."""

_SCRIBBLED_MEMBRANE = 1
"""What membrane is painted with in scribbles; cells and parts of them come above."""

_MANY = 64
"""Different labels after which more of them say nothing new of the meaning."""

_NAMED = 4
"""Values that are named in a sentence; more are counted."""

_LOOKED_AT = 100_000
"""Pixels of a slice that tell whether a mask or cells are being repaired."""

_SEVERAL = 2
"""More labels than this in a slice, zero aside, are cells: a person may paint a mask with two."""


# -- the guess ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class LabelSummary:
    """Which slices are labelled, and what their labels seem to mean.

    Parameters
    ----------
    total : int
        Slices of the stack.
    labelled : tuple of int
        Those that carry labels, ascending.
    meaning : {"mask", "scribbles", "instances"}
        The most likely one.
    values : tuple of int
        What is painted, ascending, without 0: all of it, or `_MANY` different values and some
        more, after which nobody looked for others.
    """

    total: int
    labelled: tuple[int, ...]
    meaning: LabelsMeaning
    values: tuple[int, ...] = ()

    @property
    def found(self) -> str:
        """What was found, in one sentence."""
        where = f"in {len(self.labelled)} of {self.total} slices"
        if not self.values:
            return "Nothing is painted."
        if len(self.values) > _NAMED:
            more = " or more" if len(self.values) >= _MANY else ""
            return f"{len(self.values)}{more} different values are painted {where}."
        return f"Painted with {', '.join(map(str, self.values))} {where}."


def guess_meaning(
    labels: ArrayLike,
    *,
    classes: int = 2,
    counts: Callable[[int], bool] | None = None,
    all_known: bool = False,
) -> LabelSummary:
    """Look through labels, one slice at a time, and guess what they mean.

    Parameters
    ----------
    labels : (Z, Y, X) array
        What a person painted; numpy or lazy. A slice of zeros is not labelled.
    classes : int
        How many classes they are painted for. Only scribbles hold more than two.
    counts : callable, optional
        Whether slice ``z`` counts; others are taken for not labelled, and not read. All do by
        default.
    all_known : bool
        Whether nothing is unknown in slices that count, so that they hold no scribbles of two
        classes.

    Returns
    -------
    LabelSummary
    """
    labelled, values = [], {0}
    for z in range(len(labels)):
        if counts is not None and not counts(z):
            continue
        painted = np.asarray(labels[z])
        if not painted.any():
            continue
        labelled.append(z)
        if len(values) <= _MANY:
            values.update(np.unique(painted).tolist())
    values.remove(0)
    meaning = _likeliest(values, classes, all_known)
    numbers = tuple(value + 0 for value in sorted(values))  # True is 1
    return LabelSummary(len(labels), tuple(labelled), meaning, numbers)


def _likeliest(values: Set[int], classes: int, all_known: bool) -> LabelsMeaning:
    """The guess itself, from the values that are painted."""
    if classes > 2:
        return "scribbles"
    if len(values) <= 1:
        return "mask"
    return "scribbles" if values == {1, 2} and not all_known else "instances"


def seem_cells(labels: ArrayLike) -> bool:
    """Whether labels that are being repaired hold an id for each cell, rather than a mask.

    Judged by the first painted slice, and by some of its pixels where it is large, so that a click
    need not wait.

    Parameters
    ----------
    labels : (Z, Y, X) array
        Numpy or lazy.
    """
    for z in range(len(labels)):
        values = np.asarray(labels[z]).ravel()
        values = values[:: max(1, values.size // _LOOKED_AT)]
        if values.any():
            return int(np.unique(values[values != 0]).size) > _SEVERAL
    return False


# -- the pixels ---------------------------------------------------------------------------------


def known_pixels(labels: npt.NDArray[Any], meaning: LabelsMeaning) -> npt.NDArray[np.bool_]:
    """Where labels of that meaning say anything: a bool array of their shape."""
    known: npt.NDArray[np.bool_] = labels != 0
    return known if meaning == "scribbles" else np.ones(labels.shape, bool)


def cell_pixels(labels: npt.NDArray[Any], meaning: LabelsMeaning) -> npt.NDArray[np.bool_]:
    """Where labels of that meaning say cell, or a part of one: a bool array of their shape."""
    cells: npt.NDArray[np.bool_] = labels > _SCRIBBLED_MEMBRANE
    return cells if meaning == "scribbles" else labels != 0


def class_map(labels: npt.NDArray[Any], meaning: LabelsMeaning) -> npt.NDArray[np.uint8]:
    """0 where membrane (or unknown), 1 where cell, 2.. where a further class; of their shape."""
    classes: npt.NDArray[np.uint8] = (labels != 0).astype(np.uint8)
    if meaning == "scribbles":
        membrane = np.uint8(_SCRIBBLED_MEMBRANE)
        classes = np.maximum(labels.astype(np.uint8), membrane) - membrane
    return classes
