"""Which labelled slices train and which validate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import LabelsError

if TYPE_CHECKING:
    from napari_emseg.core.train.targets import Target

_LEAST_AREA = 0.25
"""Part of a single slice that validates: a tenth of one would hold a handful of cells."""


@dataclass(frozen=True)
class Split:
    """What trains and what validates; they share no pixel, and neither is empty.

    Parameters
    ----------
    train, validation : tuple of int
        Indices of slices, ascending; both hold the one slice where ``cut`` is given.
    cut : int, optional
        Columns from this one on validate, those before it train.
    """

    train: tuple[int, ...]
    validation: tuple[int, ...]
    cut: int | None = None

    @property
    def said(self) -> str:
        """What trains and what validates, in words that go on after ``Training``."""
        validating = ", ".join(map(str, self.validation))
        if self.cut is None:
            return f"on {len(self.train)} slices, validating on slices {validating}"
        return (
            f"on slice {validating}, the only one with labels, up to column {self.cut - 1}, "
            "validating on the rest of it"
        )

    @property
    def train_columns(self) -> slice:
        """Columns of the training slices that train."""
        return slice(None, self.cut)

    @property
    def validation_columns(self) -> slice:
        """Columns of the validation slices that validate."""
        return slice(self.cut, None)

    def training_target(self, target: Target, across: float = 1.0) -> Target:
        """The target without the pixels that validate: their weight is 0.

        Parameters
        ----------
        target : Target
            What the labelled slices teach.
        across : float
            How many of its columns a column that is split becomes.
        """
        if self.cut is None:
            return target
        trained = np.arange(1, target.shape[2] + 1) <= self.cut * across
        return replace(target, slices={
            z: replace(each, weights=each.weights * trained) for z, each in target.slices.items()
        })  # fmt: skip


def split_target(
    target: Target, *, fraction: float, validation: Sequence[int] | None = None
) -> Split:
    """Hold out whole slices for validation, or a part of the only one.

    Parameters
    ----------
    target : Target
        What the labelled slices teach.
    fraction : float
        Part of the labelled slices to hold out, 0..1; see `split_slices`. Of a single slice at
        least a quarter is held out, at its right side.
    validation : sequence of int, optional
        Hold out these slices instead.

    Returns
    -------
    Split

    Raises
    ------
    LabelsError
        As `split_slices`.
    """
    if validation is None and len(target.labelled) == 1:
        cut = first_held_out_column(target[target.labelled[0]].known, fraction)
        return Split(target.labelled, target.labelled, cut)
    return split_slices(target.labelled, fraction=fraction, validation=validation)


def first_held_out_column(known: npt.NDArray[np.bool_], fraction: float) -> int:
    """The column from which on about ``fraction`` of the known pixels (Y, X) lie, or a quarter.

    Counted by known pixels, so that scribbles on one side of a slice are shared out too.
    """
    before = np.cumsum(known.sum(axis=0))
    cut = int(np.searchsorted(before, (1 - max(fraction, _LEAST_AREA)) * before[-1])) + 1
    return min(cut, int(known.shape[1]) - 1)


def split_slices(
    labelled: Sequence[int], *, fraction: float, validation: Sequence[int] | None = None
) -> Split:
    """Hold out whole slices for validation.

    Parameters
    ----------
    labelled : sequence of int
        Slices to use that carry labels, ascending.
    fraction : float
        Part of them to hold out, 0..1; at least one slice, spread evenly over the stack.
    validation : sequence of int, optional
        Hold out these instead.

    Returns
    -------
    Split

    Raises
    ------
    LabelsError
        If a named slice is not labelled, or nothing is left to train on.
    """
    if validation is None:
        validation = _spread(labelled, fraction) if len(labelled) > 1 else []
    if unlabelled := sorted(set(validation) - set(labelled)):
        raise LabelsError(
            f"validation slices: {', '.join(map(str, unlabelled))} carry no labels, or are not "
            f"among the slices to use, which are {', '.join(map(str, labelled))}; name some of "
            "these"
        )
    train = tuple(z for z in labelled if z not in set(validation))
    if not train or not validation:
        raise LabelsError(
            "labelled slices: expected at least one to train and one to validate, received "
            f"{len(labelled)} labelled, of which {len(set(validation))} validate; label one more "
            "slice, or name other validation slices"
        )
    return Split(train, tuple(sorted(set(validation))))


def _spread(labelled: Sequence[int], fraction: float) -> list[int]:
    count = min(max(1, round(fraction * len(labelled))), len(labelled) - 1)
    step = len(labelled) / count
    return [labelled[int((k + 0.5) * step)] for k in range(count)]
