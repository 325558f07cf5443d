"""A graph that is there solved, corrected, and written as ids: what comes after the fragments."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.graph import FragmentGraph
from napari_emseg.core.cells3d.volume_cells import count_cells
from napari_emseg.core.segment.cell_count import CellCount
from napari_emseg.engine.cells.blocks import CellBlocks
from napari_emseg.engine.cells.correct import corrected_table
from napari_emseg.engine.cells.relabel import RelabelBlocks, SmallerBlocks
from napari_emseg.engine.cells.solutions import Solution, begin_solution, last_solution
from napari_emseg.engine.cells.solve import WholeGraph
from napari_emseg.engine.distributed.pyramid import pyramid_stages, smaller_levels
from napari_emseg.engine.distributed.stage import Stage
from napari_emseg.io.volumes.ledger import Ledger
from napari_emseg.io.volumes.output import BlocksOutput
from napari_emseg.io.volumes.place import Place

CUT, CONNECT = "fragments", "graph"
"""The stages whose blocks must be done before a graph is solved."""

_GRAPH, _SOLUTION = "graph.json", "solution"


class Solving:
    """Solves a graph as is wanted, and has the blocks written whose ids change.

    Parameters
    ----------
    cells : CellBlocks
        Fragments and graph.
    out : BlocksOutput
        What is written.
    wanted : Solution
        The settings, and what a person has corrected.
    """

    def __init__(self, cells: CellBlocks, out: BlocksOutput, wanted: Solution) -> None:
        self._cells, self._out, self._wanted = cells, out, wanted

    @property
    def count(self) -> CellCount:
        """How many cells there are, once the graph is solved."""
        held = self._cells.place.read_arrays(self._wanted.table)
        return CellCount(*map(int, held["count"]))

    def stages(self) -> Iterator[Stage]:
        """Tables first; only when these are there, what was finished is written again."""
        wanted = self._wanted
        yield Stage(f"solve-{_key(wanted.solved)}", 1, self._solve, is_for_all=True)
        if wanted.corrections:
            yield Stage(f"correct-{_key(wanted.table)}", 1, self._correct, is_for_all=True)
        note = {_SOLUTION: begin_solution(self._cells.place, wanted)}
        if self._out.finished != note:
            self._out.reopen()
        yield from self._written(note[_SOLUTION])

    def finish(self) -> None:
        """Note that all is there, once all stages are done."""
        number, _ = last_solution(self._cells.place)
        self._out.finish({_SOLUTION: number})

    def _written(self, solution: int) -> Iterator[Stage]:
        cells, out = self._cells, self._out.volume
        # of what is written again only what changes is read and written
        voxels = math.prod(cells.blocks.shape) if solution == 1 else 0
        do = RelabelBlocks(
            cells, out, self._wanted.table, self._wanted.config.fill_membranes, solution
        )
        yield Stage(
            f"cells-{solution}", len(cells.blocks), do, cells.title, read_bytes=4 * voxels,
            written_bytes=4 * voxels,
        )  # fmt: skip
        above = cells.blocks
        for each, level in zip(pyramid_stages(out), smaller_levels(out), strict=True):
            smaller = SmallerBlocks(level, cells.place, above, solution)
            yield replace(
                each, name=f"{each.name}-{solution}", do=smaller,
                read_bytes=each.read_bytes * (solution == 1),
                written_bytes=each.written_bytes * (solution == 1),
            )  # fmt: skip
            above = level.blocks

    def _solve(self, _: int) -> None:
        wanted = self._wanted
        table = WholeGraph.of(self._cells).table(wanted.least_slices, wanted.config)
        self._keep(wanted.solved, table)

    def _correct(self, _: int) -> None:
        held = self._cells.place.read_arrays(self._wanted.solved)
        table = corrected_table(self._cells, held["table"], self._wanted.corrections)
        self._keep(self._wanted.table, table)

    def _keep(self, name: str, table: npt.NDArray[np.uint32]) -> None:
        cells = self._cells
        begins = cells.before()[:, 0].copy()
        graph = FragmentGraph(table.size - 1, begins, np.zeros(table.size - 1), {})
        found = np.unique(table)
        gapless = np.searchsorted(found[found > 0], table) + (table > 0)
        count = count_cells(gapless.astype(np.uint32), graph)
        counted = np.array([count.cells, count.in_one_slice])
        cells.place.write_arrays(name, {"table": table, "count": counted})


def keep_graph(cells: CellBlocks) -> None:
    """Keep where fragments and graph of a volume are, for those who correct its cells."""
    cells.place.create(_GRAPH, json.dumps(cells.to_dict()).encode())


def kept_graph(place: Place) -> CellBlocks | None:
    """The fragments and the graph that are kept; None unless they are whole."""
    found = place.read(_GRAPH)
    if found is None:
        return None
    cells = CellBlocks.kept(place, json.loads(found))
    is_done = [Ledger(place, stage).done(len(cells.blocks)).all() for stage in (CUT, CONNECT)]
    return cells if all(is_done) else None


def _key(table: str) -> str:
    return table.rpartition("/")[2]
