"""Random fields, from which everything irregular in the phantom is made."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]


def smooth_noise(rng: np.random.Generator, size: int, sigma: float) -> Floats:
    """Gaussian random field ``(size, size)``, mean 0, deviation 1, blurred by `sigma`."""
    step = max(1, int(sigma / 3))  # a smooth field needs few samples
    coarse = rng.standard_normal((size // step + 8,) * 2, dtype=np.float32)
    coarse = ndi.gaussian_filter(coarse, sigma / step, mode="wrap")
    fine = cv2.resize(coarse, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
    return np.asarray(fine[:size, :size] / coarse.std(), np.float32)


@dataclass(frozen=True)
class Drift:
    """A random field that turns slowly into another as z goes on, at constant variance."""

    first: Floats
    second: Floats
    wavelength: float

    @classmethod
    def random(
        cls, rng: np.random.Generator, size: int, sigma: float, wavelength: float, std: float = 1
    ) -> Drift:
        """Draw the two fields ``(size, size)`` between which it turns."""
        first, second = (np.float32(std) * smooth_noise(rng, size, sigma) for _ in range(2))
        return cls(first, second, wavelength)

    def at(self, z: float) -> Floats:
        """Return the field ``(size, size)`` at the height `z`."""
        angle = 2 * np.pi * z / self.wavelength
        return np.float32(np.cos(angle)) * self.first + np.float32(np.sin(angle)) * self.second
