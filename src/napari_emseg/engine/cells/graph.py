"""The graph of a volume as its blocks have left it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.graph import FragmentGraph
from napari_emseg.core.cells3d.slice_view import Ids, Values
from napari_emseg.engine.cells.blocks import CellBlocks


@dataclass(frozen=True, eq=False)
class GraphPart:
    """What one block has left.

    Parameters
    ----------
    first, second, logit, size : (E,) arrays
        As in `Evidence`, with numbers through the volume.
    same : (N, 2) int64 array
        Fragments that are one, and that a border of the block has cut.
    area : (n,) float64 array
        Of the block's fragments, in px of the learned size.
    numbers : list of slice
        Where these stand in a table that begins with the entry of none.
    """

    first: Ids
    second: Ids
    logit: Values
    size: Values
    same: Ids
    area: Values
    numbers: list[slice]

    def put_area(self, out: Values) -> None:
        """Fill in the area of its fragments among those of all (fragments,)."""
        begun = 0
        for each in self.numbers:
            count = each.stop - each.start
            out[each.start - 1 : each.stop - 1] = self.area[begun : begun + count]
            begun += count


def graph_parts(blocks: CellBlocks) -> Iterator[GraphPart]:
    """Those of all blocks, one after the other."""
    for block in blocks.blocks:
        held = blocks.place.read_arrays(f"graph/{block.number}")
        yield GraphPart(**held, numbers=blocks.numbers_in(block.number))


def contracted(graph: FragmentGraph, node: npt.NDArray[np.int32]) -> FragmentGraph:
    """The graph of nodes, numbered in the order of their first fragments."""
    count = int(node.max(initial=-1)) + 1
    first = np.unique(node, return_index=True)[1]
    slices = graph.slice_of(first)
    begins = np.searchsorted(slices, np.arange(graph.first_of_slice.size))
    area = np.bincount(node, graph.area, count).astype(np.float64)
    return FragmentGraph(count, begins.astype(np.int64), area, {}, graph.thickness_nm)
