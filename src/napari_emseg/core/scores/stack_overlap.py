"""Where two stacks overlap, of which one is shifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_emseg.errors import ShapeError

Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class StackOverlap:
    """What two stacks (Z, Y, X) share, as a box of each."""

    first: Box
    second: Box

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows and columns that they share."""
        z, y, x = (side.stop - side.start for side in self.first)
        return z, y, x

    @classmethod
    def of(cls, first: Sequence[int], second: Sequence[int], offset: Sequence[int]) -> StackOverlap:
        """Overlap of two shapes (Z, Y, X).

        Parameters
        ----------
        first, second : sequence of int
            The shapes.
        offset : sequence of int
            Where the second begins in the first, in px; all 0 where neither is shifted.

        Raises
        ------
        ShapeError
            Shapes differ although nothing is shifted, so that nobody can tell which pixels belong
            together; or nothing is shared.
        """
        if not any(offset) and tuple(first) != tuple(second):
            raise ShapeError(
                f"prediction and truth: expected equal shapes (Z, Y, X), received {tuple(first)} "
                f"and {tuple(second)}; where one is a part of the other, shift it there (translate)"
            )
        starts = [max(0, by) for by in offset]
        stops = [min(a, by + b) for a, b, by in zip(first, second, offset, strict=True)]
        if any(stop <= start for start, stop in zip(starts, stops, strict=True)):
            raise ShapeError(
                f"prediction and truth: expected stacks that overlap, received shapes "
                f"{tuple(first)} and {tuple(second)} shifted by {tuple(offset)} px"
            )
        sides = list(zip(starts, stops, offset, strict=True))
        z, y, x = (slice(a, b) for a, b, _ in sides)
        z2, y2, x2 = (slice(a - by, b - by) for a, b, by in sides)
        return cls((z, y, x), (z2, y2, x2))
