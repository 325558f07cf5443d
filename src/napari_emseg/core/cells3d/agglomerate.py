"""Which fragments are one cell: agglomeration of the graph by mean evidence.

Two clusters are joined while the mean of the evidence between them, over all their edges and
weighted by their sizes, is for it; the strongest pair first. Since a mean is never above the
highest of what it is of, all that is joined at one level stays joined at each lower one: a
hierarchy, in which to merge more or less is a matter of where to look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from bioimage_cpp.graph import UndirectedGraph
from bioimage_cpp.graph.agglomeration import GaspClusterPolicy
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_emseg.core.cells3d.edge_model import EdgeModel
from napari_emseg.core.cells3d.graph import FragmentGraph
from napari_emseg.core.cells3d.slice_view import Ids, Values

LEVELS = np.round(np.arange(0, 1.0001, 0.05), 2)
"""Positions of the knob *merging*, from all apart to all together."""

Clusters = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What speaks for and against pairs of fragments being one cell.

    Parameters
    ----------
    first, second : (E,) int64 arrays
        The fragments.
    logit : (E,) float64 array
        Log of the odds of belonging together; above 0 speaks for it.
    size : (E,) float64 array
        What it counts.
    """

    first: Ids
    second: Ids
    logit: Values
    size: Values

    @classmethod
    def of(cls, graph: FragmentGraph, model: EdgeModel) -> Evidence:
        """What a model finds in a graph."""
        probability = model.probabilities(graph)
        kinds = list(graph.edges)
        edges = [graph.edges[kind] for kind in kinds]
        p = np.concatenate([probability[kind] for kind in kinds])
        return cls(
            np.concatenate([each.first for each in edges]),
            np.concatenate([each.second for each in edges]),
            np.log(p / (1 - p)),
            np.concatenate([graph.edges[kind].size / model.of_kind[kind].unit for kind in kinds]),
        )

    def between(self, clusters: Clusters) -> Evidence:
        """The same between clusters of the nodes: mean logits, sums of sizes; none within one."""
        a, b = clusters[self.first], clusters[self.second]
        apart = a != b
        low, high = np.minimum(a, b)[apart], np.maximum(a, b)[apart]
        count = int(clusters.max(initial=-1)) + 1
        size = coo_array((self.size[apart], (low, high)), (count, count)).tocsr()
        total = coo_array(((self.size * self.logit)[apart], (low, high)), (count, count)).tocsr()
        size.sum_duplicates()
        total.sum_duplicates()
        pairs = size.tocoo()
        first, second = pairs.coords
        return Evidence(
            first.astype(np.int64), second.astype(np.int64), total.data / size.data, size.data
        )


def bias_of(merging: float) -> float:
    """What is added to the log of the odds: 0 at 0.5; -inf at 0, inf at 1."""
    with np.errstate(divide="ignore"):
        bias = float(np.log(merging) - np.log1p(-merging))
    return 2 * bias


def agglomerate(count: int, evidence: Evidence, merging: float = 0.5) -> Clusters:
    """Join what belongs together.

    Parameters
    ----------
    count : int
        How many nodes there are.
    evidence : Evidence
        Between pairs of them, each once; nodes without any stay alone.
    merging : float
        0 (all apart) to 1 (all that touches is one).

    Returns
    -------
    (count,) int32 array
        The cluster of each node, 0, 1, ... in the order of their first nodes.

    References
    ----------
    Bailoni et al. 2022: GASP, a generalized framework for agglomerative clustering of signed
    graphs. https://doi.org/10.1109/CVPR52688.2022.01135
    """
    if not evidence.first.size or merging <= 0:
        return np.arange(count, dtype=np.int32)
    weight = evidence.logit + (bias_of(merging) if merging < 1 else 1e6)
    low = np.minimum(evidence.first, evidence.second)
    high = np.maximum(evidence.first, evidence.second)
    order = np.lexsort((high, low))
    pairs = np.column_stack([low, high])[order].astype(np.uint64)
    # to insert them one by one would take ten times as long, and other threads would stand still
    graph = UndirectedGraph.from_unique_edges(count, pairs)
    policy = GaspClusterPolicy(linkage="mean")
    found = policy.optimize(graph, weight[order], edge_sizes=evidence.size[order])
    return in_order(np.asarray(found))


def in_order(clusters: npt.NDArray[Any]) -> Clusters:
    """The same clusters, numbered 0, 1, ... in the order of their first nodes."""
    _, first, number = np.unique(clusters, return_index=True, return_inverse=True)
    rank = np.empty(first.size, np.int32)
    rank[np.argsort(first)] = np.arange(first.size)
    return rank[number.ravel()]


def joined_pairs(count: int, pairs: npt.NDArray[np.integer]) -> Clusters:
    """Clusters (count,) of what pairs (N, 2) hold together; all else stays alone."""
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (count, count))
    return in_order(connected_components(links, directed=False)[1])


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """The clusters at each position of the knob *merging*.

    Parameters
    ----------
    levels : (L,) float64 array
        Positions, rising.
    joins : list of (n,) int32 arrays
        For each level the cluster of every cluster of the level before; of the first, of every
        node.
    """

    levels: Values
    joins: list[Clusters]

    @classmethod
    def of(cls, count: int, evidence: Evidence, levels: Sequence[float] | Values = LEVELS) -> Self:
        """Agglomerate level by level; each goes on from the one before."""
        joins: list[Clusters] = []
        for level in levels:
            joined = agglomerate(count, evidence, float(level))
            joins.append(joined)
            evidence = evidence.between(joined)
            count = int(joined.max(initial=-1)) + 1
        return cls(np.asarray(levels, float), joins)

    def at(self, merging: float) -> Clusters:
        """The cluster of each node at the highest level that is not above ``merging``."""
        last = int(np.searchsorted(self.levels, merging + 1e-9, side="right"))
        clusters = np.arange(self.joins[0].size, dtype=np.int32)
        for joined in self.joins[:last]:
            clusters = joined[clusters]
        return in_order(clusters)
