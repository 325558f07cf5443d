"""Grey values to the range that the network learned on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ShapeError
from napari_emseg.types import Float32Array

EPSILON = 1e-6
"""Added to the standard deviation, so that a blank slice becomes zeros."""

_ROWS = 128


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
    mean = values.mean(dtype=np.float64)
    # in float64, but some rows at a time: the whole slice would take eight bytes a pixel, twice
    squares = sum(np.square(rows - mean).sum() for rows in _blocks(values))
    deviation = np.sqrt(squares / values.size)
    result = np.empty(values.shape, np.float32)
    for rows, out in zip(_blocks(values), _blocks(result), strict=True):
        out[:] = (rows - mean) / (deviation + EPSILON)
    return result


def _blocks(image: Float32Array) -> list[Float32Array]:
    """Some rows at a time of an image (Y, X)."""
    return [image[y : y + _ROWS] for y in range(0, len(image), _ROWS)]
