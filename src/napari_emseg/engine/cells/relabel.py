"""What a process does with a block whose graph is solved: it writes ids where they are new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.blocks.plan import Blocks
from napari_emseg.engine.cells.blocks import CellBlocks
from napari_emseg.engine.distributed.pyramid import Smaller
from napari_emseg.io.volumes.ledger import Ledger
from napari_emseg.io.volumes.ome_volume import OmeVolume
from napari_emseg.io.volumes.place import Place


@dataclass(frozen=True)
class RelabelBlocks:
    """Writes the cells of a block, by a table; not where it holds them already.

    Parameters
    ----------
    cells : CellBlocks
        The fragments.
    out : OmeVolume
        What is written, uint32.
    table : str
        What the table is kept as.
    fill_membranes : bool
        Without it, ids are 0 where the probability is not above the threshold.
    solution : int
        Which solution of the graph it is.
    """

    cells: CellBlocks
    out: OmeVolume
    table: str
    fill_membranes: bool
    solution: int

    def __call__(self, number: int) -> None:
        """Write a block, unless no id in it changes."""
        written = Ledger(self.cells.place, written_in(0))
        mine = {"table": self.table, "fill_membranes": self.fill_membranes}
        there = written.note(number)
        if there.get("fill_membranes") == self.fill_membranes and self._is_same(there, number):
            written.mark(number, {**there, **mine})
            return
        written.mark(number, {}, is_lasting=True)  # while it is written it is neither
        self.out.write(self.cells.blocks[number].inner, self._made(number))
        written.mark(number, {**mine, "solution": self.solution})

    def _is_same(self, there: Mapping[str, Any], number: int) -> bool:
        """Whether the block holds the ids of the table already, by what was noted of it."""
        try:
            old, new = _table(self.cells, there["table"]), _table(self.cells, self.table)
        except FileNotFoundError:
            return False
        return all(np.array_equal(old[a], new[a]) for a in self.cells.numbers_in(number))

    def _made(self, number: int) -> npt.NDArray[np.uint32]:
        cells, block = self.cells, self.cells.blocks[number]
        fragments = cells.fragments.read(block.inner)
        before = cells.before()[block.inner[0], number % cells.columns]
        table = _table(cells, self.table)
        made = np.zeros(fragments.shape, np.uint32)
        for k, z in enumerate(range(block.inner[0].start, block.inner[0].stop)):
            here = fragments[k].astype(np.int64)
            made[k] = table[np.where(here > 0, here + before[k], 0)]
            if not self.fill_membranes:
                saved = cells.probability.as_saved((z, *block.inner[1:]))
                made[k][~(saved > cells.threshold)] = 0
        return made


@dataclass(frozen=True)
class SmallerBlocks:
    """Writes a block of a smaller level, unless nothing above it was written since.

    Parameters
    ----------
    do : Smaller
        Writes a block.
    place : Place
        Where the run is kept.
    above : Blocks
        Of the level above.
    solution : int
        Which solution of the graph is written.
    """

    do: Smaller
    place: Place
    above: Blocks
    solution: int

    def __call__(self, number: int) -> None:
        """Write a block, if need be."""
        upper, mine = (Ledger(self.place, written_in(self.do.level - k)) for k in (1, 0))
        z, *inner = self.do.blocks[number].inner
        rows, columns = (
            slice(2 * span.start, min(2 * span.stop, n))
            for span, n in zip(inner, self.above.shape[1:], strict=True)
        )
        above = self.above.over((z, rows, columns))
        newest = max(upper.note(each).get("solution", 0) for each in above)
        if newest > mine.note(number).get("solution", 0):
            self.do(number)
            mine.mark(number, {"solution": self.solution})


def written_in(level: int) -> str:
    """What the ledger is called that says in which solution each block of a level was written."""
    return f"written-{level}"


@lru_cache(maxsize=2)
def _table(cells: CellBlocks, name: str) -> npt.NDArray[np.uint32]:
    table: npt.NDArray[np.uint32] = cells.place.read_arrays(name)["table"]
    return table
