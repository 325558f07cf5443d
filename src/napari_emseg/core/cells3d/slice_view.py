"""A slice with its fragments, and what is measured of each of them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.fragments import depth_in_cells
from napari_emseg.core.label_images import LabelImage
from napari_emseg.types import Float32Array

Ids = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

_SIGMA_PX = 1.5


class SliceView:
    """A slice with its fragments, and what is measured of each of them.

    Parameters
    ----------
    fragments : (Y, X) int32 array
        1, 2, ... without gaps; 0 outside of tissue.
    probability : (Y, X) float32 array
        Probability of cell, 0..1.
    threshold : float
        A pixel is cell where its probability is above this.
    before : int
        How many fragments the slices before have: those of this one follow.
    scale : float
        Edge of a pixel, in those of the learned size.
    """

    def __init__(
        self,
        fragments: LabelImage,
        probability: Float32Array,
        threshold: float,
        before: int,
        scale: float,
    ) -> None:
        self.fragments, self.probability = fragments, probability
        self.before, self.scale = before, scale
        self.count = int(fragments.max(initial=0))
        self.smooth: Float32Array = cv2.GaussianBlur(probability, (0, 0), _SIGMA_PX)
        self.core = probability > threshold
        self.depth = depth_in_cells(probability, threshold) * np.float32(scale)

    def ids(self, local: npt.NDArray[Any]) -> Ids:
        """Numbers in the volume, from 0, of fragments 1, 2, ... of this slice."""
        return local.astype(np.int64) + (self.before - 1)

    @cached_property
    def area(self) -> Values:
        """Of each fragment, in px of the learned size."""
        return self._pixels[1:] * self.scale**2

    @cached_property
    def core_area(self) -> Values:
        """Likewise, of what of it is in the mask."""
        return self._sums(self.core)[1:] * self.scale**2

    @cached_property
    def mean(self) -> Values:
        """Mean probability of each."""
        return self._means(self.probability)

    @cached_property
    def deepest(self) -> Values:
        """How far each reaches away from membranes."""
        deepest = np.zeros(self.count + 1, np.float32)
        np.maximum.at(deepest, self.fragments.ravel(), self.depth.ravel())
        return deepest[1:].astype(np.float64)

    @cached_property
    def centre(self) -> tuple[Values, Values]:
        """Row and column of the centroid of each."""
        height, width = self.fragments.shape
        rows = np.repeat(np.arange(height, dtype=np.float32), width)
        columns = np.tile(np.arange(width, dtype=np.float32), height)
        return self._means(rows) * self.scale, self._means(columns) * self.scale

    @cached_property
    def _pixels(self) -> Values:
        return self._sums()

    def _sums(self, weights: npt.NDArray[Any] | None = None) -> Values:
        flat = None if weights is None else weights.ravel()
        sums = np.bincount(self.fragments.ravel(), flat, minlength=self.count + 1)
        return sums.astype(np.float64)

    def _means(self, values: npt.NDArray[Any]) -> Values:
        return self._sums(values)[1:] / np.maximum(self._pixels[1:], 1)
