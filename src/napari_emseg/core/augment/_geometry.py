"""Where the pixels of a patch come from: all that moves pixels, composed into one resampling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
import numpy.typing as npt

from napari_emseg.core.augment import _elastic
from napari_emseg.core.augment._random_streams import RandomStreams
from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.types import Float32Array

_Float64Array = npt.NDArray[np.float64]
_Draw = Callable[[np.random.Generator, AugmentConfig], _Float64Array]

_INTERPOLATION = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}
_NEIGHBOURS = 2
"""Pixels on each side that a cubic interpolation looks at."""

_MOST_UNFILTERED = 1.3
"""Pixels of the slice for one of the patch, along an axis, that need no blur before."""


@dataclass(frozen=True, eq=False)
class Sampling:
    """The one resampling of a patch.

    Parameters
    ----------
    window : tuple of slice
        The part (Y, X) of the slice that the patch is made from; OpenCV takes no array that is
        larger than 32,766 px.
    at : (2, size, size) float32 array
        Where in that part each pixel of the patch lies, x then y, in px.
    interpolation : {"linear", "cubic"}
        How to resample an image.
    blur_px : float
        Sigma of the blur before, so that an image that gets smaller does not alias; 0 for none.
    """

    window: tuple[slice, slice]
    at: Float32Array
    interpolation: str
    blur_px: float

    @classmethod
    def draw(
        cls, shape: tuple[int, ...], size: int, rng: np.random.Generator, config: AugmentConfig
    ) -> Self:
        """Draw a patch of ``size`` px out of a slice of ``shape`` (Y, X)."""
        streams = RandomStreams(rng, config)
        matrix = _draw_matrix(streams, config)
        blur_px = _blur_before(matrix)
        at = matrix @ _draw_bent(size, streams, config).reshape(2, -1)
        at = at.reshape(2, size, size) + _draw_centre(shape, size, streams, config)
        (x, column), (y, row) = (
            _mirror(each, n, _NEIGHBOURS + int(np.ceil(4 * blur_px)))
            for each, n in zip(at, reversed(shape), strict=True)
        )
        return cls((row, column), np.stack([x, y]), config.interpolation, blur_px)

    def interpolate(self, image: Float32Array) -> Float32Array:
        """The patch (size, size) of an image (Y, X)."""
        seen = image[self.window]
        if self.blur_px:
            seen = cv2.GaussianBlur(seen, (0, 0), self.blur_px)
        return self._remap(seen, _INTERPOLATION[self.interpolation])

    def nearest(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The patch (size, size) of an array (Y, X) between whose values there is nothing."""
        return self._remap(values[self.window], cv2.INTER_NEAREST)

    def _remap(self, seen: npt.NDArray[Any], how: int) -> npt.NDArray[Any]:
        # all positions lie inside, so this border is only that of cubic interpolation's neighbours;
        # OpenCV's mirrored one never ends on an axis of a single pixel
        patch: npt.NDArray[Any] = cv2.remap(
            seen, self.at[0], self.at[1], how, borderMode=cv2.BORDER_REPLICATE
        )
        return patch


def _blur_before(matrix: _Float64Array) -> float:
    """Sigma in px of the blur before a resampling by ``matrix``, as `skimage.transform.resize`."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix))))
    return (scale - 1) / 2 if scale > _MOST_UNFILTERED else 0.0


def _mirror(at: _Float64Array, n: int, around: int) -> tuple[Float32Array, slice]:
    """Positions along an axis of ``n`` px, mirrored at its ends, and the part that they lie in.

    The part has ``around`` px more at each side, where the axis goes on.
    """
    if n > 1:
        at = np.mod(at, 2 * (n - 1))
        at = np.minimum(at, 2 * (n - 1) - at)
    else:
        at = np.zeros_like(at)
    start = max(0, int(at.min()) - around)
    stop = min(n, int(at.max()) + around + 2)
    return (at - start).astype(np.float32), slice(start, stop)


def _draw_bent(size: int, streams: RandomStreams, config: AugmentConfig) -> _Float64Array:
    """Positions (2, size, size) around the patch's centre, x then y, bent by the elastic fields."""
    axis = np.arange(size) - (size - 1) / 2
    at = np.stack(np.meshgrid(axis, axis))
    for name, draw in _FIELDS.items():
        if stream := streams.take(name):
            at += draw(size, stream, config)
    return at


_FIELDS = {"elastic": _elastic.smoothed_noise, "grid": _elastic.coarse_grid}


def _draw_matrix(streams: RandomStreams, config: AugmentConfig) -> _Float64Array:
    """All linear transforms as one matrix (2, 2) over (x, y)."""
    matrix = np.diag([-1.0 if streams.take("flip", axis) else 1.0 for axis in range(2)])
    for name, draw in _MATRICES.items():
        if stream := streams.take(name):
            matrix = matrix @ draw(stream, config)
    return matrix


def _draw_quarter_turn(rng: np.random.Generator, config: AugmentConfig) -> _Float64Array:  # noqa: ARG001
    # in whole numbers, so that the pixels stay on their grid
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    several: _Float64Array = np.linalg.matrix_power(turn, int(rng.integers(1, 4)))
    return several


def _draw_rotation(rng: np.random.Generator, config: AugmentConfig) -> _Float64Array:
    angle = np.deg2rad(rng.uniform(-config.rotation_deg, config.rotation_deg))
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _draw_zoom(rng: np.random.Generator, config: AugmentConfig) -> _Float64Array:
    most = np.log(1 + config.zoom)
    return np.eye(2) * float(np.exp(rng.uniform(-most, most)))


def _draw_shear(rng: np.random.Generator, config: AugmentConfig) -> _Float64Array:
    shear = np.tan(np.deg2rad(rng.uniform(-config.shear_deg, config.shear_deg)))
    return np.array([[1, shear], [0, 1]])


_MATRICES: dict[str, _Draw] = {
    "quarter_turn": _draw_quarter_turn,
    "rotation": _draw_rotation,
    "zoom": _draw_zoom,
    "shear": _draw_shear,
}


def _draw_centre(
    shape: tuple[int, ...], size: int, streams: RandomStreams, config: AugmentConfig
) -> _Float64Array:
    """Where the patch's centre lies, (2, 1, 1) over (x, y).

    A patch that is neither turned nor bent lies inside the slice where it fits, else around the
    slice's middle, and in both cases on whole pixels; a shift moves it from there.
    """
    crop = streams.stream("crop")
    spare = [n - size for n in reversed(shape)]
    centre = np.array([
        (crop.integers(0, free, endpoint=True) if free >= 0 else free // 2) + (size - 1) / 2
        for free in spare
    ])  # fmt: skip
    if stream := streams.take("shift"):
        centre += stream.uniform(-config.shift_px, config.shift_px, 2)
    return centre[:, np.newaxis, np.newaxis]
