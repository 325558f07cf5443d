"""Grey values to the range that the network learned on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from napari_emseg.core.known_area import known_area
from napari_emseg.errors import ShapeError
from napari_emseg.types import Float32Array

EPSILON = 1e-6
"""Added to the standard deviation, so that a blank slice becomes zeros."""

_ROWS = 128


_TAILS = (1.0, 99.0)
"""Percentiles between which most grey values of tissue lie."""

_BEYOND = 0.5
"""How far beyond them grey values are believed, as a share of the range between them."""

_SAMPLE = 2**18
"""So many pixels, at least, say where the percentiles are."""


@dataclass(frozen=True)
class GreyValues:
    """Mean and standard deviation of the tissue of a slice, without what is no grey value of it.

    Parameters
    ----------
    mean, deviation : float
        Over the known pixels, those beyond ``low`` and ``high`` counted as if they were there.
    low, high : float
        Beyond these are hot and dead pixels; infinite where there are none.
    """

    mean: float
    deviation: float
    low: float = -math.inf
    high: float = math.inf

    @classmethod
    def of(cls, image: npt.NDArray[Any], known: npt.NDArray[np.bool_] | None = None) -> GreyValues:
        """Those of a slice (Y, X); some rows at a time, so that a large one takes no memory.

        Parameters
        ----------
        image : (Y, X) array
            Any integer or float dtype; pixels that are not finite are left out.
        known : (Y, X) bool array, optional
            Where tissue is (`napari_emseg.core.known_area`); everywhere by default, and where
            nothing is known.

        Raises
        ------
        ShapeError
            If ``image`` has not two axes, or no pixels.
        """
        if image.ndim != 2 or image.size == 0:
            raise ShapeError(f"image: expected a slice (Y, X) with pixels, received {image.shape}")
        if known is not None and not known.any():
            known = None
        low, high = _believed(image, known)
        return cls(*moments(image, known, low, high), low, high)

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
            out[:] = (self._clipped(rows) - near) * number(scale) - rest
        if not _is_finite(pixels.dtype):
            for rows, out in zip(_blocks(pixels), _blocks(result), strict=True):
                out[~np.isfinite(rows)] = 0
        return result

    def _clipped(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if math.isinf(self.low) and math.isinf(self.high):
            return rows
        numbers = rows.astype(np.result_type(rows.dtype, np.float32))
        return np.clip(numbers, self.low, self.high, out=numbers)


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


def normalise_tissue(image: npt.NDArray[Any]) -> Float32Array:
    """As `normalise`, by the mean and deviation of the tissue (`core.known_area`) alone.

    It is what a prediction does, and so what a network is to learn on.
    """
    return GreyValues.of(image, known_area(image)).normalise(image)


def moments(
    image: npt.NDArray[Any], known: npt.NDArray[np.bool_] | None, low: float, high: float
) -> tuple[float, float]:
    """Mean and deviation of a slice (Y, X), grey values beyond ``low`` and ``high`` cut off."""
    if image.dtype == np.uint8:
        return _moments_of_counts(_counted(image, known), low, high)
    sums = [(v.size, np.clip(v, low, high).sum(dtype=np.float64)) for v in _finite(image, known)]
    count, total = (sum(each) for each in zip(*sums, strict=True))
    mean = total / max(1, count)
    apart = ((np.clip(v, low, high) - mean).ravel() for v in _finite(image, known))
    # not by the product of matrices: its threads linger, and OpenVINO's wait for the cores
    squares = sum(np.einsum("i,i", each, each) for each in apart)
    counted = image.size if known is None else max(1, count)
    return float(mean), float(np.sqrt(squares / counted))


def sampled(
    image: npt.NDArray[Any], known: npt.NDArray[np.bool_] | None, count: int
) -> Float32Array:
    """At least so many of the known, finite grey values of a slice (Y, X), spread evenly, (N,)."""
    step = max(1, math.isqrt(image.size // count))
    sample = image[::step, ::step]
    return _real(sample if known is None else sample[known[::step, ::step]]).ravel()


def _believed(image: npt.NDArray[Any], known: npt.NDArray[np.bool_] | None) -> tuple[float, float]:
    """Between which bounds grey values are believed; infinite where none lies beyond."""
    sample = sampled(image, known, _SAMPLE)
    if not sample.size:
        return -math.inf, math.inf
    first, last = np.percentile(sample, _TAILS)
    low, high = first - _BEYOND * (last - first), last + _BEYOND * (last - first)
    ends = [(rows.min(initial=low), rows.max(initial=high)) for rows in _finite(image, known)]
    is_beyond = min(end[0] for end in ends) < low, max(end[1] for end in ends) > high
    if not last > first:
        return -math.inf, math.inf
    return float(low) if is_beyond[0] else -math.inf, float(high) if is_beyond[1] else math.inf


def _real(values: npt.NDArray[Any]) -> Float32Array:
    """As numbers, those not finite left out."""
    numbers = np.asarray(values, np.float32)
    return numbers if _is_finite(values.dtype) else numbers[np.isfinite(numbers)]


def _counted(
    image: npt.NDArray[np.uint8], known: npt.NDArray[np.bool_] | None
) -> npt.NDArray[np.int64]:
    """How many pixels have each grey value."""
    if known is not None:
        return np.bincount(image[known], minlength=256)
    counts = cv2.calcHist([image], [0], None, [256], [0, 256])
    return np.asarray(counts.ravel(), np.int64)


def _moments_of_counts(
    counts: npt.NDArray[np.int64], low: float, high: float
) -> tuple[float, float]:
    """Mean and deviation by how often each grey value is there; sums of whole numbers are exact."""
    if math.isinf(low) and math.isinf(high):
        grey = range(256)
        count = max(1, int(counts.sum()))
        total = sum(g * n for g, n in zip(grey, counts.tolist(), strict=True))
        squares = sum(g * g * n for g, n in zip(grey, counts.tolist(), strict=True))
        return total / count, math.sqrt(count * squares - total**2) / count
    values, weights = np.clip(np.arange(256.0), low, high), counts / max(1, counts.sum())
    mean = float(values @ weights)
    return mean, float(np.sqrt((values - mean) ** 2 @ weights))


def _finite(image: npt.NDArray[Any], known: npt.NDArray[np.bool_] | None) -> Iterator[Float32Array]:
    """The known, finite grey values of an image (Y, X), some rows at a time."""
    for k, rows in enumerate(_blocks(image)):
        yield _real(rows if known is None else rows[known[k * _ROWS : (k + 1) * _ROWS]])


def _is_finite(dtype: np.dtype[Any]) -> bool:
    """Whether all its numbers are."""
    return not np.issubdtype(dtype, np.floating)


def _blocks(image: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """Some rows at a time of an image (Y, X)."""
    return (image[y : y + _ROWS] for y in range(0, len(image), _ROWS))
