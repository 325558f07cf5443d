"""One function that varies a training patch; the preview and the trainer both call it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from napari_emseg.core.config import AugmentConfig
from napari_emseg.errors import ShapeError
from napari_emseg.types import Float32Array

_Patch = tuple[Float32Array, npt.NDArray[np.uint8], Float32Array]


def augment(
    image: Float32Array,
    mask: npt.NDArray[np.uint8],
    weight: Float32Array,
    rng: np.random.Generator,
    config: AugmentConfig,
    *,
    size: int,
) -> _Patch:
    """Cut one varied patch out of a slice; image, mask and weight move together.

    Crop, rotation, zoom, shear, flips and elastic deformation are composed into a single
    resampling: linear for the image, nearest for mask and weight, mirrored at the border.
    Brightness, contrast and Gaussian noise act on the image alone.

    Parameters
    ----------
    image : (Y, X) or (C, Y, X) float32 array
        A normalised slice, or one in the middle of its neighbours, which move with it.
    mask : (Y, X) uint8 array
        Its classes; no other values come out than went in.
    weight : (Y, X) float32 array
        Its weights.
    rng : numpy.random.Generator
        Source of all draws; the same state gives the same patch.
    config : AugmentConfig
        Strength of each variation.
    size : int
        Edge of the patch in px.

    Returns
    -------
    tuple of (size, size) arrays
        Image (float32; (C, size, size) where there are several slices), mask (uint8) and weight
        (float32) of the patch.

    Raises
    ------
    ShapeError
        If the three arrays differ in shape.
    """
    if not image.shape[-2:] == mask.shape == weight.shape:
        raise ShapeError(
            f"image, mask, weight: expected one shape, received {image.shape}, {mask.shape}, "
            f"{weight.shape}"
        )
    at = _draw_coordinates(mask.shape, size, rng, config)
    channels = image.reshape(-1, *mask.shape)
    patch = np.stack([_resample(each, at, cv2.INTER_LINEAR) for each in channels])
    patch = patch.reshape(*image.shape[:-2], size, size)
    return (
        _vary_grey_values(patch, rng, config),
        _resample(mask, at, cv2.INTER_NEAREST),
        _resample(weight, at, cv2.INTER_NEAREST),
    )


def _resample(array: npt.NDArray[Any], at: npt.NDArray[np.float32], how: int) -> npt.NDArray[Any]:
    resampled: npt.NDArray[Any] = cv2.remap(
        array, at[0], at[1], how, borderMode=cv2.BORDER_REFLECT_101
    )
    return resampled


def _draw_coordinates(
    shape: tuple[int, ...], size: int, rng: np.random.Generator, config: AugmentConfig
) -> npt.NDArray[np.float32]:
    """Where each pixel of the patch comes from: (2, size, size) float32, x then y."""
    half = (size - 1) / 2
    axis = np.arange(size, dtype=np.float32) - half
    x, y = np.meshgrid(axis, axis)
    around_centre = np.stack([x, y])
    if rng.random() < config.elastic_probability:
        around_centre += _draw_elastic(size, rng, config)
    matrix = _draw_matrix(rng, config).astype(np.float32)
    moved = np.tensordot(matrix, around_centre, axes=1)
    return moved + _draw_centre(shape, half, rng)[:, None, None]


def _draw_centre(
    shape: tuple[int, ...], half: float, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Centre (x, y) of a crop that lies in the slice, or around it where it is too small.

    On the grid of pixels, so that a patch that is neither turned nor bent is an exact crop.
    """
    room = [n - 1 - int(2 * half) for n in reversed(shape)]
    starts = [rng.integers(0, free, endpoint=True) if free >= 0 else free // 2 for free in room]
    return np.array(starts, np.float32) + np.float32(half)


def _draw_matrix(rng: np.random.Generator, config: AugmentConfig) -> npt.NDArray[np.float64]:
    """Rotation, zoom, shear and flips as one matrix (2, 2) over (x, y)."""
    angle = np.deg2rad(rng.uniform(-config.rotation_deg, config.rotation_deg))
    shear = np.tan(np.deg2rad(rng.uniform(-config.shear_deg, config.shear_deg)))
    zoom = 1 + rng.uniform(-config.zoom, config.zoom)
    signs = rng.choice([-1.0, 1.0], size=2) if config.flip else np.ones(2)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix: npt.NDArray[np.float64] = (
        rotation @ np.array([[1, shear], [0, 1]]) @ np.diag(signs) / zoom
    )
    return matrix


def _draw_elastic(
    size: int, rng: np.random.Generator, config: AugmentConfig
) -> npt.NDArray[np.float32]:
    """Displacements (2, size, size) in px: uniform noise, smoothed by sigma, times alpha.

    References
    ----------
    Simard, Steinkraus, Platt: Best practices for convolutional neural networks applied to
    visual document analysis. ICDAR 2003. https://doi.org/10.1109/ICDAR.2003.1227801
    """
    alpha = rng.uniform(config.elastic_alpha_min, config.elastic_alpha_max)
    sigma = rng.uniform(config.elastic_sigma_min, config.elastic_sigma_max)
    noise = rng.uniform(-1, 1, (2, size, size)).astype(np.float32)
    return np.stack([alpha * cv2.GaussianBlur(each, (0, 0), sigma) for each in noise])


def _vary_grey_values(
    image: Float32Array, rng: np.random.Generator, config: AugmentConfig
) -> Float32Array:
    contrast = 1 + rng.uniform(-config.contrast, config.contrast)
    brightness = rng.uniform(-config.brightness, config.brightness)
    noise = rng.uniform(0, config.noise) * rng.standard_normal(image.shape, dtype=np.float32)
    return (image * np.float32(contrast) + np.float32(brightness) + noise).astype(np.float32)
