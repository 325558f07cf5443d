"""From probabilities to masks and cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from skimage.measure import label

from napari_emseg.types import Float32Array


def to_mask(probability: Float32Array, threshold: float) -> npt.NDArray[np.uint8]:
    """1 where cell, 0 where membrane.

    Parameters
    ----------
    probability : (..., Y, X) float32 array
        Probability of cell, 0..1.
    threshold : float
        A pixel is cell where its probability is above this.
    """
    return (probability > threshold).astype(np.uint8)


def to_cells(mask: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
    """Cells of a mask as instance ids.

    Parameters
    ----------
    mask : (Z, Y, X) array
        Nonzero where cell.

    Returns
    -------
    (Z, Y, X) uint32 array
        0 where membrane; the 4-connected components of each slice have ids of their own, which
        no other slice uses.
    """
    cells = np.zeros(mask.shape, np.uint32)
    last = 0
    for z, each in enumerate(mask):
        components, count = label(each != 0, connectivity=1, return_num=True)
        cells[z] = np.where(components > 0, components + last, 0)
        last += count
    return cells
