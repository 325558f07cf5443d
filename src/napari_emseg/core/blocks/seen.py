"""What a block sees of a volume, slice by slice."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.blocks.plan import Block, chunks_of
from napari_emseg.types import Stack, Zyx


class SeenSlices:
    """The outer part of a block as an array (Z, Y, X) that is read slab by slab.

    A slab is as deep as the chunks in which the volume is stored, so that each chunk is read once
    where slices are asked for in their order, and memory holds one slab.

    Parameters
    ----------
    stack : Stack
        The volume.
    block : Block
        Which part of it.
    """

    def __init__(self, stack: Stack, block: Block) -> None:
        self._data, self._box, self._deep = stack.data, block.outer, chunks_of(stack)[0]
        self.dtype: np.dtype[Any] = np.dtype(stack.data.dtype)
        z, y, x = (span.stop - span.start for span in block.outer)
        self.shape: Zyx = z, y, x
        self._held: tuple[int, npt.NDArray[Any]] | None = None

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, k: int) -> npt.NDArray[Any]:
        """A slice (Y, X), by its number in the part."""
        z = self._box[0].start + k
        begin = max(self._box[0].start, z // self._deep * self._deep)
        if self._held is None or self._held[0] != begin:
            stop = min(self._box[0].stop, (z // self._deep + 1) * self._deep)
            slab = np.asarray(self._data[(slice(begin, stop), *self._box[1:])])
            self._held = begin, slab
        plane: npt.NDArray[Any] = self._held[1][z - begin]
        return plane
