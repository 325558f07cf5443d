"""Grey values to the range that the network learned on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ShapeError
from napari_emseg.types import Float32Array

EPSILON = 1e-6
"""Added to the standard deviation, so that a blank slice becomes zeros."""

_ROWS = 128


@dataclass(frozen=True)
class GreyValues:
    """Mean and standard deviation of a slice, its pixels that are not finite left out."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, image: npt.NDArray[Any]) -> GreyValues:
        """Those of a slice (Y, X); some rows at a time, so that a large one takes no memory.

        Raises
        ------
        ShapeError
            If ``image`` has not two axes, or no pixels.
        """
        if image.ndim != 2 or image.size == 0:
            raise ShapeError(f"image: expected a slice (Y, X) with pixels, received {image.shape}")
        if image.dtype == np.uint8:  # the sums of such small whole numbers are exact
            count, total = image.size, round(cv2.sumElems(image)[0])
            squares = round(cv2.norm(image, cv2.NORM_L2SQR))
            return cls(total / count, math.sqrt(count * squares - total**2) / count)
        sums = [(values.size, values.sum(dtype=np.float64)) for values in _finite(image)]
        count, total = (sum(each) for each in zip(*sums, strict=True))
        mean = total / max(1, count)
        apart = ((values - mean).ravel() for values in _finite(image))
        # not by the product of matrices: its threads linger, and OpenVINO's wait for the cores
        squares = sum(np.einsum("i,i", each, each) for each in apart)
        return cls(float(mean), float(np.sqrt(squares / image.size)))

    def normalise(
        self, pixels: npt.NDArray[Any], result: Float32Array | None = None
    ) -> Float32Array:
        """Shift and scale pixels (Y, X) of the slice; those not finite become 0, the mean."""
        result = np.empty(pixels.shape, np.float32) if result is None else result
        # in single precision where that holds the grey values, but for what it lacks of the mean
        number = np.result_type(pixels.dtype, np.float32).type
        near, scale = number(self.mean), 1 / (self.deviation + EPSILON)
        rest = number((self.mean - float(near)) * scale)
        for rows, out in zip(_blocks(pixels), _blocks(result), strict=True):
            out[:] = (rows - near) * number(scale) - rest
        if not _is_finite(pixels.dtype):
            result[~np.isfinite(result)] = 0
        return result


def normalise(image: npt.NDArray[Any]) -> Float32Array:
    """Shift and scale one slice to mean 0 and standard deviation 1.

    Tiles are normalised by the mean and deviation of their whole slice (`GreyValues`), so that
    neighbouring tiles agree. It is the ``zero_mean_unit_variance`` of the bioimage.io
    specification.

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
    return GreyValues.of(image).normalise(image)


def _finite(image: npt.NDArray[Any]) -> Iterator[Float32Array]:
    """The finite grey values of an image (Y, X), some rows at a time."""
    for rows in _blocks(image):
        values = np.asarray(rows, np.float32)
        yield values if _is_finite(rows.dtype) else values[np.isfinite(values)]


def _is_finite(dtype: np.dtype[Any]) -> bool:
    """Whether all its numbers are."""
    return not np.issubdtype(dtype, np.floating)


def _blocks(image: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """Some rows at a time of an image (Y, X)."""
    return (image[y : y + _ROWS] for y in range(0, len(image), _ROWS))
