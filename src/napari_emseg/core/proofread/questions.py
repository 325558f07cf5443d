"""Where a decision of a person would change most.

Two kinds of places: a cell that is perhaps a piece of another one, and a cell that is perhaps two.
What a decision would change is the entropy between both states (the part of the variation of
information that comes of it), times how likely it is that something is to be changed. Cells of
tissue hardly end within a volume: so one that lives in few slices, and reaches neither the first
nor the last, is a piece rather than one that goes through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from napari_emseg.core.cells3d.graph import FragmentGraph
from napari_emseg.core.cells3d.slice_view import Ids, Values
from napari_emseg.core.proofread.proofreading import Proofreading

_FINER = (0.1, 0.2, 0.3, 0.4)
"""Positions of the knob *merging* at which the pieces of a cell are looked at."""

_PIECE, _OF_END, _OF_LENGTH, _OF_REFUSED = 2.0, 0.5, -3.0, -2.0
"""Log odds, beside the mean of those between the two, that a cell is a piece of a larger neighbour:
of any, for each end of the volume that it does not reach, for the share of the slices in which it
lives, and for each time that a person has said that it is no piece of another one. Seen on SNEMI3D,
slices 55 to 74."""

_OF_PARTS = 3.0
"""What speaks for a part of a cell beside the mean log odds: it was joined by most of the rest."""


@dataclass(frozen=True)
class Question:
    """Whether two fragments are of one cell.

    Parameters
    ----------
    first, second : int
        The fragments, from 1: those that are tied most where the cells, or the two parts, meet.
    cells : (int, int)
        Ids of their cells; twice the same where they are one cell now.
    probability : float
        How likely they are of one cell, 0..1.
    gain : float
        What a decision is expected to change, in bits of the variation of information.
    """

    first: int
    second: int
    cells: tuple[int, int]
    probability: float
    gain: float

    @property
    def is_one(self) -> bool:
        """Whether the two are one cell now."""
        return self.cells[0] == self.cells[1]


def questions(proofreading: Proofreading, *, most: int = 200) -> list[Question]:
    """What to ask a person, what would change most first.

    What is answered does not come again: not whether two cells are one where it was said that
    fragments of them are not, nor whether a part is of a cell with which it was merged.

    Parameters
    ----------
    proofreading : Proofreading
        The cells as they are now, with the decisions that were taken.
    most : int
        How many questions are wanted.
    """
    if not proofreading.volume.evidence.first.size:
        return []
    found = [*_pieces(proofreading), *_halves(proofreading)]
    return sorted(found, key=lambda each: -each.gain)[:most]


def _pieces(proofreading: Proofreading) -> Iterator[Question]:
    """For each cell, whether it is a piece of its likeliest larger neighbour."""
    evidence, graph = proofreading.volume.evidence, proofreading.volume.graph
    ids, cell = np.unique(proofreading.table[1:], return_inverse=True)
    area = _sums(cell, graph.area, ids.size)
    a, b = cell[evidence.first], cell[evidence.second]
    between = np.flatnonzero((a != b) & (ids[a] > 0) & (ids[b] > 0))
    a, b = a[between], b[between]
    is_less = (area[a] < area[b]) | ((area[a] == area[b]) & (a < b))
    small, large = np.where(is_less, a, b), np.where(is_less, b, a)
    pairs = _Groups.of(small * ids.size + large, between, proofreading)
    small, large = pairs.key // ids.size, pairs.key % ids.size
    refused = np.searchsorted(ids, _refused(proofreading))
    is_open = ~np.isin(pairs.key, [_key(i, j, area, ids.size) for i, j in refused])
    pairs, small, large = pairs.of_these(is_open), small[is_open], large[is_open]
    best = np.lexsort((pairs.logit, small))
    best = best[np.r_[small[best][1:] != small[best][:-1], np.ones(min(best.size, 1), bool)]]
    times = np.bincount(refused.ravel().astype(np.intp), minlength=ids.size)
    odds = _odds_of_pieces(cell, graph, ids.size) + _OF_REFUSED * times
    probability = expit(pairs.logit + odds[small])
    gain = probability * _bits(area[small], area[large], graph)
    for k in best:
        one, other = _ends_of(pairs.strongest[k], proofreading)
        yield Question(
            one, other, (proofreading.cell_of(one), proofreading.cell_of(other)),
            float(probability[k]), float(gain[k]),
        )  # fmt: skip


def _halves(proofreading: Proofreading) -> Iterator[Question]:
    """For parts of cells, whether they are of the rest of it."""
    seen: dict[int, Question] = {}
    for position in _FINER:
        for strongest, question in _halves_at(proofreading, position):
            known = seen.get(strongest)
            if known is None or known.gain < question.gain:
                seen[strongest] = question
    yield from seen.values()


def _halves_at(proofreading: Proofreading, position: float) -> Iterator[tuple[int, Question]]:
    evidence, graph = proofreading.volume.evidence, proofreading.volume.graph
    cell = proofreading.table[1:].astype(np.int64)
    finer = proofreading.volume.hierarchy.at(position).astype(np.int64)
    width = int(finer.max(initial=0)) + 1
    ids, part = np.unique(cell * width + finer, return_inverse=True)
    a, b = part[evidence.first], part[evidence.second]
    within = np.flatnonzero(
        (a != b) & (cell[evidence.first] == cell[evidence.second]) & (cell[evidence.first] > 0)
    )
    parts = _Groups.of(np.r_[a[within], b[within]], np.r_[within, within], proofreading)
    area = _sums(part, graph.area, ids.size)
    whole = _sums(cell, graph.area)[ids // width]
    confirmed = [part[k - 1] for i, j in proofreading.log.links if part[i - 1] != part[j - 1]
                 for k in (i, j)]  # fmt: skip
    parts = parts.of_these(~np.isin(parts.key, confirmed) & (2 * area <= whole)[parts.key])
    probability = expit(parts.logit + _OF_PARTS)
    rest = (whole - area)[parts.key]
    gain = (1 - probability) * _bits(area[parts.key], rest, graph)
    for k in range(parts.key.size):
        one, other = _ends_of(parts.strongest[k], proofreading)
        of = proofreading.cell_of(one)
        yield (
            int(parts.strongest[k]),
            Question(one, other, (of, of), float(probability[k]), float(gain[k])),
        )


@dataclass(frozen=True, eq=False)
class _Groups:
    """Edges that were put together: by key, their mean log odds, and the strongest of each."""

    key: Ids
    logit: Values
    strongest: Ids

    @classmethod
    def of(cls, key: Ids, edges: Ids, proofreading: Proofreading) -> _Groups:
        evidence = proofreading.volume.evidence
        logit, size = evidence.logit[edges], evidence.size[edges]
        order = np.lexsort((logit, key))
        key, logit, size = key[order], logit[order], size[order]
        start = np.flatnonzero(np.r_[np.ones(min(key.size, 1), bool), key[1:] != key[:-1]])
        if not start.size:
            return cls(key, logit, edges)
        mean = np.add.reduceat(logit * size, start) / np.add.reduceat(size, start)
        last = np.r_[start[1:], key.size] - 1
        return cls(key[start], mean, edges[order][last])

    def of_these(self, chosen: npt.NDArray[np.bool_]) -> _Groups:
        return _Groups(self.key[chosen], self.logit[chosen], self.strongest[chosen])


def _refused(proofreading: Proofreading) -> npt.NDArray[Any]:
    """Pairs of cells (n, 2) of which a person has said that they are not one."""
    pairs = {
        tuple(sorted((proofreading.cell_of(i), proofreading.cell_of(j))))
        for i, j in proofreading.log.parted
    }
    return np.array([pair for pair in pairs if pair[0]], np.int64).reshape(-1, 2)


def _key(i: int, j: int, area: Values, count: int) -> int:
    small, large = sorted((int(i), int(j)), key=lambda each: (area[each], each))
    return small * count + large


def _odds_of_pieces(cell: Ids, graph: FragmentGraph, count: int) -> Values:
    """Log odds of each cell that it is a piece, by where it begins and ends."""
    slices = graph.slice_of_fragment
    low, high = np.full(count, graph.first_of_slice.size), np.full(count, -1)
    np.minimum.at(low, cell, slices)
    np.maximum.at(high, cell, slices)
    begin, end = slices[0], slices[-1]
    ends = (low > begin).astype(float) + (high < end)
    length = (high - low + 1) / (end - begin + 1)
    odds: Values = _PIECE + _OF_END * ends + _OF_LENGTH * length
    return odds


def _sums(group: Ids, area: Values, count: int = 0) -> Values:
    sums: Values = np.bincount(group, area, count).astype(np.float64)
    return sums


def _bits(one: Values, other: Values, graph: FragmentGraph) -> Values:
    """Bits between two parts of these areas being one and being two, a pixel of the volume."""
    both = one + other
    bits: Values = both * np.log2(both) - one * np.log2(one) - other * np.log2(other)
    bits /= graph.area.sum()
    return bits


def _ends_of(edge: int, proofreading: Proofreading) -> tuple[int, int]:
    evidence = proofreading.volume.evidence
    return int(evidence.first[edge]) + 1, int(evidence.second[edge]) + 1
