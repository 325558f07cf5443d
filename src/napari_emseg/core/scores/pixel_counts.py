"""Pixels of the class cell that were found, missed and invented."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np

from napari_emseg.core.label_images import BoolImage


class PixelCounts(NamedTuple):
    """Known pixels by what they are and what was predicted of them."""

    membrane: int
    invented: int
    missed: int
    found: int

    @classmethod
    def of(cls, mask: BoolImage, cell: BoolImage, known: BoolImage | None) -> Self:
        """Count a mask (Y, X) against a truth (Y, X) over the pixels that are known."""
        both = 2 * cell.astype(np.uint8) + mask
        return cls(*np.bincount((both if known is None else both[known]).ravel(), minlength=4))

    @property
    def accuracy(self) -> float:
        """Part of all pixels that is right."""
        return _part(self.membrane + self.found, sum(self))

    @property
    def iou(self) -> float:
        """Intersection over union."""
        return _part(self.found, self.found + self.missed + self.invented)

    @property
    def dice(self) -> float:
        """Twice the intersection over the sum of both."""
        return _part(2 * self.found, 2 * self.found + self.missed + self.invented)

    @property
    def precision(self) -> float:
        """Part of what was predicted as cell that is cell."""
        return _part(self.found, self.found + self.invented)

    @property
    def recall(self) -> float:
        """Part of what is cell that was predicted so."""
        return _part(self.found, self.found + self.missed)


def _part(part: int, whole: int) -> float:
    """The quotient; 1 where there is nothing that could be wrong."""
    return float(part / whole) if whole else 1.0
