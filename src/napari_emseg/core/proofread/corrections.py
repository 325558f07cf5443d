"""Corrections of the cells of a volume as lines of text, for volumes that no window holds.

Each line is an object of JSON: ``{"merge": [[z, y, x], [z, y, x]]}``: both points lie in one cell;
``{"split": [[z, y, x], [z, y, x]]}``: they do not; ``{"undo": 2}``: line 2 does not count. Points
are in voxels from 0, or in nm with ``"unit": "nm"``; a ``"note"`` is for people.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from napari_emseg.core.cells3d.graph import FragmentGraph
from napari_emseg.core.cells3d.volume_cells import VolumeCells
from napari_emseg.core.proofread.decision import Table
from napari_emseg.core.proofread.proofreading import Proofreading
from napari_emseg.errors import LabelsError
from napari_emseg.types import VoxelSize, Zyx

CorrectionKind: TypeAlias = Literal["merge", "split"]

_EXPECTED = (
    'expected {"merge": [[z, y, x], [z, y, x]]}, {"split": [[z, y, x], [z, y, x]]} or '
    '{"undo": 2}, with "unit": "nm" where points are in nm'
)


@dataclass(frozen=True)
class Correction:
    """That two points lie in one cell, or in two.

    Parameters
    ----------
    line : int
        Where it stands, from 1.
    kind : {"merge", "split"}
        Which of both.
    points : tuple of two (Z, Y, X)
        In voxels.
    """

    line: int
    kind: CorrectionKind
    points: tuple[Zyx, Zyx]


class Placed(NamedTuple):
    """A correction of fragments: its line, its kind, and the numbers of both from 1."""

    line: int
    kind: CorrectionKind
    first: int
    second: int


def read_corrections(text: str, voxel_size_nm: VoxelSize | None = None) -> tuple[Correction, ...]:
    """The corrections that count, in their order.

    Parameters
    ----------
    text : str
        Lines; those with nothing are passed over.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm, for points in nm.

    Raises
    ------
    LabelsError
        If a line cannot be understood; it is named.
    """
    found: dict[int, Correction | int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found[number] = _read(number, json.loads(line), voxel_size_nm)
            except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
                raise LabelsError(
                    f"corrections, line {number}: {_EXPECTED}, received {line.strip()[:80]}"
                ) from error
    out: set[int] = set()
    for number in reversed(found):  # an undo may be undone
        each = found[number]
        if number in out or isinstance(each, Correction):
            continue
        if each not in found or each >= number:
            raise LabelsError(
                f"corrections, line {number}: undo: expected the number of an earlier line that "
                f"holds a correction, received {each}"
            )
        out.add(each)
    return tuple(
        each for number, each in found.items() if isinstance(each, Correction) and number not in out
    )


def _read(number: int, said: Any, size: VoxelSize | None) -> Correction | int:
    known = {*get_args(CorrectionKind), "undo", "unit", "note"}
    kinds = said.keys() - {"unit", "note"}
    if not said.keys() <= known or len(kinds) != 1:
        raise ValueError(kinds)
    (kind,) = kinds
    if kind == "undo":
        if type(said[kind]) is not int:
            raise TypeError(said[kind])
        return int(said[kind])
    if said.get("unit", "voxel") not in ("voxel", "nm"):
        raise ValueError(said["unit"])
    edges: VoxelSize = (1, 1, 1)
    if said.get("unit") == "nm":
        if size is None:
            raise LabelsError(
                f"corrections, line {number}: unit nm: the voxel size is not known; give points in "
                "voxels"
            )
        edges = size
    first, second = (_point(each, edges) for each in said[kind])
    return Correction(number, kind, (first, second))


def _point(numbers: Sequence[Any], edges: VoxelSize) -> Zyx:
    if any(type(each) not in (int, float) for each in numbers):
        raise TypeError(numbers)
    z, y, x = (round(each / edge) for each, edge in zip(numbers, edges, strict=True))
    return z, y, x


def written(corrections: Iterable[Correction]) -> str:
    """Lines that `read_corrections` reads, of what counts alone, one for each."""
    lines = (json.dumps({each.kind: each.points}) for each in corrections)
    return "".join(f"{line}\n" for line in lines)


def corrected(volume: VolumeCells, table: Table, placed: Sequence[Placed], highest: int) -> Table:
    """The table of cells with corrections applied, one after the other; a later one prevails.

    Parameters
    ----------
    volume : VolumeCells
        All fragments of the cells that corrections name, and what is between them.
    table : (1 + fragments,) uint32 array
        Their ids.
    placed : sequence of Placed
        The corrections, by fragments of this volume.
    highest : int
        The highest id of all cells; what is split off gets the next ones.

    Returns
    -------
    (1 + fragments,) uint32 array
        Merged cells have the id of the first one; of a split one the larger side keeps it.

    Raises
    ------
    LabelsError
        If both points of a correction lie in one fragment; the line is named.
    """
    cells = Proofreading(volume, table)
    cells.highest = highest
    for each in placed:
        if each.first != each.second:
            do = cells.merge if each.kind == "merge" else cells.keep_apart
            do(each.first, each.second)
        elif each.kind == "split":
            raise LabelsError(
                f"corrections, line {each.line}: both points lie in one fragment of a slice, which "
                "nothing parts; choose points further apart, or make cells of smaller fragments "
                "in a run of its own"
            )
    return cells.table


def part_of(volume: VolumeCells, members: np.ndarray[Any, np.dtype[np.int64]]) -> VolumeCells:
    """Some fragments of a volume, and what is between them.

    Parameters
    ----------
    volume : VolumeCells
        With evidence of these fragments at least.
    members : (n,) int64 array
        Numbers from 0, ascending; they become 0, 1, ...
    """
    graph, evidence = volume.graph, volume.evidence
    inside = np.isin(evidence.first, members) & np.isin(evidence.second, members)
    slices = graph.slice_of(members)
    begins = np.searchsorted(slices, np.arange(graph.first_of_slice.size))
    part = FragmentGraph(
        members.size, begins.astype(np.int64), graph.area[members], {}, graph.thickness_nm
    )
    return VolumeCells(
        part,
        replace(
            evidence,
            first=np.searchsorted(members, evidence.first[inside]),
            second=np.searchsorted(members, evidence.second[inside]),
            logit=evidence.logit[inside],
            size=evidence.size[inside],
        ),
    )
