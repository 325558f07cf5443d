"""One error of a slice, and the values of an error map; `core.scores.find_errors` finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["merger", "split", "missed", "invented"]

TRUE_POSITIVE, FALSE_NEGATIVE, FALSE_POSITIVE, MERGER, SPLIT = range(1, 6)
"""Values of an error map; 0 is where nothing is to be seen: membrane, or unknown."""


@dataclass(frozen=True)
class SegmentationError:
    """One error of a slice.

    Parameters
    ----------
    kind : {"merger", "split", "missed", "invented"}
        Cells joined through a gap; a cell cut by a false membrane; a cell of which next to
        nothing was found; a cell where there is none.
    cost_px : int
        Pixels of the smaller one of the two pieces, or of the cell: what must change its cell.
    position : tuple of float
        Of the gap, the false membrane or the cell: (Y, X) in px.
    length_px : int
        Length of the gap or false membrane; extent of a missed or invented cell.
    extent_px : float
        Edge of a square around the position that shows what is wrong.
    """

    kind: Kind
    cost_px: int
    position: tuple[float, float]
    length_px: int
    extent_px: float
