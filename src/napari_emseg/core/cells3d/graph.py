"""The graph of the fragments of a volume, built slice by slice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.edges import (
    ACROSS,
    BORDER,
    KINDS,
    N_BORDER,
    N_OVERLAP,
    NEXT,
    Edges,
    borders,
    overlaps,
)
from napari_emseg.core.cells3d.slice_view import SliceView, Values
from napari_emseg.core.label_images import LabelImage
from napari_emseg.types import Float32Array, VoxelSize

LEARNED_PIXEL_NM = 6.0
"""Pixel size of the volume that edges were learned on; of unknown pixels that much is assumed."""

LEARNED_THICKNESS_NM = 30.0
"""Thickness of its sections, likewise."""

FEATURES = {BORDER: N_BORDER, NEXT: N_OVERLAP, ACROSS: N_OVERLAP}


@dataclass(frozen=True, eq=False)
class FragmentGraph:
    """Fragments of a volume and what lies between them.

    Parameters
    ----------
    count : int
        How many fragments there are; they are numbered from 0, slice by slice.
    first_of_slice : (Z,) int64 array
        Number of the first fragment of each slice.
    area : (count,) float64 array
        Of each, in px of the learned size.
    edges : dict of str to Edges
        By kind, see `edges`.
    thickness_nm : float
        Of a section.
    """

    count: int
    first_of_slice: np.ndarray[tuple[int], np.dtype[np.int64]]
    area: Values
    edges: Mapping[str, Edges]
    thickness_nm: float = LEARNED_THICKNESS_NM

    @property
    def volume_um3(self) -> Values:
        """Of each fragment."""
        return self.area * (LEARNED_PIXEL_NM**2 * self.thickness_nm * 1e-9)

    @property
    def slice_of_fragment(self) -> npt.NDArray[np.int64]:
        """The slice of each fragment."""
        return self.slice_of(np.arange(self.count))

    def slice_of(self, fragments: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """The slice of each of these fragments, numbered from 0."""
        return np.searchsorted(self.first_of_slice, fragments, side="right") - 1

    @property
    def n_edges(self) -> int:
        """How many edges of all kinds there are."""
        return sum(len(each) for each in self.edges.values())


def learned_scale(voxel_size_nm: VoxelSize | None) -> float:
    """Edge of a pixel in those that edges were learned on; 1 where nobody knows."""
    return 1.0 if voxel_size_nm is None else voxel_size_nm[2] / LEARNED_PIXEL_NM


def section_thickness_nm(voxel_size_nm: VoxelSize | None) -> float:
    """Of the sections of a volume; as of the one that edges were learned on where nobody knows."""
    return LEARNED_THICKNESS_NM if voxel_size_nm is None else voxel_size_nm[0]


@dataclass
class GraphBuilder:
    """Makes the graph of slices that come in order; three of them are held at a time.

    Slices without tissue are skipped: those on their two sides are neighbours.

    Parameters
    ----------
    threshold : float
        A pixel is cell where its probability is above this.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm; those of the learned volume where nobody knows.
    """

    threshold: float = 0.5
    voxel_size_nm: VoxelSize | None = None
    count: int = 0
    _recent: list[SliceView] = field(default_factory=list)
    _first: list[int] = field(default_factory=list)
    _areas: list[Values] = field(default_factory=list)
    _parts: dict[str, list[Edges]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def add(self, fragments: LabelImage, probability: Float32Array) -> int:
        """Take the next slice: fragments 1, 2, ... and probability, (Y, X).

        Returns
        -------
        int
            What to add to a fragment's number in the slice to have its number from 1 in the volume.
        """
        before = self.count
        self._first.append(before)
        scale = learned_scale(self.voxel_size_nm)
        view = SliceView(fragments, probability, self.threshold, before, scale)
        if view.count:
            self.count += view.count
            self._areas.append(view.area)
            self._connect(view)
        return before

    def finish(self) -> FragmentGraph:
        """The graph, when the last slice has come."""
        if self._recent:
            self._add_borders(self._recent, len(self._recent) - 1)
            self._recent = []
        return FragmentGraph(
            self.count,
            np.array(self._first, np.int64),
            np.concatenate([np.zeros(0), *self._areas]),
            {kind: Edges.joined(self._parts[kind], FEATURES[kind]) for kind in KINDS},
            section_thickness_nm(self.voxel_size_nm),
        )

    def _connect(self, view: SliceView) -> None:
        self._recent = [*self._recent[-2:], view]
        last = len(self._recent) - 1
        if last >= 1:
            self._add_borders(self._recent, last - 1)
            self._parts[NEXT].append(overlaps(self._recent[-2], view))
        if last == 2:
            self._parts[ACROSS].append(overlaps(self._recent[0], view, self._recent[1]))

    def _add_borders(self, views: list[SliceView], at: int) -> None:
        below, above = views[max(at - 1, 0)], views[min(at + 1, len(views) - 1)]
        self._parts[BORDER].append(borders(views[at], below, above))
