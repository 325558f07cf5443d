"""The part of a graph that one block of a volume gives; all parts together are the whole graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.agglomerate import Evidence
from napari_emseg.core.cells3d.edge_model import EdgeModel
from napari_emseg.core.cells3d.edges import ACROSS, BORDER, KINDS, NEXT, Edges, borders, overlaps
from napari_emseg.core.cells3d.graph import FEATURES, FragmentGraph, learned_scale
from napari_emseg.core.cells3d.slice_view import SliceView, Values
from napari_emseg.core.label_images import LabelImage, contingency
from napari_emseg.types import Float32Array, VoxelSize

Counts = npt.NDArray[np.int64]


def slices_around(counts: Counts, inner: slice) -> list[int]:
    """Slices that the edges of a block need.

    Parameters
    ----------
    counts : (Z,) int64 array
        How many fragments each slice has; those without any are stepped over.
    inner : slice
        Slices of the block.

    Returns
    -------
    list of int
        Those of the block that hold fragments, the last one before it and the first two after.
    """
    full = np.flatnonzero(counts)
    here = full[(full >= inner.start) & (full < inner.stop)]
    if not here.size:
        return []
    before, after = full[full < inner.start][-1:], full[full >= inner.stop][:2]
    return [*map(int, before), *map(int, here), *map(int, after)]


@dataclass(frozen=True, eq=False)
class BlockGraph:
    """What a block gives.

    Parameters
    ----------
    evidence : Evidence
        Of the edges whose first slice is the block's, with numbers through the volume, from 0.
    area : (fragments,) float64 array
        Of the fragments of the block's slices, in px of the learned size, slice by slice.
    """

    evidence: Evidence
    area: Values

    @classmethod
    def of(
        cls,
        slices: Sequence[tuple[LabelImage, Float32Array, int]],
        is_inner: Sequence[bool],
        model: EdgeModel,
        *,
        threshold: float = 0.5,
        voxel_size_nm: VoxelSize | None = None,
    ) -> BlockGraph:
        """Connect the fragments of `slices_around`.

        Parameters
        ----------
        slices : sequence of (LabelImage, Float32Array, int)
            Of each the fragments 1, 2, ... and the probability, (Y, X), and how many fragments lie
            before in the volume.
        is_inner : sequence of bool
            Which of them are the block's own.
        model : EdgeModel
            Weighs the edges.
        threshold : float
            A pixel is cell where its probability is above this.
        voxel_size_nm : tuple of float, optional
            Edge lengths (Z, Y, X) in nm; those of the learned volume where nobody knows.
        """
        scale = learned_scale(voxel_size_nm)
        views = [SliceView(*each[:2], threshold, each[2], scale) for each in slices]
        parts: dict[str, list[Edges]] = {kind: [] for kind in KINDS}
        last = len(views) - 1
        for k in np.flatnonzero(is_inner).tolist():
            view = views[k]
            parts[BORDER].append(borders(view, views[max(k - 1, 0)], views[min(k + 1, last)]))
            if k < last:
                parts[NEXT].append(overlaps(view, views[k + 1]))
            if k + 1 < last:
                parts[ACROSS].append(overlaps(view, views[k + 2], views[k + 1]))
        area = [view.area for view, own in zip(views, is_inner, strict=True) if own]
        edges = {kind: Edges.joined(parts[kind], FEATURES[kind]) for kind in KINDS}
        graph = FragmentGraph(0, np.zeros(0, np.int64), np.zeros(0), edges)
        return cls(Evidence.of(graph, model), np.concatenate([np.zeros(0), *area]))


def same_over_border(
    mine: LabelImage, theirs: LabelImage, *, least_share: float = 0.5
) -> npt.NDArray[np.int64]:
    """Which fragments of two neighbouring blocks are one that the border between them has cut.

    Parameters
    ----------
    mine, theirs : (Y, X) int32 arrays
        The same pixels, beyond the border, as this block and as its neighbour has cut them.
    least_share : float
        Of the pixels that either has there, both must share so many.

    Returns
    -------
    (N, 2) int64 array
        Numbers of mine and theirs.
    """
    both = contingency(mine, theirs).tocoo()
    one, other = both.coords
    pixels = np.maximum(np.bincount(mine.ravel())[one], np.bincount(theirs.ravel())[other])
    found = np.column_stack([one, other]).astype(np.int64)
    taken: npt.NDArray[np.int64] = found[both.data / pixels > least_share]
    return taken
