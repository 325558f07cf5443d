"""Cells too small to be any: scraps that the solution left over go to their likeliest neighbour."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.agglomerate import (
    Clusters,
    Evidence,
    bias_of,
    in_order,
    joined_pairs,
)
from napari_emseg.core.cells3d.graph import FragmentGraph
from napari_emseg.core.label_images import BoolImage

_LEAST_LOGIT = -3.0
"""Log of the odds, 1 to 20, below which a scrap rather stays one."""


def join_small(
    clusters: Clusters,
    graph: FragmentGraph,
    evidence: Evidence,
    smallest_um3: float,
    merging: float = 0.5,
) -> Clusters:
    """Join clusters that are too small with the neighbour that the mean evidence is most for.

    Parameters
    ----------
    clusters : (fragments,) int32 array
        0, 1, ...
    graph : FragmentGraph
        Says how large they are, and which reach the first or the last slice: these stay, since
        nobody sees how large they are.
    evidence : Evidence
        Between fragments.
    smallest_um3 : float
        Clusters of less volume are joined; 0 joins none.
    merging : float
        Where the knob stands: the less is merged, the surer a join must be.

    Returns
    -------
    (fragments,) int32 array
        In the order of their first fragments.
    """
    if smallest_um3 <= 0 or not clusters.size or merging <= 0:
        return clusters
    least = _LEAST_LOGIT - (bias_of(merging) if merging < 1 else np.inf)
    while True:
        pairs = _likeliest(clusters, graph, evidence, smallest_um3, least)
        if not len(pairs):
            return clusters
        clusters = in_order(joined_pairs(int(clusters.max()) + 1, pairs)[clusters])


def at_ends(clusters: npt.NDArray[np.integer], graph: FragmentGraph) -> BoolImage:
    """Whether each cluster (0, 1, ...) reaches the first or the last slice with tissue.

    Parameters
    ----------
    clusters : (fragments,) integer array
        -1 where a fragment is in none.
    graph : FragmentGraph
        Of these fragments.
    """
    slices = graph.slice_of_fragment
    ends = (slices == slices.min(initial=0)) | (slices == slices.max(initial=0))
    reach = np.zeros(int(clusters.max(initial=-1)) + 1, bool)
    reach[clusters[ends & (clusters >= 0)]] = True
    return reach


def _likeliest(
    clusters: Clusters, graph: FragmentGraph, evidence: Evidence, smallest_um3: float, least: float
) -> npt.NDArray[np.intp]:
    """Each small cluster and the neighbour to join it with: (N, 2)."""
    volume = np.bincount(clusters, graph.volume_um3)
    small = (volume < smallest_um3) & ~at_ends(clusters, graph)
    between = evidence.between(clusters)
    one = np.concatenate([between.first, between.second])
    other = np.concatenate([between.second, between.first])
    logit = np.concatenate([between.logit, between.logit])
    asked = small[one] & (logit > least)
    one, other, logit = one[asked], other[asked], logit[asked]
    order = np.lexsort((other, -logit, one))
    best = order[np.unique(one[order], return_index=True)[1]]
    return np.column_stack([one[best], other[best]])
