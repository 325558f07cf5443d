"""The part of a slice that is counted, and what of it is seen for that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from napari_emseg.core.blocks.plan import Block
from napari_emseg.types import Zyx


@dataclass(frozen=True)
class Window:
    """A window of a slice; those of all blocks of a slice fill it, without overlap.

    Parameters
    ----------
    inside : (slice, slice)
        Rows and columns that count, in the array that is seen.
    top, left : int
        Row and column of the slice with which what counts begins.
    height, width : int
        Of the whole slice, in px.
    """

    inside: tuple[slice, slice]
    top: int
    left: int
    height: int
    width: int

    @classmethod
    def whole(cls, shape: tuple[int, ...]) -> Self:
        """All of a slice (Y, X)."""
        height, width = shape
        return cls((slice(0, height), slice(0, width)), 0, 0, height, width)

    @classmethod
    def of(cls, block: Block, shape: Zyx) -> Self:
        """That of the slices of a block of a volume of this shape."""
        _, rows, columns = block.inside
        _, y, x = block.inner
        return cls((rows, columns), y.start, x.start, *shape[1:])
