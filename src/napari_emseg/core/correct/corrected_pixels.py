"""What a person has corrected, as far as a network can learn from it or be judged by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from napari_emseg.core.correct.edits import SliceEdits
from napari_emseg.core.slices import in_words
from napari_emseg.types import Stack

BoolImage = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class CorrectedPixels:
    """Pixels that a person has redrawn, and slices that a person vouches for.

    Parameters
    ----------
    drawn : mapping of int to (Y, X) bool array
        Redrawn pixels of slices that are not reviewed.
    reviewed : tuple of int
        Slices of which all counts, ascending.
    relabelled : tuple of int
        Slices of which only ids were changed, which says nothing of membranes.
    around_px : int
        How far around the redrawn pixels others count as well.
    """

    drawn: Mapping[int, BoolImage]
    reviewed: tuple[int, ...] = ()
    relabelled: tuple[int, ...] = ()
    around_px: int = 0

    @classmethod
    def of(cls, edits: Mapping[int, SliceEdits], labels: Stack) -> CorrectedPixels:
        """Look at labels (Z, Y, X), and at what is known of their slices."""
        reviewed = tuple(sorted(z for z, each in edits.items() if each.reviewed))
        rest = sorted(set(edits) - set(reviewed))
        of_classes = bool(labels.class_names)  # another number is another class, and not another id
        redrawn = {
            z: (edits[z].touched if of_classes else edits[z].redrawn)(labels.slice(z)) for z in rest
        }
        drawn = {z: mask for z, mask in redrawn.items() if mask.any()}
        return cls(drawn, reviewed, tuple(z for z in rest if z not in drawn))

    @property
    def slices(self) -> tuple[int, ...]:
        """Slices with a pixel that counts, ascending."""
        return tuple(sorted({*self.drawn, *self.reviewed}))

    def around(self, px: int) -> CorrectedPixels:
        """The same, with the pixels around the redrawn ones, which a person has seen."""
        return replace(self, around_px=px)

    def covers(self, z: int) -> bool:
        """Whether a pixel of slice ``z`` counts."""
        return z in self.drawn or z in self.reviewed

    def mask(self, z: int, shape: tuple[int, int]) -> BoolImage:
        """Pixels of slice ``z``, of ``shape`` (Y, X), that count."""
        if z in self.reviewed or z not in self.drawn:
            return np.full(shape, z in self.reviewed)
        drawn = self.drawn[z]
        if not self.around_px:
            return drawn
        import cv2  # when a training is asked for

        edge = 2 * self.around_px + 1
        grown = cv2.dilate(drawn.astype(np.uint8), np.ones((edge, edge), np.uint8))
        return np.asarray(grown, bool)

    def __str__(self) -> str:
        parts = []
        if self.drawn:
            count = sum(int(mask.sum()) for mask in self.drawn.values())
            pixels = f"{count:,} pixel{'s' * (count != 1)} drawn"
            parts.append(f"{in_words(self.drawn)} ({pixels})")
        if self.reviewed:
            parts.append(f"{in_words(self.reviewed)} (reviewed)")
        return " and ".join(parts)
