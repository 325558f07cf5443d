"""The same network in half or in single precision, to be trained or to be kept."""

from __future__ import annotations

import keras

from napari_emseg.model.network.fused_norm import FusedBatchNormalization


def in_precision(model: keras.Model, *, half: bool, training: bool = False) -> keras.Model:
    """A copy of a network that computes in half or single precision, and is not compiled.

    Parameters
    ----------
    model : keras.Model
        The network; its weights, which are float32 in either precision, are copied.
    half : bool
        Compute in float16, save the last layer: a float16 probability has only three digits.
    training : bool
        The copy is trained, not kept: in single precision its batch norms are
        `FusedBatchNormalization`; those of all other copies are Keras' own.

    Returns
    -------
    keras.Model
    """
    # without what it was compiled with, which a clone would compile again
    plain = keras.Model(model.input, model.output, name=model.name)

    def converted(layer: keras.Layer) -> keras.Layer:
        precision = "mixed_float16" if half and layer is not plain.layers[-1] else "float32"
        made = layer.__class__
        if issubclass(made, keras.layers.BatchNormalization):
            fused = training and not half
            made = FusedBatchNormalization if fused else keras.layers.BatchNormalization
        return made.from_config({**layer.get_config(), "dtype": precision})

    copy = keras.models.clone_model(plain, clone_function=converted)
    copy.set_weights(plain.get_weights())
    return copy


def is_half(model: keras.Model) -> bool:
    """Whether a network computes in half precision."""
    return any(layer.dtype_policy.name == "mixed_float16" for layer in model.layers)
