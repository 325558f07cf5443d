"""Probabilities fitted to tissue that a model has not seen.

How sure a network is of a membrane depends on the tissue: where membranes are fainter to it than
those it learned, all probabilities are too high, and at one threshold cells run into one another.
How much of a slice is membrane depends on it far less, and says how much too high they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_emseg.types import Float32Array

_TILE_PX = 128
"""Edge of the tiles that are counted, so that somata and blank areas do not count as tissue."""

_LEAST_SHARE = 0.03
"""A tile with less membrane lies within a cell."""

_MOST = 2.5
"""Shift of a logit, at most: a probability of 0.5 becomes 0.08 or 0.92."""

_STEPS = 24
_CLIP = 1e-4
"""Probabilities nearer to 0 and 1 are not told apart."""


@dataclass(frozen=True)
class Calibration:
    """Probabilities of cell made lower or higher, all by one amount.

    Parameters
    ----------
    shift : float
        What is added to the logit of the probability of cell: below 0 more becomes membrane.
    """

    shift: float = 0.0

    @classmethod
    def of(
        cls, samples: Sequence[Float32Array], threshold: float, shares: tuple[float, float]
    ) -> Calibration:
        """The smallest one after which as much is membrane as a model found in what it learned.

        Parameters
        ----------
        samples : sequence of (Y, X) float32 array
            Probability of cell of parts of a stack, 0..1; NaN where there is no tissue.
        threshold : float
            A pixel is cell above it.
        shares : (float, float)
            Least and largest share of membrane.
        """
        low, high = shares
        tiles = [logits(tile) for sample in samples for tile in _tiles(sample)]
        at = float(logits(threshold))

        def share(shift: float) -> float:
            return _share(tiles, at - shift)

        if not tiles or not np.isfinite(now := share(0.0)) or low <= now <= high:
            return cls()
        wanted, ends = (low, (-_MOST, 0.0)) if now < low else (high, (0.0, _MOST))
        for _ in range(_STEPS):
            middle = sum(ends) / 2
            ends = (middle, ends[1]) if share(middle) > wanted else (ends[0], middle)
        return cls(round(sum(ends) / 2, 3))

    def __call__(self, channels: Float32Array) -> Float32Array:
        """Channels (Y, X, K) of a network, calibrated; further classes keep their proportions."""
        if not self.shift:
            return channels
        if channels.shape[-1] == 1:
            return self._cell(channels)
        cell = 1 - channels[..., :1]
        calibrated = self._cell(cell)
        kept = calibrated / np.maximum(cell, _CLIP)
        whole: Float32Array = np.concatenate([1 - calibrated, channels[..., 1:] * kept], axis=-1)
        return whole

    def _cell(self, probability: Float32Array) -> Float32Array:
        # the ends stay ends: a missing section is 0 everywhere
        odds = probability * np.float32(np.exp(self.shift))
        shifted: Float32Array = (odds / (1 - probability + odds)).astype(np.float32, copy=False)
        return shifted


def membrane_share(probability: Float32Array, threshold: float) -> float:
    """Share of a slice that is membrane, where there are cells side by side.

    Parameters
    ----------
    probability : (Y, X) float32 array
        Of cell, 0..1; NaN where there is no tissue.
    threshold : float
        A pixel is cell above it.

    Returns
    -------
    float
        0..1, the median over tiles; NaN where no tile has any.
    """
    return _share([logits(each) for each in _tiles(probability)], float(logits(threshold)))


def logits(probability: npt.ArrayLike) -> Float32Array:
    """Log odds of probabilities, which are kept off 0 and 1."""
    clipped = np.clip(np.asarray(probability, np.float32), _CLIP, 1 - _CLIP)
    found: Float32Array = np.log(clipped / (1 - clipped))
    return found


def _tiles(probability: Float32Array) -> list[Float32Array]:
    """Known pixels of each tile that is tissue for the most part."""
    rows, columns = (range(0, max(1, n - _TILE_PX // 2), _TILE_PX) for n in probability.shape)
    tiles = (probability[y : y + _TILE_PX, x : x + _TILE_PX] for y in rows for x in columns)
    known = ((tile[np.isfinite(tile)], tile.size) for tile in tiles)
    return [values for values, size in known if values.size > size / 2]


def _share(tiles: Sequence[Float32Array], at: float) -> float:
    shares = np.array([np.mean(tile <= at) for tile in tiles])
    counted = shares[shares >= _LEAST_SHARE]
    return float(np.median(counted)) if counted.size else np.nan
