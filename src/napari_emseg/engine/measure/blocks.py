"""What a process does with a block of a volume whose cells are measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from napari_emseg.core.blocks.plan import Blocks
from napari_emseg.core.blocks.seen import SeenSlices
from napari_emseg.core.config.measurement import MeasureConfig
from napari_emseg.core.growing_table import GrowingTable
from napari_emseg.core.measure.cell_sums import CellSums
from napari_emseg.core.measure.measuring import Measuring
from napari_emseg.core.measure.table import Units
from napari_emseg.io.read import read_stack
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import Stack, StackKind


@dataclass(frozen=True)
class MeasureBlocks:
    """Measures a block and keeps its sums; it can be pickled.

    Parameters
    ----------
    cells : str
        Ids through the volume.
    image : str, optional
        Grey values.
    blocks : Blocks
        Of the volume, with what must be seen beside them.
    place : Place
        Where the run is kept.
    config : MeasureConfig
        What is a membrane.
    units : Units
        Voxel size.
    version : str
        In what state cells and image are: a process that has read another one opens them anew.
    """

    cells: str
    image: str | None
    blocks: Blocks
    place: Place
    config: MeasureConfig
    units: Units
    version: str

    def __call__(self, number: int) -> None:
        """Measure a block."""
        block = self.blocks[number]
        cells = SeenSlices(opened(self.cells, "labels", self.version), block)
        image = None
        if self.image is not None:
            image = SeenSlices(opened(self.image, "image", self.version), block)
        job = Measuring(
            cells, self.config, self.units, image=image, block=block, shape=self.blocks.shape
        )
        for _ in job.run():
            pass
        self.place.write_arrays(f"sums/{number}", job.sums().to_arrays())

    def title(self, number: int) -> str:
        """What a person calls a block."""
        return str(self.blocks[number])

    def add_up(self, _: int) -> None:
        """Keep the sums of the volume; when all blocks are measured."""
        table = GrowingTable(CellSums.joined)
        _, down, across = self.blocks.counts
        for first in range(0, len(self.blocks), down * across):
            parts = [self._kept(f"sums/{first + k}") for k in range(down * across)]
            table.add(CellSums.side_by_side(parts))
        self.place.write_arrays(_ALL, table.total().to_arrays())

    def sums(self) -> CellSums:
        """Those of the volume, once they are added up."""
        return self._kept(_ALL)

    def _kept(self, name: str) -> CellSums:
        return CellSums.from_arrays(self.place.read_arrays(name))


_ALL = "sums-of-all"


@lru_cache(maxsize=4)
def opened(source: str, kind: StackKind, _version: str) -> Stack:
    """A volume of ids or grey values in a state, opened once a process to be read in parts."""
    return read_stack(source, kind=kind, raw_values=True, in_parts=True)
