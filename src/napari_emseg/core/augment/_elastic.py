"""Fields of displacements that bend a patch."""

from __future__ import annotations

import cv2
import numpy as np

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.types import Float32Array


def smoothed_noise(size: int, rng: np.random.Generator, config: AugmentConfig) -> Float32Array:
    """Displacements (2, size, size) in px: uniform noise, smoothed by sigma, times alpha.

    Their standard deviation is alpha / (sqrt(12 pi) sigma), the same all over the patch. One draw
    decides both: the strongest field is the smoothest. So alpha 100 to 300 with sigma 10 to 15 px
    moves pixels by 1.6 to 3.3 px; 300 with 10 px would move them by 5 px and tear the texture.

    References
    ----------
    Simard, Steinkraus, Platt: Best practices for convolutional neural networks applied to
    visual document analysis. ICDAR 2003. https://doi.org/10.1109/ICDAR.2003.1227801
    """
    strength = rng.random()
    alpha = np.interp(strength, (0, 1), (config.elastic_alpha_min, config.elastic_alpha_max))
    sigma = float(np.interp(strength, (0, 1), (config.elastic_sigma_min, config.elastic_sigma_max)))
    margin = int(np.ceil(3 * sigma))  # mirroring at the border would strengthen the field there
    noise = rng.random((2, size + 2 * margin, size + 2 * margin), dtype=np.float32) * 2 - 1
    smooth = np.stack([cv2.GaussianBlur(each, (0, 0), sigma) for each in noise])
    inner: Float32Array = smooth[:, margin:-margin, margin:-margin].astype(np.float32)
    return inner * np.float32(alpha)


def coarse_grid(size: int, rng: np.random.Generator, config: AugmentConfig) -> Float32Array:
    """Displacements (2, size, size) in px: normal on a coarse grid, bicubic in between.

    The outermost points of the grid lie on the patch's edges. The paper's 10 px belong to its large
    tiles; on a small patch they would tear the texture, so an eighth of the points' distance is
    the most.

    References
    ----------
    Ronneberger, Fischer, Brox: U-Net. MICCAI 2015. https://doi.org/10.1007/978-3-319-24574-4_28
    """
    shape = (2, config.grid_points, config.grid_points)
    deviation = min(config.grid_px, size / (config.grid_points - 1) / 8)
    grid = rng.normal(0, deviation, shape).astype(np.float32)
    between = _cubic_weights(config.grid_points, size)
    field: Float32Array = (between @ grid @ between.T).astype(np.float32)
    return field


def _cubic_weights(points: int, size: int) -> Float32Array:
    """Weights (size, points) of the grid's points in every pixel along one axis."""
    # cv2 centres the first point in the first of `points` equal parts: cut off half a part each
    whole = round(size * points / (points - 1))
    start = (whole - size) // 2
    each_point = np.eye(points, dtype=np.float32)
    every: Float32Array = cv2.resize(each_point, (points, whole), interpolation=cv2.INTER_CUBIC)
    return every[start : start + size]
