"""Fragments of a slice: pieces of cells, of which cells are put together."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from bioimage_cpp.segmentation import watershed

from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.label_images import BoolImage, LabelImage, first_pixels
from napari_emseg.types import Float32Array

_BY_PROBABILITY = 0.9
"""What the probability counts in the relief that is flooded; the rest is the distance."""


def depth_in_cells(probability: Float32Array, threshold: float) -> Float32Array:
    """How far each pixel (Y, X) lies within the mask, in px; 0 where it is membrane."""
    mask = (probability > threshold).astype(np.uint8)
    depth: Float32Array = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return depth


def fragments_of_slice(
    probability: Float32Array,
    *,
    threshold: float = 0.5,
    config: CellsConfig = CellsConfig(),
    inside: BoolImage | None = None,
) -> LabelImage:
    """Cut a slice into fragments: a watershed from the places that lie deepest in cells.

    A cell with a neck becomes two fragments, and so does one that a gap in a membrane joins with
    its neighbour; that is what makes them fit to be put together again by better knowledge. They
    fill the slice: where the membrane between two of them is, they meet in its middle.

    Parameters
    ----------
    probability : (Y, X) float32 array
        Probability of cell, 0..1.
    threshold : float
        A pixel is cell where its probability is above this.
    config : CellsConfig
        ``fragment_sigma_px`` and ``smallest_fragment_px``.
    inside : (Y, X) bool array, optional
        What is tissue; all by default.

    Returns
    -------
    (Y, X) int32 array
        Fragments 1, 2, ... without gaps, in the order of their first pixels; 0 outside of tissue.

    References
    ----------
    Beier et al. 2017: Multicut brings automated neurite segmentation closer to human performance.
    Nature Methods 14, https://doi.org/10.1038/nmeth.4151
    """
    depth = depth_in_cells(probability, threshold)
    relief = _relief(probability, depth)
    fragments = watershed(relief, _deepest(depth, config.fragment_sigma_px), mask=inside)
    small = np.bincount(fragments.ravel()) < config.smallest_fragment_px
    small[0] = False
    if small.any() and not small[1:].all():
        markers = np.where(small[fragments], 0, fragments)
        fragments = watershed(relief, markers, mask=inside)
    return in_order_of_first(fragments)


def in_order_of_first(ids: LabelImage) -> LabelImage:
    """The same ids (Y, X), numbered 1, 2, ... in the order of their first pixels; 0 stays."""
    return order_of_first(ids)[ids]


def order_of_first(ids: LabelImage) -> npt.NDArray[np.int32]:
    """For each id up to the highest in (Y, X) its number in the order of their first pixels.

    From 1; 0 for 0, and for ids that have no pixel.
    """
    first = first_pixels(ids)
    missing = first == ids.size
    first[0] = -1
    number = np.empty(first.size, np.int32)
    number[np.argsort(first, kind="stable")] = np.arange(first.size)
    number[missing] = 0
    number[0] = 0
    return number


def _relief(probability: Float32Array, depth: Float32Array) -> Float32Array:
    """What is flooded (Y, X): high on membranes, lowest deep in cells."""
    deepest = max(float(depth.max(initial=0)), 1.0)
    relief = _BY_PROBABILITY * (1 - probability) - (1 - _BY_PROBABILITY) * depth / deepest
    smooth: Float32Array = cv2.GaussianBlur(relief.astype(np.float32), (0, 0), 1.0)
    return smooth


def _deepest(depth: Float32Array, sigma_px: float) -> LabelImage:
    """Number the local maxima (Y, X) of the smoothed depth; one pixel where there is none."""
    smooth = cv2.GaussianBlur(depth, (0, 0), sigma_px)
    is_top = (cv2.dilate(smooth, np.ones((3, 3), np.uint8)) == smooth) & (depth > 0)
    if not is_top.any():
        is_top[np.unravel_index(smooth.argmax(), smooth.shape)] = True
    tops: LabelImage
    _, tops = cv2.connectedComponents(is_top.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    return tops
