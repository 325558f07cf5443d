"""Pixels of the class cell: true and false positives and negatives."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np

from napari_emseg.core.label_images import BoolImage


class PixelCounts(NamedTuple):
    """Known pixels by what they are and what was predicted of them."""

    true_negative: int
    false_positive: int
    false_negative: int
    true_positive: int

    @classmethod
    def of(cls, mask: BoolImage, cell: BoolImage, known: BoolImage | None) -> Self:
        """Count a mask (Y, X) against a truth (Y, X) over the pixels that are known."""
        both = 2 * cell.astype(np.uint8) + mask
        return cls(*np.bincount((both if known is None else both[known]).ravel(), minlength=4))

    @property
    def accuracy(self) -> float:
        """Part of all pixels that is right."""
        return _part(self.true_negative + self.true_positive, sum(self))

    @property
    def iou(self) -> float:
        """Intersection over union."""
        return _part(
            self.true_positive, self.true_positive + self.false_negative + self.false_positive
        )

    @property
    def dice(self) -> float:
        """Twice the intersection over the sum of both."""
        return _part(
            2 * self.true_positive,
            2 * self.true_positive + self.false_negative + self.false_positive,
        )

    @property
    def precision(self) -> float:
        """Part of what was predicted as cell that is cell."""
        return _part(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float:
        """Part of what is cell that was predicted so."""
        return _part(self.true_positive, self.true_positive + self.false_negative)


def _part(part: int, whole: int) -> float:
    """The quotient; 1 where there is nothing that could be wrong."""
    return float(part / whole) if whole else 1.0
