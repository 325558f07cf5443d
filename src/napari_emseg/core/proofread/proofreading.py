"""Cells of a volume that a person repairs, decision by decision.

Cells are a table: the id of each fragment. A decision changes a few of its entries, whatever the
size of the volume, and is kept in a log; the log is what holds when cells are made anew, say with
another position of the knob *merging*.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable
from copy import copy

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.slice_view import Ids
from napari_emseg.core.cells3d.volume_cells import VolumeCells
from napari_emseg.core.proofread.cut import Cut, CutGraph
from napari_emseg.core.proofread.decision import Change, Decision, Decisions, Table
from napari_emseg.errors import LabelsError


class Proofreading:
    """The table of cells, with decisions taken, taken back and taken again.

    Parameters
    ----------
    volume : VolumeCells
        The fragments, and what speaks for and against pairs of them.
    table : (1 + fragments,) uint32 array
        The id of each fragment, by its number from 1; 0 is no cell.
    most : int
        The highest id that the cells can have.
    log : iterable of Decision
        What was decided before, and is in the table already; it cannot be taken back.

    Attributes
    ----------
    table : (1 + fragments,) uint32 array
        As it is now.
    highest : int
        The highest id that is taken; may be raised, where ids are that no fragment has.
    """

    def __init__(
        self,
        volume: VolumeCells,
        table: Table,
        *,
        most: int = 2**32 - 1,
        log: Iterable[Decision] = (),
    ) -> None:
        self.volume, self.table, self._most = volume, table.astype(np.uint32), most
        self._before = list(log)
        self._done: list[Change] = []
        self._undone: list[Change] = []
        self._graph = CutGraph(volume.graph.count, volume.evidence)
        self.highest = int(table.max(initial=0))

    # -- what is known -----------------------------------------------------------------------

    @property
    def log(self) -> Decisions:
        """The decisions that were taken."""
        return Decisions([*self._before, *(change.decision for change in self._done)])

    def frozen(self) -> Proofreading:
        """The same as it is now, for a thread that reads it."""
        frozen = copy(self)
        frozen.table, frozen._before, frozen._done = self.table.copy(), list(self.log), []
        return frozen

    @property
    def steps(self) -> tuple[int, int]:
        """How many decisions can be taken back, and how many taken again."""
        return len(self._done), len(self._undone)

    def cell_of(self, fragment: int) -> int:
        """The id of its cell; 0 where it has none."""
        return int(self.table[fragment])

    def members(self, cell: int) -> Ids:
        """The fragments of a cell, from 1, ascending."""
        return np.flatnonzero(self.table == cell)

    # -- decisions ---------------------------------------------------------------------------

    def merge(self, first: int, second: int) -> Change:
        """Two fragments are of one cell, and so are their cells, wherever they lie.

        The cell of the second gets the id of the first. Where they are one already, that is noted,
        and no cut parts them.

        Raises
        ------
        LabelsError
            If both are the same fragment.
        """
        _require_two(first, second, "they are one cell already")
        parted = self.log.against([*self._group(first).tolist(), *self._group(second).tolist()])
        decision = Decision("merge", (first,), (second,), parted)
        return self._take(decision, self._joined(first, second))

    def preview(self, first: int, second: int) -> Cut:
        """Where a cell would be parted so that two fragments of it come to lie apart.

        What surely is one with either of them goes with it: all with which it is joined at the
        highest position of the knob *merging* at which the two are not yet one. Else a fragment
        that is small would be cut off rather than a neck that is wide.

        Raises
        ------
        LabelsError
            If they are one fragment, or not in one cell.
        """
        _require_two(first, second, "part the fragment with the brush first")
        cell = self.cell_of(first)
        if not cell or cell != self.cell_of(second):
            raise LabelsError("cells: these are two cells already; choose two points in one cell")
        members = self.members(cell)
        seeds = self._surely(members, first, second)
        side = self._side(members, *(each.tolist() for each in seeds))
        return Cut(cell, (members[side], members[~side]), seeds)

    def split(self, cut: Cut) -> Change:
        """Part a cell where the preview shows it; the larger side keeps the id.

        Raises
        ------
        LabelsError
            If the cell has changed since.
        """
        if not np.array_equal(np.sort(np.concatenate(cut.sides)), self.members(cut.cell)):
            raise LabelsError("cells: the cell has changed since; choose the two points again")
        one, other = cut.sides
        first, second = cut.seeds
        # the smaller side is kept; with it as a whole the same cut is found again
        kept = (one, second) if one.size <= other.size else (first, other)
        begin, end = (tuple(map(int, each)) for each in kept)
        overrides = self.log.joining(one.tolist(), other.tolist())
        decision = Decision("split", begin, end, overrides)
        return self._take(decision, self._with_new_id(self._smaller(one, other)))

    def keep_apart(self, first: int, second: int) -> Change:
        """Two fragments are not of one cell: where they are, it is parted; else that is noted.

        Raises
        ------
        LabelsError
            If both are the same fragment.
        """
        if self.cell_of(first) == self.cell_of(second) != 0:
            return self.split(self.preview(first, second))
        _require_two(first, second, "part the fragment with the brush first")
        return self._take(Decision("split", (first,), (second,)), self.table)

    def set_apart(self, fragment: int) -> Change:
        """A fragment becomes a cell of its own.

        Raises
        ------
        LabelsError
            If it is one.
        """
        if self.cell_of(fragment) and self.members(self.cell_of(fragment)).size == 1:
            raise LabelsError("cells: this fragment is a cell of its own already")
        one = np.array([fragment])
        cell = self.cell_of(fragment)
        others = [each for each in self._graph.neighbours(fragment - 1) + 1
                  if cell and self.cell_of(each) == cell]  # fmt: skip
        decision = Decision(
            "set apart", (fragment,), tuple(map(int, others)), self.log.joining_any([fragment])
        )
        return self._take(decision, self._with_new_id(one))

    def take_away(self, cell: int) -> Change:
        """A cell is none.

        Raises
        ------
        LabelsError
            If no fragment is of this cell.
        """
        members = self.members(cell) if cell else np.zeros(0, np.int64)
        if not members.size:
            raise LabelsError("cells: there is no cell here; click on one")
        overrides = self.log.joining_any(members.tolist())
        taken = self.table.copy()
        taken[members] = 0
        return self._take(Decision("take away", tuple(map(int, members)), (), overrides), taken)

    def undo(self) -> Change | None:
        """Take back the last decision; what it had done, None where there is none."""
        if not self._done:
            return None
        change = self._done.pop()
        self._undone.append(change)
        self.table[change.fragments] = change.old
        return change

    def redo(self) -> Change | None:
        """Take it again; likewise."""
        if not self._undone:
            return None
        change = self._undone.pop()
        self._done.append(change)
        self.table[change.fragments] = change.new
        return change

    # -- how -----------------------------------------------------------------------------------

    def _take(self, decision: Decision, table: Table) -> Change:
        fragments = np.flatnonzero(self.table != table)
        change = Change(decision, fragments, self.table[fragments], table[fragments])
        self.table[fragments] = change.new
        self._done.append(change)
        self._undone.clear()
        return change

    def _group(self, fragment: int) -> Ids:
        """The fragments of its cell; it alone where it has none."""
        cell = self.cell_of(fragment)
        return self.members(cell) if cell else np.array([fragment])

    def _joined(self, first: int, second: int) -> Table:
        """The table with the cells of two fragments made one."""
        table = self.table.copy()
        one, other = self.cell_of(first), self.cell_of(second)
        cell = one or other or self._new_id()
        for fragment in (first, second):
            table[self._group(fragment)] = cell
        return table

    def _with_new_id(self, fragments: Ids) -> Table:
        table = self.table.copy()
        table[fragments] = self._new_id()
        return table

    def _new_id(self) -> int:
        if self.highest >= self._most:
            raise LabelsError(
                f"labels: all ids up to {self._most} are taken; convert the layer to a larger type "
                "(right click on it, Convert data type)"
            )
        self.highest += 1
        return self.highest

    def _smaller(self, one: Ids, other: Ids) -> Ids:
        area = self.volume.graph.area
        return one if area[one - 1].sum() < area[other - 1].sum() else other

    def _surely(self, members: Ids, first: int, second: int) -> tuple[Ids, Ids]:
        """The two fragments, and what goes with each; nothing that a decision joins with others."""
        hierarchy = self.volume.hierarchy

        def are_one(position: float) -> bool:
            clusters = hierarchy.at(position)
            return bool(clusters[first - 1] == clusters[second - 1])

        last = max(bisect_left(hierarchy.levels, True, key=are_one) - 1, 0)
        cluster = hierarchy.at(hierarchy.levels[last])[members - 1]
        is_free = ~np.isin(members, [k for pair in self.log.links for k in pair])
        first_side, second_side = (
            np.r_[
                each, members[(cluster == cluster[members == each]) & is_free & (members != each)]
            ]
            for each in (first, second)
        )
        return first_side, second_side

    def _side(
        self, members: Ids, first: Collection[int], second: Collection[int]
    ) -> npt.NDArray[np.bool_]:
        inside = set(members.tolist())
        links = [pair for pair in self.log.links if inside.issuperset(pair)]
        return self._graph.side(
            members - 1,
            [each - 1 for each in first],
            [each - 1 for each in second],
            links=[(i - 1, j - 1) for i, j in links],
        )


def _require_two(first: int, second: int, way_out: str) -> None:
    if first == second:
        raise LabelsError(f"cells: both points lie in one fragment; {way_out}")
