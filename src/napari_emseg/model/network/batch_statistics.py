"""Batch norms that take on the statistics of a tissue which the network has not seen."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import numpy as np
import numpy.typing as npt

from napari_emseg.types import Float32Array


def adapt_batch_norms(model: keras.Model, tiles: Iterable[Float32Array], share: float) -> bool:
    """Mix the means and variances that batch norms remember with those of other images.

    No label is needed, and no weight is learned: features that are fainter or stronger in another
    tissue come back into the range that the layers after them know.

    Parameters
    ----------
    model : keras.Model
        The network, whose statistics are changed in place; all else stays.
    tiles : iterable of (Y, X, C) float32 array
        Normalised, with edges that are multiples of what the network needs. One goes through it at
        a time, and all count alike.
    share : float
        Of the other images in the mixture, 0..1.

    Returns
    -------
    bool
        False where the network has no batch norms, so that nothing has changed.

    References
    ----------
    Li et al.: Adaptive Batch Normalization for practical domain adaptation. Pattern Recognition
    2018. https://doi.org/10.1016/j.patcog.2018.03.005

    Schneider et al.: Improving robustness against common corruptions by covariate shift
    adaptation. NeurIPS 2020. https://doi.org/10.48550/arXiv.2006.16971
    """
    norms = [each for each in model.layers if isinstance(each, keras.layers.BatchNormalization)]
    before = [_statistics(each) for each in norms]
    momenta = [each.momentum for each in norms]
    for k, tile in enumerate(tiles if norms else ()):
        for each in norms:
            each.momentum = k / (k + 1)  # so that it keeps the mean over all tiles
        model(tile[np.newaxis], training=True)
    for each, momentum, old in zip(norms, momenta, before, strict=True):
        each.momentum = momentum
        mixed = [(1 - share) * a + share * b for a, b in zip(old, _statistics(each), strict=True)]
        each.moving_mean.assign(mixed[0])
        each.moving_variance.assign(mixed[1])
    return bool(norms)


def _statistics(norm: keras.layers.BatchNormalization) -> list[npt.NDArray[np.float32]]:
    """Mean and variance of each feature (C,)."""
    kept = norm.moving_mean, norm.moving_variance
    return [np.array(keras.ops.convert_to_numpy(each), np.float32) for each in kept]
