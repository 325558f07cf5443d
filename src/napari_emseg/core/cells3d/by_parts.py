"""The solution of a graph that is too large for one go: parts first, then what is left of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.agglomerate import Clusters, Evidence, agglomerate, in_order


def solve_by_parts(
    count: int,
    evidence: Evidence,
    part: npt.NDArray[np.integer],
    merging: float = 0.5,
) -> Clusters:
    """Agglomerate each part by itself, then the clusters of all parts.

    Parts are solved without what lies between them, so that the result is not quite that of
    `agglomerate`; how far off it is says ``benchmarks/bench_cells3d.py --blocks``.

    Parameters
    ----------
    count : int
        How many fragments there are.
    evidence : Evidence
        Between pairs of them.
    part : (count,) integer array
        To which part each belongs, 0, 1, ...
    merging : float
        See `CellsConfig`.

    Returns
    -------
    (count,) int32 array
        The cluster of each fragment, in the order of their first fragments.

    References
    ----------
    Pape et al. 2017: Solving large multicut problems for connectomics via domain decomposition.
    ICCV workshops, https://doi.org/10.1109/ICCVW.2017.7
    """
    clusters = np.zeros(count, np.int64)
    of_edge = np.where(part[evidence.first] == part[evidence.second], part[evidence.first], -1)
    begun = 0
    for k in range(int(part.max(initial=-1)) + 1):
        members = np.flatnonzero(part == k)
        inside = np.flatnonzero(of_edge == k)
        own = Evidence(
            np.searchsorted(members, evidence.first[inside]),
            np.searchsorted(members, evidence.second[inside]),
            evidence.logit[inside],
            evidence.size[inside],
        )
        found = agglomerate(members.size, own, merging)
        clusters[members] = found + begun
        begun += int(found.max(initial=-1)) + 1
    small = in_order(clusters)
    rest = agglomerate(begun, evidence.between(small), merging)
    return in_order(rest[small])
