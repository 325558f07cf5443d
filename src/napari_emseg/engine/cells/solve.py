"""The cells of a graph that blocks have made, in one go or by parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.agglomerate import Evidence, joined_pairs
from napari_emseg.core.cells3d.by_parts import solve_by_parts
from napari_emseg.core.cells3d.graph import FragmentGraph, section_thickness_nm
from napari_emseg.core.cells3d.small_cells import join_small
from napari_emseg.core.cells3d.volume_cells import VolumeCells, count_cells, table_of
from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.segment.cell_count import CellCount
from napari_emseg.engine.cells.blocks import CellBlocks

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
        counts, before = blocks.counts(), blocks.before()
        total = int(counts.sum())
        area, parts, same = np.zeros(total), [], []
        for block in blocks.blocks:
            found = blocks.place.read_arrays(f"graph/{block.number}")
            column = block.number % blocks.columns
            parts.append([found[name] for name in ("first", "second", "logit", "size")])
            same.append(found["same"])
            begun = 0
            for z in range(block.inner[0].start, block.inner[0].stop):
                count, at = counts[z, column], before[z, column]
                area[at : at + count] = found["area"][begun : begun + count]
                begun += count
        evidence = Evidence(*(np.concatenate(each) for each in zip(*parts, strict=True)))
        thickness = section_thickness_nm(blocks.voxel_size_nm)
        graph = FragmentGraph(total, before[:, 0].copy(), area, {}, thickness)
        pairs = np.concatenate(same)
        node = np.arange(total, dtype=np.int32)
        if len(pairs):
            node = joined_pairs(total, pairs)
            graph, evidence = _contracted(graph, node), evidence.between(node)
        return cls(VolumeCells(graph, evidence), node)

    def table(
        self, rules: MaskConfig, config: CellsConfig, *, at_once: int = AT_ONCE
    ) -> tuple[Table, CellCount]:
        """The id of the cell of each fragment (1 + fragments,), and how many cells there are.

        See `VolumeCells.table`.
        """
        ids = self._ids(rules, config, at_once)
        return np.concatenate([ids[:1], ids[1:][self.node]]), count_cells(ids, self.cells.graph)

    def _ids(self, rules: MaskConfig, config: CellsConfig, at_once: int) -> Table:
        """Those of the nodes (1 + nodes,)."""
        cells = self.cells
        if cells.graph.count <= at_once:
            return cells.table(
                config.merging, least_slices=rules.least_slices,
                smallest_um3=config.smallest_cell_um3,
            )  # fmt: skip
        parts = parts_of(cells.graph, at_once)
        clusters = solve_by_parts(cells.graph.count, cells.evidence, parts, config.merging)
        clusters = join_small(
            clusters, cells.graph, cells.evidence, config.smallest_cell_um3, config.merging
        )
        return table_of(clusters, cells.graph, rules.least_slices)


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


def _contracted(graph: FragmentGraph, node: npt.NDArray[np.int32]) -> FragmentGraph:
    """The graph of nodes, numbered in the order of their first fragments."""
    count = int(node.max(initial=-1)) + 1
    first = np.unique(node, return_index=True)[1]
    slices = graph.slice_of(first)
    begins = np.searchsorted(slices, np.arange(graph.first_of_slice.size))
    area = np.bincount(node, graph.area, count).astype(np.float64)
    return FragmentGraph(count, begins.astype(np.int64), area, {}, graph.thickness_nm)
