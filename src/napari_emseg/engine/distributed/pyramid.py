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
class _Smaller:
    out: OmeVolume
    blocks: Blocks
    level: int

    def __call__(self, number: int) -> None:
        self.out.write_smaller(self.blocks[number].inner, self.level)

    def title(self, number: int) -> str:
        return f"level {self.level}, {self.blocks[number]}"


def pyramid_stages(out: OmeVolume) -> Iterator[Stage]:
    """A stage for each smaller level of a volume whose finest level is there."""
    for level, shape in enumerate(out.shapes):
        if level:
            blocks = Blocks(shape, (_DEEP, min(shape[1], SHARD), min(shape[2], SHARD)))
            do = _Smaller(out, blocks, level)
            written = math.prod(shape) * np.dtype(out.dtype).itemsize
            yield Stage(
                f"level-{level}", len(blocks), do, do.title, read_bytes=4 * written,
                written_bytes=written,
            )  # fmt: skip
