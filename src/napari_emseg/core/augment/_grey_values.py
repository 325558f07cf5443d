"""All that changes the grey values of a patch and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from napari_emseg.core.augment import _artefacts, _microscopes, _stains
from napari_emseg.core.augment._fields import with_moments_of
from napari_emseg.core.augment._random_streams import RandomStreams
from napari_emseg.core.augment._stains import Tissue
from napari_emseg.core.augment.styles import histogram
from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.types import Float32Array

_Stain = Callable[[Float32Array, Tissue, np.random.Generator, AugmentConfig], Float32Array]
_Vary = Callable[[Float32Array, np.random.Generator, AugmentConfig], Float32Array]


def vary(
    image: Float32Array,
    tissue: Tissue | None,
    rng: np.random.Generator,
    config: AugmentConfig,
    styles: Sequence[Float32Array],
) -> Float32Array:
    """Vary the grey values of one section.

    Parameters
    ----------
    image : (Y, X) float32 array
        Part of a normalised slice.
    tissue : Tissue or None
        What is known of it; None for a section that has no mask of its own, and is not stained.
    rng : numpy.random.Generator
        Source of all draws.
    config : AugmentConfig
        Probability and strength of each variation.
    styles : sequence of (64,) float32 arrays
        Grey values of other sources.

    Returns
    -------
    (Y, X) float32 array
    """
    streams = RandomStreams(rng, config)
    for name, stain in _STAINS.items():
        if tissue is not None and (stream := streams.take(name)):
            image = stain(image, tissue, stream, config).astype(np.float32, copy=False)
    if stream := streams.take("histogram"):
        image = histogram(image, styles, stream, config)
    for name, change in _VARIATIONS.items():
        if stream := streams.take(name):
            image = change(image, stream, config).astype(np.float32, copy=False)
    return image


def blur(image: Float32Array, rng: np.random.Generator, config: AugmentConfig) -> Float32Array:
    """Out of focus: a Gaussian of up to ``blur_px``."""
    sigma = config.blur_px * (1 - rng.random())  # never 0, which OpenCV does not take
    blurred: Float32Array = cv2.GaussianBlur(image, (0, 0), sigma)
    return blurred


def gamma(image: Float32Array, rng: np.random.Generator, config: AugmentConfig) -> Float32Array:
    """A power law between darkest and brightest pixel; mean and standard deviation stay."""
    low, span = image.min(), np.ptp(image)
    if span == 0:
        return image
    most = np.log1p(config.gamma)
    bent = ((image - low) / span) ** np.exp(rng.uniform(-most, most))
    return with_moments_of(image, bent)


def contrast(image: Float32Array, rng: np.random.Generator, config: AugmentConfig) -> Float32Array:
    """Farther from, or closer to, the slice's mean grey value, which is 0."""
    return image * np.float32(1 + rng.uniform(-config.contrast, config.contrast))


def brightness(
    image: Float32Array, rng: np.random.Generator, config: AugmentConfig
) -> Float32Array:
    """Brighter or darker all over."""
    return image + np.float32(rng.uniform(-config.brightness, config.brightness))


def noise(image: Float32Array, rng: np.random.Generator, config: AugmentConfig) -> Float32Array:
    """Gaussian noise of up to ``noise``."""
    strength = np.float32(rng.uniform(0, config.noise))
    return image + strength * rng.standard_normal(image.shape, dtype=np.float32)


# in the order in which they come about: the tissue, the section, the microscope, the camera
_STAINS: dict[str, _Stain] = {"organelle": _stains.organelles, "membrane": _stains.membrane}
_VARIATIONS: dict[str, _Vary] = {
    "thickness": _microscopes.thickness,
    "doubled": _artefacts.doubled,
    "fold": _artefacts.fold,
    "blur": blur,
    "coarse": _microscopes.coarse,
    "spectrum": _microscopes.spectrum,
    "gamma": gamma,
    "gradient": _microscopes.gradient,
    "contrast": contrast,
    "brightness": brightness,
    "stripes": _microscopes.stripes,
    "missing": _artefacts.missing,
    "grain": _microscopes.grain,
    "noise": noise,
}
