"""The cells of a volume: fragments slice by slice, one graph, one solution.

Only three slices and the graph are in memory, so that a volume of any length gives the same cells
as it would in one go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.agglomerate import Clusters, Evidence, Hierarchy, agglomerate
from napari_emseg.core.cells3d.edge_model import EdgeModel
from napari_emseg.core.cells3d.fragments import fragments_of_slice
from napari_emseg.core.cells3d.graph import FragmentGraph, GraphBuilder
from napari_emseg.core.cells3d.small_cells import at_ends, join_small
from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.label_images import BoolImage, LabelImage
from napari_emseg.core.parallel import in_order
from napari_emseg.core.segment.cell_count import CellCount
from napari_emseg.types import ArrayLike, Float32Array, VoxelSize

_RIM_PX = 5
"""A stretch of probability 0 this wide is no membrane but the outside of tissue."""


@dataclass(frozen=True, eq=False)
class VolumeCells:
    """Which fragments of a volume are one cell, at any position of the knob.

    Parameters
    ----------
    graph : FragmentGraph
        The fragments; what its edges look like, which is most of a graph, is not needed any more.
    evidence : Evidence
        What speaks for and against each pair.
    """

    graph: FragmentGraph
    evidence: Evidence

    @classmethod
    def of(cls, graph: FragmentGraph, model: EdgeModel) -> VolumeCells:
        """Weigh the edges of a graph by a model."""
        return cls(replace(graph, edges={}), Evidence.of(graph, model))

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """Made once; then each position of the knob is a look-up."""
        return Hierarchy.of(self.graph.count, self.evidence)

    def table(
        self, merging: float = 0.5, *, least_slices: int = 1, smallest_um3: float = 0.0
    ) -> npt.NDArray[np.uint32]:
        """The id of the cell of each fragment.

        Parameters
        ----------
        merging : float
            0 (all apart) to 1 (all together), see `CellsConfig`.
        least_slices : int
            Cells that live in fewer slices are left out, save those that reach the first or the
            last slice: nobody sees how far they go on.
        smallest_um3 : float
            Smaller cells join a neighbour, see `join_small`.

        Returns
        -------
        (1 + fragments,) uint32 array
            By the fragment's number from 1; ids from 1 without gaps, in the order in which cells
            begin. 0 stays 0, and so do the cells that are left out.
        """
        clusters = self._clusters(merging)
        clusters = join_small(clusters, self.graph, self.evidence, smallest_um3, merging)
        return table_of(clusters, self.graph, least_slices)

    def _clusters(self, merging: float) -> Clusters:
        """Those of the level below, and between two levels what more is joined."""
        clusters = self.hierarchy.at(merging)
        if np.isclose(self.hierarchy.levels, merging).any():
            return clusters
        count = int(clusters.max(initial=-1)) + 1
        return agglomerate(count, self.evidence.between(clusters), merging)[clusters]


def table_of(
    clusters: Clusters, graph: FragmentGraph, least_slices: int = 1
) -> npt.NDArray[np.uint32]:
    """Ids (1 + fragments,) of clusters (fragments,), see `VolumeCells.table`."""
    kept = ~_are_short(clusters, graph, least_slices)
    number = np.where(kept, np.cumsum(kept), 0).astype(np.uint32)
    return np.concatenate([np.zeros(1, np.uint32), number[clusters]])


def count_cells(table: npt.NDArray[np.uint32], graph: FragmentGraph) -> CellCount:
    """How many cells a table of ids holds, and how many of them live in one slice alone."""
    cells = int(table.max(initial=0))
    clusters = table[1:].astype(np.int64) - 1
    alone = _are_short(clusters, graph, 2)
    return CellCount(cells, int(alone.sum()))


def _are_short(clusters: npt.NDArray[Any], graph: FragmentGraph, least: int) -> BoolImage:
    """Whether each cluster lives in fewer slices, and reaches neither the first nor the last."""
    taken = clusters >= 0
    n_clusters = int(clusters.max(initial=-1)) + 1
    if least <= 1 or not n_clusters:
        return np.zeros(n_clusters, bool)
    n_slices = graph.first_of_slice.size
    lives = np.unique(clusters[taken].astype(np.int64) * n_slices + graph.slice_of_fragment[taken])
    count = np.bincount(lives // n_slices, minlength=n_clusters)
    short: BoolImage = (count < least) & ~at_ends(clusters, graph)
    return short


def fragment_volume(
    probability: ArrayLike,
    out: ArrayLike,
    *,
    threshold: float = 0.5,
    config: CellsConfig = CellsConfig(),
    voxel_size_nm: VoxelSize | None = None,
    on_slice: Callable[[int, int], object] | None = None,
    workers: int = 2,
) -> FragmentGraph:
    """Cut all slices into fragments and connect them.

    Parameters
    ----------
    probability : (Z, Y, X) array
        Probability of cell, 0..1; numpy or lazy, read slice by slice. Where it is 0 over more than
        some pixels there is no tissue.
    out : (Z, Y, X) integer array
        What to fill with the fragments: 1, 2, ... through the volume, 0 where there is no tissue.
        A memory map where the volume is larger than memory.
    threshold : float
        A pixel is cell where its probability is above this.
    config : CellsConfig
        How slices are cut.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm.
    on_slice : callable, optional
        Called as ``on_slice(done, total)`` after every slice; may raise to stop.
    workers : int
        Slices that are cut side by side.

    Returns
    -------
    FragmentGraph
    """
    total = probability.shape[0]

    def cut(z: int) -> tuple[Float32Array, LabelImage]:
        plane = np.nan_to_num(np.asarray(probability[z], np.float32))
        inside = _tissue(plane)
        if inside is not None and not inside.any():
            return plane, np.zeros(plane.shape, np.int32)
        return plane, fragments_of_slice(plane, threshold=threshold, config=config, inside=inside)

    builder = GraphBuilder(threshold, voxel_size_nm)
    for z, (plane, fragments) in enumerate(in_order(cut, range(total), workers=workers)):
        before = builder.add(fragments, plane)
        out[z] = np.where(fragments > 0, fragments + before, 0)
        if on_slice is not None:
            on_slice(z + 1, total)
    return builder.finish()


def _tissue(probability: Float32Array) -> BoolImage | None:
    """Where there is tissue (Y, X); None where it is everywhere."""
    nothing = probability <= 0
    if not nothing.any():
        return None
    kernel = np.ones((2 * _RIM_PX + 1,) * 2, np.uint8)
    wide = cv2.morphologyEx(
        np.pad(nothing.astype(np.uint8), _RIM_PX, mode="edge"), cv2.MORPH_OPEN, kernel
    )[_RIM_PX:-_RIM_PX, _RIM_PX:-_RIM_PX]
    tissue: BoolImage = wide == 0
    return tissue
