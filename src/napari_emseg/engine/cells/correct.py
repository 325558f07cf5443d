"""Corrections of a person applied to the cells of a volume, of which few are looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.agglomerate import Evidence, joined_pairs
from napari_emseg.core.cells3d.graph import FragmentGraph, section_thickness_nm
from napari_emseg.core.cells3d.volume_cells import VolumeCells
from napari_emseg.core.proofread.corrections import Correction, Placed, corrected, part_of
from napari_emseg.engine.cells.blocks import CellBlocks
from napari_emseg.engine.cells.graph import contracted, graph_parts
from napari_emseg.errors import LabelsError
from napari_emseg.types import Zyx

Table = npt.NDArray[np.uint32]


def corrected_table(blocks: CellBlocks, table: Table, corrections: Sequence[Correction]) -> Table:
    """The table of a volume with corrections.

    Of the graph what lies within the cells that are named is read; memory holds that, and the
    table.

    Parameters
    ----------
    blocks : CellBlocks
        The volume.
    table : (1 + fragments,) uint32 array
        As it was solved.
    corrections : sequence of Correction
        In their order.

    Raises
    ------
    LabelsError
        If a point lies outside the volume or in no cell, or both of one in a fragment.
    """
    placed = place_corrections(blocks, table, corrections)
    named = {int(table[each]) for one in placed for each in (one.first, one.second)}
    members = np.flatnonzero(np.isin(table, list(named)))
    volume, node = _volume_of(blocks, members - 1)

    def number(fragment: int) -> int:
        return int(node[np.searchsorted(members, fragment)]) + 1

    ids = np.zeros(volume.graph.count + 1, np.uint32)
    ids[node + 1] = table[members]
    here = [each._replace(first=number(each.first), second=number(each.second)) for each in placed]
    made = table.copy()
    made[members] = corrected(volume, ids, here, int(table.max(initial=0)))[node + 1]
    return made


def place_corrections(
    blocks: CellBlocks, table: Table, corrections: Sequence[Correction]
) -> list[Placed]:
    """The fragments of corrections; raises as `corrected_table`."""
    return [
        Placed(each.line, each.kind, *(_fragment(blocks, table, each.line, p) for p in each.points))
        for each in corrections
    ]


def _fragment(blocks: CellBlocks, table: Table, line: int, point: Zyx) -> int:
    place = "z {}, y {}, x {}".format(*point)
    if any(not 0 <= k < n for k, n in zip(point, blocks.blocks.shape, strict=True)):
        raise LabelsError(
            f"corrections, line {line}: expected a point in the volume {blocks.blocks.shape}, "
            f"received {place}"
        )
    found = blocks.fragment_at(point)
    if not table[found]:
        raise LabelsError(
            f"corrections, line {line}: there is no cell at {place}; choose a point in a cell"
        )
    return found


def _volume_of(
    blocks: CellBlocks, members: npt.NDArray[np.int64]
) -> tuple[VolumeCells, npt.NDArray[np.int32]]:
    """Some fragments, by numbers from 0, with what is between them; and the node of each."""
    before = blocks.before()
    total = int(blocks.counts().sum())
    is_member, area = np.zeros(total, bool), np.zeros(total)
    is_member[members] = True
    parts, same = [], []
    for part in graph_parts(blocks):
        within = is_member[part.first] & is_member[part.second]
        parts.append([each[within] for each in (part.first, part.second, part.logit, part.size)])
        same.append(part.same[is_member[part.same].all(axis=1)])
        part.put_area(area)
    evidence = Evidence(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    thickness = section_thickness_nm(blocks.voxel_size_nm)
    graph = FragmentGraph(total, before[:, 0].copy(), area, {}, thickness)
    volume = part_of(VolumeCells(graph, evidence), members)
    pairs = np.searchsorted(members, np.concatenate(same))
    node = np.arange(members.size, dtype=np.int32)
    if len(pairs):
        node = joined_pairs(members.size, pairs)
        volume = VolumeCells(contracted(volume.graph, node), volume.evidence.between(node))
    return volume, node
