"""How the tissue was stained: how cells and membranes look, which needs to be told where they are.

Each function takes a section, where its membranes and cells are, a random stream and the settings.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from napari_emseg.core.augment._fields import smooth_field
from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.types import Float32Array

_MEMBRANE_BLUR_PX = 1.0
_RIM_PX = 3
"""A cell's rim, in which nothing changes: it keeps the membrane's flanks."""
_RIM_BLUR_PX = 1.5
_ORGANELLE_BLUR_PX = 2.5
_SURROUNDINGS_PX = 16.0
"""Sigma within which a cell's own grey value is taken; mitochondria are some 50 px across."""


class Tissue(NamedTuple):
    """What is known of a patch.

    Parameters
    ----------
    membrane, cell : (Y, X) bool array
        Where it is known that there is membrane, and that there is cell.
    """

    membrane: npt.NDArray[np.bool_]
    cell: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, classes: npt.NDArray[np.uint8], weights: Float32Array) -> Tissue:
        """That of a patch's classes (0 membrane, all others cell) where their weight is not 0."""
        known = weights > 0
        return cls(known & (classes == 0), known & (classes > 0))


def organelles(
    image: Float32Array, tissue: Tissue, rng: np.random.Generator, config: AugmentConfig
) -> Float32Array:
    """Cytoplasm and the structures within it, brighter or darker.

    What is darker than its surroundings in the cell is flattened, reversed or darkened more, and
    likewise what is brighter: texture stays, as only the smoothed difference is changed.
    """
    rim = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _RIM_PX + 1, 2 * _RIM_PX + 1))
    inner = cv2.erode(tissue.cell.astype(np.float32), rim)
    inside = cv2.GaussianBlur(inner, (0, 0), _RIM_BLUR_PX)
    differs = _smoothed(image, inner, _ORGANELLE_BLUR_PX) - _smoothed(
        image, inner, _SURROUNDINGS_PX
    )
    darker, brighter = rng.uniform(-config.organelle / 2, config.organelle, 2)
    change = darker * np.minimum(differs, 0) + brighter * np.maximum(differs, 0)
    shade = config.organelle_shade * rng.random() * smooth_field(image.shape, rng)
    changed: Float32Array = image + inside * (shade - 2 * change)
    return changed


def _smoothed(image: Float32Array, within: Float32Array, sigma: float) -> Float32Array:
    """Gaussian mean over the pixels ``within``, 0 far from all of them."""
    step = 4 if sigma > 8 and min(image.shape) >= 16 else 1
    shape = tuple(max(1, n // step) for n in image.shape)
    parts = [
        cv2.GaussianBlur(
            cv2.resize(each, shape[::-1], interpolation=cv2.INTER_AREA), (0, 0), sigma / step
        )
        for each in (image * within, within)
    ]
    mean = parts[0] / np.maximum(parts[1], np.float32(1e-3))
    smooth: Float32Array = cv2.resize(mean, image.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return smooth


def membrane(
    image: Float32Array, tissue: Tissue, rng: np.random.Generator, config: AugmentConfig
) -> Float32Array:
    """Membranes that took more stain, or less."""
    amount = np.float32(rng.uniform(-config.membrane_shade, config.membrane_shade))
    along = cv2.GaussianBlur(tissue.membrane.astype(np.float32), (0, 0), _MEMBRANE_BLUR_PX)
    shaded: Float32Array = image - amount * along
    return shaded
