"""The same network in half or in single precision, to be trained or to be kept."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import keras

from napari_emseg.model.network.fused_norm import FusedBatchNormalization

Precision: TypeAlias = Literal["float32", "mixed_float16", "mixed_bfloat16"]
"""What a network computes in; its weights are float32 in each."""

_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}
"""Processors with one of these multiply in bfloat16; others would imitate it, slowly."""

_CPU_INFO = Path("/proc/cpuinfo")


def fastest_precision(device: str) -> Precision:
    """What a device trains fastest in.

    Parameters
    ----------
    device : str
        Such as ``gpu:0`` or ``cpu:0``.

    Returns
    -------
    {"mixed_float16", "mixed_bfloat16", "float32"}
        float16 on a GPU, bfloat16 on a processor that computes in it, else float32.
    """
    if device.startswith("gpu"):
        return "mixed_float16"
    return "mixed_bfloat16" if _processor_has_bfloat16() else "float32"


@cache
def _processor_has_bfloat16() -> bool:
    """Whether the processor says so; where it cannot be asked, it has not."""
    try:
        return not _BFLOAT16_FLAGS.isdisjoint(_CPU_INFO.read_text().split())
    except OSError:
        return False


def in_precision(
    model: keras.Model, precision: Precision, *, training: bool = False
) -> keras.Model:
    """A copy of a network that computes in another precision, and is not compiled.

    Parameters
    ----------
    model : keras.Model
        The network; its weights, which are float32 in any precision, are copied.
    precision : {"float32", "mixed_float16", "mixed_bfloat16"}
        What to compute in, save the layers of its outputs, since a probability in half precision
        has only two or three digits, and dropout, whose random numbers would be as coarse (and
        which Keras saves as if it were in float32, so that a run that goes on would draw others).
    training : bool
        The copy is trained, not kept: save in float16 its batch norms are
        `FusedBatchNormalization`; those of all other copies are Keras' own.

    Returns
    -------
    keras.Model
    """
    # without what it was compiled with, which a clone would compile again
    plain = keras.Model(model.input, model.output, name=model.name)

    def converted(layer: keras.Layer) -> keras.Layer:
        single = layer.name in plain.output_names or isinstance(layer, keras.layers.Dropout)
        policy = "float32" if single else precision
        made = layer.__class__
        if issubclass(made, keras.layers.BatchNormalization):
            fused = training and precision != "mixed_float16"
            made = FusedBatchNormalization if fused else keras.layers.BatchNormalization
        return made.from_config({**layer.get_config(), "dtype": policy})

    copy = keras.models.clone_model(plain, clone_function=converted)
    copy.set_weights(plain.get_weights())
    return copy


def precision_of(model: keras.Model) -> Precision:
    """What a network computes in."""
    for half in ("mixed_float16", "mixed_bfloat16"):
        if any(layer.dtype_policy.name == half for layer in model.layers):
            return half
    return "float32"
