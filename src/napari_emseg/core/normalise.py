"""Grey values to the range that the network learned on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ShapeError
from napari_emseg.types import Float32Array

EPSILON = 1e-6
"""Added to the standard deviation, so that a blank slice becomes zeros."""


def normalise(image: npt.NDArray[Any]) -> Float32Array:
    """Shift and scale one slice to mean 0 and standard deviation 1.

    Always applied to a whole slice and never to a tile, so that neighbouring tiles agree. It is
    the ``zero_mean_unit_variance`` of the bioimage.io specification.

    Parameters
    ----------
    image : (Y, X) array
        Any integer or float dtype. Pixels that are not finite count as the mean of the others.

    Returns
    -------
    (Y, X) float32 array

    Raises
    ------
    ShapeError
        If ``image`` has not two axes, or no pixels.
    """
    if image.ndim != 2 or image.size == 0:
        raise ShapeError(f"image: expected a slice (Y, X) with pixels, received {image.shape}")
    values = np.asarray(image, dtype=np.float32)
    finite = np.isfinite(values)
    if not finite.all():
        values = np.where(finite, values, values[finite].mean() if finite.any() else 0)
    mean, deviation = values.mean(dtype=np.float64), values.std(dtype=np.float64)
    result: Float32Array = ((values - mean) / (deviation + EPSILON)).astype(np.float32)
    return result
