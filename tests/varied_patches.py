"""Patches for the tests of the augmentation."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_emseg.core.augment.augment import augment
from napari_emseg.core.config.augmentation import AugmentConfig

TRANSFORMS = [
    each.name.removesuffix("_probability")
    for each in AugmentConfig.settings()
    if each.name.endswith("_probability")
]


def only(*names, **changes):
    """A config in which these transforms always happen and no other does."""
    streams = {f"{each}_probability": float(each in names) for each in TRANSFORMS}
    return AugmentConfig(**streams, **changes)


STILL = only()
"""No variation at all: a crop."""


def blobs(shape=(150, 120), smooth=6.0):
    """A binary pattern (Y, X) as uint8, with smooth borders between its halves."""
    noise = np.random.default_rng(3).standard_normal(shape)
    return (ndimage.gaussian_filter(noise, smooth, mode="reflect") > 0).astype(np.uint8)


STYLES = [np.linspace(-1, 3, 64, dtype=np.float32) ** 3]
"""Grey values of another source: skewed, and farther apart."""


def patch_of(seed, config, *, size=64, mask=None, image=None, styles=STYLES):
    """Image, mask and weight (1 or more) of the patch that this seed gives."""
    mask = blobs() if mask is None else mask
    image = mask.astype(np.float32) if image is None else image
    weight = mask.astype(np.float32) * 3 + 1
    rng = np.random.default_rng(seed)
    return augment(image, mask, weight, rng, config, size=size, styles=styles)
