"""The part of the weight map that keeps cells apart which nearly touch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_emseg.types import Float32Array

_NEGLIGIBLE = 1e-6
"""Border weights below this part of w_0 are taken as zero, which bounds the search for cells."""


def border_weights(cells: npt.NDArray[Any], w_0: float, sigma_px: float) -> Float32Array:
    """The term w_0 exp(-(d1 + d2)^2 / (2 sigma^2)) of the U-Net's weight map.

    Parameters
    ----------
    cells : (Y, X) integer array
        Instance ids, 0 where membrane.
    w_0 : float
        Weight where two cells touch.
    sigma_px : float
        Width of the border in px.

    Returns
    -------
    (Y, X) float32 array
        0..w_0. Distances are exact Euclidean ones between pixels. Only cells farther than 5.26
        sigma are not looked for: with one of them the term is below w_0 / 10^6, and 0 here.
    """
    reach = int(np.ceil(sigma_px * np.sqrt(-2 * np.log(_NEGLIGIBLE))))
    nearest = np.full(cells.shape, np.inf, np.float32)
    second = nearest.copy()
    for window, distance in _distances(cells, reach):
        d1, d2 = nearest[window], second[window]
        np.minimum(d2, np.maximum(d1, distance), out=d2)
        np.minimum(d1, distance, out=d1)
    result: Float32Array = w_0 * np.exp(-((nearest + second) ** 2) / (2 * sigma_px**2))
    return result


def _distances(
    cells: npt.NDArray[Any], reach: int
) -> Iterator[tuple[tuple[slice, ...], Float32Array]]:
    """For each cell its surroundings up to ``reach`` px, and the distances to it in there."""
    _, position = np.unique(cells, return_inverse=True)
    compact = np.where(cells == 0, 0, position.reshape(cells.shape) + 1)
    for number, box in enumerate(ndimage.find_objects(compact), start=1):
        if box is None:  # the number that the membrane would have had
            continue
        window = tuple(
            slice(max(0, side.start - reach), min(n, side.stop + reach))
            for side, n in zip(box, cells.shape, strict=True)
        )
        outside = compact[window] != number
        yield window, ndimage.distance_transform_edt(outside).astype(np.float32)
