"""Parts a cell in two where its fragments hang together least."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from napari_emseg.core.cells3d.agglomerate import Evidence
from napari_emseg.core.cells3d.slice_view import Ids
from napari_emseg.core.proofread.decision import Pair

_CAPACITY = 2**30
"""Sum of all capacities, which scipy wants as int32."""


@dataclass(frozen=True, eq=False)
class Cut:
    """Where a cell would be parted.

    Parameters
    ----------
    cell : int
        Its id.
    sides : tuple of two (n,) int64 arrays
        Fragments of both sides, from 1.
    seeds : tuple of two (n,) int64 arrays
        Those of each side that were sure to lie there; the fragment that was asked for first.
    """

    cell: int
    sides: tuple[Ids, Ids]
    seeds: tuple[Ids, Ids]


class CutGraph:
    """How much holds pairs of fragments together.

    What an edge holds is its size times the softplus of its log odds: about these where they are
    for one cell, and next to nothing where they are against it.

    Parameters
    ----------
    count : int
        How many fragments there are.
    evidence : Evidence
        Between pairs of them.
    """

    def __init__(self, count: int, evidence: Evidence) -> None:
        held = evidence.size * np.logaddexp(0, evidence.logit)
        pairs = (
            np.r_[evidence.first, evidence.second],
            np.r_[evidence.second, evidence.first],
        )
        self._held = coo_array((np.r_[held, held], pairs), (count, count)).tocsr()

    def neighbours(self, fragment: int) -> Ids:
        """The fragments with which one has an edge."""
        begin, end = self._held.indptr[fragment : fragment + 2]
        found: Ids = self._held.indices[begin:end].astype(np.int64)
        return found

    def side(
        self,
        members: Ids,
        first: Collection[int],
        second: Collection[int],
        *,
        links: Iterable[Pair] = (),
    ) -> npt.NDArray[np.bool_]:
        """Which fragments of a cell stay with the ``first`` ones when it is parted.

        Parameters
        ----------
        members : (n,) int64 array
            The fragments of the cell, ascending.
        first, second : collection of int
            Some of them that come to lie on the two sides; none in both.
        links : iterable of (int, int)
            Pairs of members that are parted only where nothing else is left.

        Returns
        -------
        (n,) bool array
            The smallest such side: where cuts are equally cheap, the one next to ``first``. To ask
            again with all of this side, or with all of the other one, gives the same.

        References
        ----------
        Boykov & Jolly 2001, https://doi.org/10.1109/ICCV.2001.937505
        """
        whole = self._capacities(members, list(links))
        source, sink = members.size, members.size + 1
        graph = _with_terminals(whole, members, first, second)
        flow = maximum_flow(graph, source, sink).flow
        left = csr_array(graph - flow)
        left.eliminate_zeros()
        reached = breadth_first_order(left, source, return_predecessors=False)
        side = np.zeros(members.size + 2, bool)
        side[reached] = True
        return side[: members.size]

    def _capacities(self, members: Ids, links: list[Pair]) -> Any:
        """Whole numbers (n, n), at least 1 at each edge; a link holds more than all edges."""
        held = coo_array(self._held[members][:, members])
        total = float(held.data.sum()) + 1e-12
        scale = _CAPACITY / (2 * len(links) + 2) / total
        whole = np.maximum(held.data * scale, 1).astype(np.int32)
        pairs = np.searchsorted(members, np.array(links, np.int64).reshape(-1, 2))
        strong = np.full(2 * len(links), _CAPACITY // (len(links) + 1), np.int32)
        rows = np.r_[held.coords[0], pairs[:, 0], pairs[:, 1]]
        columns = np.r_[held.coords[1], pairs[:, 1], pairs[:, 0]]
        return coo_array((np.r_[whole, strong], (rows, columns)), (members.size,) * 2)


def _with_terminals(
    whole: Any, members: Ids, first: Collection[int], second: Collection[int]
) -> Any:
    """With two nodes more: one that leads to all of the first, one to which all second lead."""
    n = members.size
    begin, end = (np.searchsorted(members, sorted(each)) for each in (first, second))
    rows = np.r_[whole.coords[0], np.full(begin.size, n), end]
    columns = np.r_[whole.coords[1], begin, np.full(end.size, n + 1)]
    most = np.full(begin.size + end.size, np.iinfo(np.int32).max, np.int32)
    graph = csr_array((np.r_[whole.data, most], (rows, columns)), (n + 2, n + 2), dtype=np.int32)
    graph.sum_duplicates()
    return graph
