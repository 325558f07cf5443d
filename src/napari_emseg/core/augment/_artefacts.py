"""What goes wrong with sections on their way into the microscope.

References
----------
Funke et al.: Large Scale Image Segmentation with Structured Loss Based Deep Learning for
Connectome Reconstruction. TPAMI 2019. https://doi.org/10.1109/TPAMI.2018.2835450
"""

from __future__ import annotations

import cv2
import numpy as np

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.types import Float32Array

_DOUBLED_BLUR_PX = 1.5

_FOLD_BEND = 0.3
"""Sagitta of a fold over the patch's edge, standard deviation."""

_MOST_BLANKS = 3


def doubled(image: Float32Array, rng: np.random.Generator, config: AugmentConfig) -> Float32Array:
    """Two sections lie on top of each other, and the beam passes both.

    What lies on top is not known where there is one slice. The slice itself, shifted, takes its
    place: a section 50 nm further shows the same cells, a little displaced. Its share stays below
    one half, so that it can be told which of the two the mask belongs to.
    """
    share = np.float32(rng.uniform(config.doubled_share / 2, config.doubled_share))
    dx, dy = rng.uniform(-config.doubled_shift_px, config.doubled_shift_px, 2)
    move = np.array([[1, 0, dx], [0, 1, dy]])
    # blurred, since noise over its own shifted copy would show as stripes
    other = cv2.GaussianBlur(image, (0, 0), _DOUBLED_BLUR_PX)
    other = cv2.warpAffine(other, move, image.shape[::-1], borderMode=cv2.BORDER_REFLECT_101)
    doubled: Float32Array = (1 - share) * image + share * other
    return doubled


def fold(image: Float32Array, rng: np.random.Generator, config: AugmentConfig) -> Float32Array:
    """A crease in which the section lies threefold: dark, low in contrast, slightly bent.

    It covers what lies under it and displaces nothing, so the mask stays.
    """
    depth = np.float32(rng.uniform(config.fold_depth / 2, config.fold_depth))
    width = rng.uniform(config.fold_width_px / 2, config.fold_width_px)
    # 1 within the crease; it falls off over a quarter of the width at each side
    distance = np.abs(_distance_to_bent_line(image.shape, rng))
    covered = np.clip((width / 2 - distance) / (width / 4), 0, 1).astype(np.float32)
    return image * (1 - covered / 2) - depth * covered


def _distance_to_bent_line(shape: tuple[int, ...], rng: np.random.Generator) -> Float32Array:
    """Distance (Y, X) in px to a parabola through the patch, about."""
    angle = rng.uniform(0, np.pi)
    through = rng.uniform(0, np.array(shape) - 1)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32) - through[:, None, None]
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    distance: Float32Array = across - rng.normal(0, _FOLD_BEND) * along**2 / max(shape)
    return distance


def missing(image: Float32Array, rng: np.random.Generator, config: AugmentConfig) -> Float32Array:  # noqa: ARG001
    """The section was lost: an even grey, or noise, each in half of the cases."""
    grain = rng.standard_normal(image.shape, dtype=np.float32)
    level, strength = rng.uniform(-2, 2), rng.integers(2)
    return np.float32(level) + np.float32(strength) * grain


def blank_areas(
    shape: tuple[int, ...], rng: np.random.Generator, config: AugmentConfig
) -> Float32Array:
    """Charged, torn or cut away: up to three rectangles or ellipses of an even grey.

    Returns
    -------
    (Y, X) float32 array
        The grey values of these areas, NaN everywhere else.
    """
    blank = np.full(shape, np.nan, np.float32)
    for _ in range(rng.integers(1, _MOST_BLANKS, endpoint=True)):
        size = rng.uniform(0.2, 1, 2) * config.gap_edge * np.array(shape)
        half = np.maximum(size / 2, 1).astype(int)
        (y, x), (dy, dx) = rng.integers(0, shape), half
        level = float(rng.uniform(-2, 2))
        if rng.random() < 0.5:
            blank[max(0, y - dy) : y + dy, max(0, x - dx) : x + dx] = level
        else:
            at, axes = (int(x), int(y)), (int(dx), int(dy))
            cv2.ellipse(blank, at, axes, float(rng.uniform(0, 180)), 0, 360, level, cv2.FILLED)
    return blank
