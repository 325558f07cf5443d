"""Smaller levels of a volume, block by block, each from the one above."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_emseg.core.blocks.plan import Blocks
from napari_emseg.engine.distributed.stage import Stage
from napari_emseg.io.volumes.ome_volume import SHARD, OmeVolume

_DEEP = 16


@dataclass(frozen=True)
class Smaller:
    """Writes a block of a smaller level of a volume.

    Parameters
    ----------
    out : OmeVolume
        The volume.
    blocks : Blocks
        Of the level.
    level : int
        Which it is, from 1.
    """

    out: OmeVolume
    blocks: Blocks
    level: int

    def __call__(self, number: int) -> None:
        """Write a block."""
        self.out.write_smaller(self.blocks[number].inner, self.level)

    def title(self, number: int) -> str:
        """What a person calls a block."""
        return f"level {self.level}, {self.blocks[number]}"


def smaller_levels(out: OmeVolume) -> Iterator[Smaller]:
    """The smaller levels of a volume, from the largest one on."""
    for level, shape in enumerate(out.shapes):
        if level:
            blocks = Blocks(shape, (_DEEP, min(shape[1], SHARD), min(shape[2], SHARD)))
            yield Smaller(out, blocks, level)


def pyramid_stages(out: OmeVolume) -> Iterator[Stage]:
    """A stage for each smaller level of a volume whose finest level is there."""
    for do in smaller_levels(out):
        written = math.prod(do.blocks.shape) * np.dtype(out.dtype).itemsize
        yield Stage(
            f"level-{do.level}", len(do.blocks), do, do.title, read_bytes=4 * written,
            written_bytes=written,
        )  # fmt: skip
