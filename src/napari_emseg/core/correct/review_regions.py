"""Regions of a stack to look at, and in which order; `core.correct.ranking` finds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAY_MERGE = "may merge these two cells"
MAY_SPLIT = "may split one cell"
UNSURE = "unsure here"
"""Why a region is to be looked at."""

SQUARE_PX = 64
"""Edge of the squares that a slice is divided into."""

_WORTH_IT = 4
"""One of so many squares is visited: on ISBI they hold four fifths of what correcting can win."""


@dataclass(frozen=True)
class ReviewRegion:
    """A square to look at.

    Parameters
    ----------
    y, x : int
        Its most doubtful spot, in px.
    risk : float
        How much correcting it may help; above 0, and comparable between slices of one shape.
    reason : str
        Why, in words: `MAY_MERGE`, `MAY_SPLIT` or `UNSURE`.
    """

    y: int
    x: int
    risk: float
    reason: str = UNSURE

    @property
    def square(self) -> tuple[slice, slice]:
        """Rows and columns that it stands for."""
        rows, columns = (
            slice(at // SQUARE_PX * SQUARE_PX, (at // SQUARE_PX + 1) * SQUARE_PX)
            for at in (self.y, self.x)
        )
        return rows, columns


def visiting_order(regions: Mapping[int, Sequence[ReviewRegion]]) -> list[tuple[int, ReviewRegion]]:
    """In which order to visit the regions of slices, given by slice as `rank_regions` does.

    The worst slice comes first, with all of its regions that matter, because a slice that is
    corrected counts as a whole; then the next slice.
    """
    worst_first = sorted(regions, key=lambda z: -sum(each.risk for each in regions[z]))
    return [
        (z, each) for z in worst_first for each in regions[z][: -(-len(regions[z]) // _WORTH_IT)]
    ]
