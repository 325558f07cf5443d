"""Whether a prediction looks like tissue, and if not, what it probably comes from."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from napari_emseg.core.known_area import known_area
from napari_emseg.types import Float32Array

_ALL = 0.985
"""From this share of one class on there is nothing to see; tissue has 10 to 35 % of membrane."""

_ONE_CELL = 0.6
"""A cell over a larger share of the known area is many cells that run into one another."""

_SURE, _UNSURE = 0.1, 0.44
"""Further from 0 and 1 a pixel is unsure; so many of them are too many.

With the model that ships 24 to 39 % are, on ISBI, VNC, EPFL and SNEMI3D; of slices that are
inverted, or have pixels of a quarter or four times the size, 41 to 57 %, of a few less.
"""

_LEAST_PX = 10_000
"""Slices, or known areas, with fewer pixels may well lie within one cell."""


def is_of_nothing(probability: Float32Array) -> bool:
    """Whether a slice is a missing section: a network is never so sure of all its pixels."""
    return not probability.any()


def doubt_about(image: npt.NDArray[Any], probability: Float32Array, threshold: float) -> str:
    """What is odd about the prediction of a slice, and what it probably comes from.

    Parameters
    ----------
    image : (Y, X) array
        Grey values.
    probability : (Y, X) float32 array
        Of cell, 0..1.
    threshold : float
        A pixel is cell above it.

    Returns
    -------
    str
        One line with the way out; empty where nothing is odd, or the slice is too small to tell.
    """
    known = known_area(image)
    inside = np.ones(image.shape, np.bool_) if known is None else known
    if inside.sum() < _LEAST_PX:
        return ""
    cell = (probability > threshold) & inside
    share = float(cell.sum() / inside.sum())
    if share > _ALL:
        return (
            f"{share:.0%} of the slice is predicted as cell, next to nothing as membrane: is it an "
            "image of tissue, with the pixel size that is recorded, and membranes darker than "
            "cells? Otherwise give the pixel size, or invert."
        )
    if share < 1 - _ALL:
        return (
            f"{1 - share:.0%} of the slice is predicted as membrane: are membranes brighter than "
            "cells there (then invert), or is the pixel size another one than is recorded?"
        )
    grey = image.astype(np.float32, copy=False)
    if grey[inside & ~cell].mean() > grey[cell].mean():
        return (
            "What is predicted as membrane is brighter than what is predicted as cell: the image "
            "is probably inverted (then invert), or too unlike what the model has learned."
        )
    largest = _largest_share(cell, inside)
    if largest > _ONE_CELL:
        return (
            f"One cell covers {largest:.0%} of the slice: membranes have gaps. Raise the "
            "threshold, check the pixel size, or retrain on a slice of this tissue."
        )
    unsure = float(
        ((probability > _SURE) & (probability < 1 - _SURE) & inside).sum() / inside.sum()
    )
    if unsure > _UNSURE:
        return (
            f"The model is unsure of {unsure:.0%} of the slice: the tissue is unlike what it has "
            "learned, or has another pixel size than is recorded. Check it, or retrain on a slice."
        )
    return ""


def _largest_share(cell: npt.NDArray[np.bool_], inside: npt.NDArray[np.bool_]) -> float:
    count, _, about, _ = cv2.connectedComponentsWithStats(cell.astype(np.uint8), connectivity=4)
    return float(about[1:, cv2.CC_STAT_AREA].max() / inside.sum()) if count > 1 else 0.0
