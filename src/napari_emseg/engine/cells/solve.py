"""The cells of a graph that blocks have made, in one go or by parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.agglomerate import Evidence, joined_pairs
from napari_emseg.core.cells3d.by_parts import solve_by_parts
from napari_emseg.core.cells3d.graph import FragmentGraph, section_thickness_nm
from napari_emseg.core.cells3d.small_cells import join_small
from napari_emseg.core.cells3d.volume_cells import VolumeCells, table_of
from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.engine.cells.blocks import CellBlocks
from napari_emseg.engine.cells.graph import contracted, graph_parts

AT_ONCE = 20_000_000
"""Graphs of so many fragments are solved in one go; larger ones by parts of so many."""

_LEAST_SLICES = 32
"""A part has so many slices at least: of thinner ones too little is seen of a cell."""

Table = npt.NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class WholeGraph:
    """The graph of a volume, put together from its blocks.

    Parameters
    ----------
    cells : VolumeCells
        Its nodes are fragments, those that a border between blocks has cut taken together.
    node : (fragments,) int32 array
        The node of each fragment.
    """

    cells: VolumeCells
    node: npt.NDArray[np.int32]

    @classmethod
    def of(cls, blocks: CellBlocks) -> WholeGraph:
        """Read what the blocks have made."""
        before, total = blocks.before(), int(blocks.counts().sum())
        area, parts, same = np.zeros(total), [], []
        for part in graph_parts(blocks):
            parts.append([part.first, part.second, part.logit, part.size])
            same.append(part.same)
            part.put_area(area)
        evidence = Evidence(*(np.concatenate(each) for each in zip(*parts, strict=True)))
        thickness = section_thickness_nm(blocks.voxel_size_nm)
        graph = FragmentGraph(total, before[:, 0].copy(), area, {}, thickness)
        pairs = np.concatenate(same)
        node = np.arange(total, dtype=np.int32)
        if len(pairs):
            node = joined_pairs(total, pairs)
            graph, evidence = contracted(graph, node), evidence.between(node)
        return cls(VolumeCells(graph, evidence), node)

    def table(self, least_slices: int, config: CellsConfig, *, at_once: int = AT_ONCE) -> Table:
        """The id of the cell of each fragment (1 + fragments,); see `VolumeCells.table`."""
        ids = self._ids(least_slices, config, at_once)
        return np.concatenate([ids[:1], ids[1:][self.node]])

    def _ids(self, least_slices: int, config: CellsConfig, at_once: int) -> Table:
        """Those of the nodes (1 + nodes,)."""
        cells = self.cells
        if cells.graph.count <= at_once:
            return cells.table(
                config.merging, least_slices=least_slices,
                smallest_um3=config.smallest_cell_um3,
            )  # fmt: skip
        parts = parts_of(cells.graph, at_once)
        clusters = solve_by_parts(cells.graph.count, cells.evidence, parts, config.merging)
        clusters = join_small(
            clusters, cells.graph, cells.evidence, config.smallest_cell_um3, config.merging
        )
        return table_of(clusters, cells.graph, least_slices)


def parts_of(
    graph: FragmentGraph, at_once: int = AT_ONCE, least_slices: int = _LEAST_SLICES
) -> npt.NDArray[np.int64]:
    """Which part each fragment is solved in: slices in a row, with ``at_once`` fragments about.

    Parts have ``least_slices`` at least, save that a rest joins the last one.
    """
    counts = np.diff(np.append(graph.first_of_slice, graph.count))
    n_parts = max(1, round(graph.count / at_once))
    begins = [0]
    for z, before in enumerate(np.cumsum(counts) - counts):
        full = before - graph.first_of_slice[begins[-1]] >= graph.count / n_parts
        if full and z - begins[-1] >= least_slices and counts.size - z >= least_slices:
            begins.append(z)
    return np.searchsorted(begins, graph.slice_of_fragment, side="right").astype(np.int64) - 1
