"""How another microscope shows the same section."""

from __future__ import annotations

import cv2
import numpy as np

from napari_emseg.core.augment._fields import smooth_field, with_moments_of
from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.types import Float32Array

_GRAIN_BLUR_PX = (0.5, 1.5)
_STRIPE_BLUR_PX = (0.5, 4.0)
_SPECTRUM_KNOTS = 6


def thickness(image: Float32Array, rng: np.random.Generator, config: AugmentConfig) -> Float32Array:
    """Dark lines thicker or thinner by up to a pixel on each side; mean and contrast stay."""
    share = rng.uniform(-config.thickness, config.thickness)
    nearest = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    extreme = (cv2.erode if share > 0 else cv2.dilate)(image, nearest)
    return with_moments_of(image, image + np.float32(abs(share)) * (extreme - image))


def coarse(image: Float32Array, rng: np.random.Generator, config: AugmentConfig) -> Float32Array:
    """Pixels of up to ``coarse_factor`` times the size, enlarged again."""
    factor = rng.uniform(1, config.coarse_factor)
    fewer = [max(1, round(n / factor)) for n in reversed(image.shape)]
    small = cv2.resize(image, fewer, interpolation=cv2.INTER_AREA)
    enlarged: Float32Array = cv2.resize(small, image.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return enlarged


def spectrum(image: Float32Array, rng: np.random.Generator, config: AugmentConfig) -> Float32Array:
    """Another sharpness: amplitudes by a smooth factor of frequency; mean and contrast stay.

    References
    ----------
    Yang, Soatto: FDA: Fourier Domain Adaptation for Semantic Segmentation. CVPR 2020.
    https://doi.org/10.1109/CVPR42600.2020.00414
    """
    # cosines, since a patch does not go on at its other end; OpenCV's are of even length
    odd = [n % 2 for n in image.shape]
    even = cv2.copyMakeBorder(image, 0, odd[0], 0, odd[1], cv2.BORDER_REPLICATE)
    y, x = (np.arange(n, dtype=np.float32) / n for n in even.shape)
    octave = np.log2(np.hypot(y[:, None], x) + 1 / max(even.shape))
    knots = rng.uniform(-config.spectrum, config.spectrum, _SPECTRUM_KNOTS)
    nepers = np.interp(octave, np.linspace(octave.min(), 0, _SPECTRUM_KNOTS), knots)
    changed = cv2.idct(cv2.dct(even) * np.exp(nepers).astype(np.float32))
    return with_moments_of(image, changed[: image.shape[0], : image.shape[1]])


def gradient(image: Float32Array, rng: np.random.Generator, config: AugmentConfig) -> Float32Array:
    """Uneven light, and uneven contrast."""
    light = np.float32(config.gradient * rng.random()) * smooth_field(image.shape, rng)
    contrast = np.float32(config.gradient_contrast * rng.random()) * smooth_field(image.shape, rng)
    uneven: Float32Array = image * np.exp(contrast) + light
    return uneven


def stripes(image: Float32Array, rng: np.random.Generator, config: AugmentConfig) -> Float32Array:
    """Curtains of the ion beam, or lines of the scan: along one axis, brighter and darker."""
    axis = int(rng.integers(2))
    lines = rng.standard_normal((1, image.shape[axis]), dtype=np.float32)
    lines = cv2.GaussianBlur(lines, (0, 0), rng.uniform(*_STRIPE_BLUR_PX))
    strength = config.stripes * rng.random() / max(float(lines.std()), 1e-3)
    striped: Float32Array = image + np.float32(strength) * (lines if axis else lines.T)
    return striped


def grain(image: Float32Array, rng: np.random.Generator, config: AugmentConfig) -> Float32Array:
    """Noise with a grain of some pixels; the fewer electrons came, the more it grows with them."""
    blurred = cv2.GaussianBlur(
        rng.standard_normal(image.shape, dtype=np.float32), (0, 0), rng.uniform(*_GRAIN_BLUR_PX)
    )
    strength = config.grain * rng.random() / max(float(blurred.std()), 1e-3)
    counts = np.maximum(1 + np.float32(rng.uniform(0, 0.5)) * image, 0)
    grainy: Float32Array = image + np.float32(strength) * np.sqrt(counts) * blurred
    return grainy
