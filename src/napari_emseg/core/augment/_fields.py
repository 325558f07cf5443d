"""Smooth random fields over a patch, and what keeps a changed patch comparable."""

from __future__ import annotations

import cv2
import numpy as np

from napari_emseg.types import Float32Array


def smooth_field(shape: tuple[int, ...], rng: np.random.Generator) -> Float32Array:
    """Low-frequency field (Y, X), within about -1 to 1: 2 to 4 points a side, cubic in between."""
    points = int(rng.integers(2, 5))
    grid = rng.uniform(-1, 1, (points, points)).astype(np.float32)
    field: Float32Array = cv2.resize(grid, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return field


def with_moments_of(image: Float32Array, changed: Float32Array) -> Float32Array:
    """``changed`` with mean and standard deviation of ``image``; ``image`` where it is even."""
    spread = changed.std()
    if spread == 0:
        return image
    scaled: Float32Array = (changed - changed.mean()) * (image.std() / spread) + image.mean()
    return scaled
