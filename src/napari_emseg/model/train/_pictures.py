"""What a person looks at before downloading a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import numpy.typing as npt
import tifffile

from napari_emseg.types import Float32Array

_DARKEST, _BRIGHTEST = 0.5, 99.5
"""Percentiles of the grey values that become black and white."""


def write_sample(path: Path, tensor: npt.NDArray[Any]) -> None:
    """Write a tensor (1, Y, X, C) as a TIFF file that image programs open: a page per channel."""
    pixels = tensor[0, ..., 0] if tensor.shape[-1] == 1 else np.moveaxis(tensor[0], -1, 0)
    tifffile.imwrite(path, pixels, photometric="minisblack", compression="zlib")


def write_cover(path: Path, image: npt.NDArray[Any], probability: Float32Array) -> None:
    """Write a slice and its probability (Y, X) side by side as PNG, twice as wide as high."""
    edge = min(image.shape)
    dark, bright = np.percentile(image, (_DARKEST, _BRIGHTEST))
    grey = np.clip((image - dark) / max(bright - dark, 1e-6), 0, 1)
    both = np.hstack([grey[:edge, :edge], probability[:edge, :edge]])
    iio.imwrite(path, (both * 255).round().astype(np.uint8), extension=".png")
