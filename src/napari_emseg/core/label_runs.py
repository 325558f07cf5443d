"""Label images as runs of equal pixels along x: what is counted over cells costs little on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Sums = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LabelRuns:
    """Runs along x in which each of some label images (Y, X) stays the same.

    Parameters
    ----------
    values : tuple of (R,) arrays
        Value of each run, one array for each image.
    starts, lengths : (R,) int64 arrays
        First pixel of each run, in an image laid flat, and its length in px. A run ends where its
        row does.
    shape : tuple of int
        Of the images (Y, X).
    """

    values: tuple[npt.NDArray[Any], ...]
    starts: Numbers
    lengths: Numbers
    shape: tuple[int, int]

    @classmethod
    def of(cls, *images: npt.NDArray[Any]) -> LabelRuns:
        """Runs of images of equal shape (Y, X), any dtype."""
        shape = images[0].shape
        begins = np.zeros(shape, bool)
        begins[:, :1] = True
        for image in images:
            begins[:, 1:] |= image[:, 1:] != image[:, :-1]
        starts = np.flatnonzero(begins).astype(np.int64)
        lengths = np.diff(starts, append=begins.size)
        values = tuple(image.ravel()[starts] for image in images)
        return cls(values, starts, lengths, (shape[0], shape[1]))

    def where(self, chosen: npt.NDArray[np.bool_]) -> LabelRuns:
        """Those runs alone."""
        values = tuple(each[chosen] for each in self.values)
        return LabelRuns(values, self.starts[chosen], self.lengths[chosen], self.shape)

    def paint(self, numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """An image (Y, X) with a number for each run; these must be all runs of the image."""
        return np.repeat(numbers, self.lengths).reshape(self.shape)


def sums_by(number: npt.NDArray[Any], values: npt.NDArray[Any], count: int) -> Sums:
    """Sum of the values (N,) of each number 0 ... ``count`` - 1, as (count,) float64.

    Sums of whole numbers are exact below 2**53.
    """
    return np.bincount(number, values, minlength=count).astype(np.float64, copy=False)
