"""What training minimises, and what it reports."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from napari_emseg.types import Float32Array


def weighted_cross_entropy() -> keras.losses.Loss:
    """Per-pixel binary cross-entropy; the weight map is given as ``sample_weight`` (N, Y, X)."""
    return keras.losses.BinaryCrossentropy(name="weighted_cross_entropy")


class KnownPixelAccuracy(keras.metrics.BinaryAccuracy):
    """Fraction of the pixels whose class is known (weight above 0) that are predicted right."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch; ``sample_weight`` is the weight map (N, Y, X)."""
        known = None if sample_weight is None else ops.cast(sample_weight > 0, "float32")
        super().update_state(y_true, y_pred, known)


def weighted_cross_entropy_of(
    probability: Float32Array, classes: np.ndarray[Any, Any], weights: Float32Array
) -> float:
    """The same loss over finished predictions (Z, Y, X), in nats per pixel."""
    epsilon = keras.config.epsilon()
    right = np.where(classes, probability, 1 - probability)
    return float(-np.mean(weights * np.log(np.clip(right, epsilon, 1))))
