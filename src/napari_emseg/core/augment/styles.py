"""Grey values as other sources have them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.types import Float32Array

_LEVELS = np.linspace(0, 1, 64)
_EVERY = 2
"""Every second pixel along each axis tells the grey values of a patch well enough."""


def grey_quantiles(image: Float32Array) -> Float32Array:
    """The style of a picture: 64 quantiles of its grey values, from the lowest to the highest.

    Parameters
    ----------
    image : (Y, X) float32 array
        A normalised slice or a part of it.

    Returns
    -------
    (64,) float32 array, ascending
    """
    return np.quantile(image, _LEVELS).astype(np.float32)


def histogram(
    image: Float32Array,
    styles: Sequence[Float32Array],
    rng: np.random.Generator,
    config: AugmentConfig,
) -> Float32Array:
    """Grey values mapped to those of one of ``styles``; the same where there is none.

    The map keeps the order of grey values: quantile by quantile, linear in between.
    """
    if not styles:
        return image
    other = styles[int(rng.integers(len(styles)))]
    share = np.float32(config.histogram * rng.uniform(0.5, 1))
    own = grey_quantiles(image[::_EVERY, ::_EVERY])
    mapped = np.interp(image, own, other).astype(np.float32)
    return image + share * (mapped - image)
