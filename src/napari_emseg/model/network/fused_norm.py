"""Batch normalisation that takes a step of training fewer passes over memory."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import keras


@keras.saving.register_keras_serializable("napari_emseg")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras' batch normalisation, computed by TensorFlow's one operation for it while training.

    Keras composes it of some ten operations, forwards and back, each of which reads and writes all
    features: a fifth of a step's time on a processor. This one is the same function of the same
    weights (of the channels last), so a network may be trained with it and kept without. On another
    backend than TensorFlow it is Keras' own.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise features (N, Y, X, C) float32 or bfloat16, by statistics in float32."""
        if not training or not self.trainable or keras.backend.backend() != "tensorflow":
            return super().call(inputs, training=training, mask=mask)
        # what Keras does not offer; not imported above, since other backends have none of it
        fused = import_module("tensorflow").compat.v1.nn.fused_batch_norm
        scale, offset = (keras.ops.cast(each, "float32") for each in (self.gamma, self.beta))
        normalised, mean, variance = fused(inputs, scale, offset, epsilon=self.epsilon)
        for kept, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            kept.assign(kept * self.momentum + now * (1 - self.momentum))
        return normalised
