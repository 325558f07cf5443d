"""How well each class of a class map is found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.label_reading import LabelReading
from napari_emseg.core.scores.pixel_counts import PixelCounts
from napari_emseg.core.scores.scores import ClassScores


class ClassTable:
    """Known pixels by the class that they are of and the one that was predicted: (K, K) counts.

    Parameters
    ----------
    counts : (K, K) int array
        Rows are the truth, columns the prediction.
    """

    def __init__(self, counts: npt.NDArray[np.int64]) -> None:
        self.counts = counts

    @classmethod
    def of(
        cls,
        predicted: npt.NDArray[Any],
        true: npt.NDArray[Any],
        readings: tuple[LabelReading, LabelReading],
        count: int,
    ) -> ClassTable:
        """Count a slice.

        Parameters
        ----------
        predicted, true : (Y, X) arrays
            Class maps.
        readings : tuple of LabelReading
            How the two are read; what either calls unknown does not count.
        count : int
            How many classes there are; pixels of others do not count.
        """
        known = readings[0].known(predicted) & readings[1].known(true)
        found, wanted = (
            reading.classes(labels)[known].astype(np.int64)
            for reading, labels in zip(readings, (predicted, true), strict=True)
        )
        both = (count * wanted + found)[(wanted < count) & (found < count)]
        return cls(np.bincount(both, minlength=count**2).reshape(count, count))

    def __add__(self, other: ClassTable) -> ClassTable:
        return ClassTable(self.counts + other.counts)

    def scores(self, names: Sequence[str]) -> tuple[ClassScores, ...]:
        """Of each class, by its name."""
        return tuple(
            ClassScores(name, counts.iou, counts.dice)
            for name, counts in zip(names, map(self._of, range(len(names))), strict=True)
        )

    def _of(self, k: int) -> PixelCounts:
        right = int(self.counts[k, k])
        missed = int(self.counts[k].sum()) - right
        invented = int(self.counts[:, k].sum()) - right
        return PixelCounts(
            int(self.counts.sum()) - right - missed - invented, invented, missed, right
        )
