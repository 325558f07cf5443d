"""A network as an ONNX file, for those who run it without Keras."""

from __future__ import annotations

import logging
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import keras
import numpy as np

from napari_emseg.errors import EmsegError
from napari_emseg.model.hardware.device_choice import WRITE_ONNX

OPSET = 15
"""Version of ONNX's operators: the default of the converter, known to runtimes since 2021."""
_TRIES = 3
_EDGE_PX = 128
"""Of the tile that is compared; a multiple of what networks of any depth up to 7 need."""
_TRACED_PX = 64
"""Of the tile by which PyTorch follows a network; another one, so that its size is not kept."""
_TOLERANCE = 1e-3
_log = logging.getLogger(__name__)


def write_onnx(path: Path, model: keras.Model) -> bool:
    """Write ``model``, which has predicted before, as ONNX; True where that was possible.

    It is possible where Keras computes with TensorFlow or PyTorch. The package is whole without
    this file, so what goes wrong in the converter is logged and must not cost a person the
    training.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    if (backend := keras.backend.backend()) not in WRITE_ONNX:
        _log.warning("The package has no ONNX weights: on %s, Keras cannot write them.", backend)
        return False
    try:
        for _ in range(_TRIES):
            _export(path, model)
            if _agrees(path, model):
                return True
        _log.warning("The package has no ONNX weights: what the converter writes is wrong.")
    except OSError:
        raise
    except Exception:  # noqa: BLE001 - see above; the converter raises whatever it trips over
        _log.warning("The package has no ONNX weights: the converter failed.", exc_info=True)
    path.unlink(missing_ok=True)
    return False


def _export(path: Path, model: keras.Model) -> None:
    if keras.backend.backend() == "torch":
        _export_torch(path, model)
        return
    with warnings.catch_warnings():
        # tf2onnx is older than numpy 2, and Keras asks numpy for what is gone to patch it
        warnings.filterwarnings("ignore", "In the future `np", FutureWarning)
        model.export(path, format="onnx", verbose=False, opset_version=OPSET)


def _export_torch(path: Path, model: keras.Model) -> None:
    """What PyTorch writes: Keras' own way follows a tile of one pixel, too small for pooling."""
    torch = import_module("torch")
    tile = keras.ops.zeros((1, _TRACED_PX, _TRACED_PX, model.input_shape[-1]))
    free = {0: "n", 1: "y", 2: "x"}
    with warnings.catch_warnings():
        # what is said of numbers that are kept: those of layers, and no sizes of the tile
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _traceable(model).eval(), (tile,), str(path), opset_version=OPSET, dynamo=False,
            input_names=["image"], output_names=["probability"],
            dynamic_axes={"image": free, "probability": free},
        )  # fmt: skip


class _TraceableNormalization(keras.layers.LayerNormalization):
    """Layer normalisation of the channels, step by step.

    Keras' own takes PyTorch's one operation for it, and tells it how many channels there are; in
    a trace all sizes are unknown, and the converter wants that one.
    """

    def call(self, inputs: Any) -> Any:
        """Normalise features (N, Y, X, C) float32."""
        centred = inputs - keras.ops.mean(inputs, axis=-1, keepdims=True)
        variance = keras.ops.mean(keras.ops.square(centred), axis=-1, keepdims=True)
        return centred * keras.ops.rsqrt(variance + self.epsilon) * self.gamma + self.beta


def _traceable(model: keras.Model) -> keras.Model:
    """A copy of a network whose layers PyTorch can follow."""

    def followed(layer: keras.Layer) -> keras.Layer:
        made = layer.__class__
        if issubclass(made, keras.layers.LayerNormalization):
            made = _TraceableNormalization
        return made.from_config(layer.get_config())

    plain = keras.Model(model.input, model.output)  # a clone would be compiled as well
    copy = keras.models.clone_model(plain, clone_function=followed)
    copy.set_weights(plain.get_weights())
    return copy


def _agrees(path: Path, model: keras.Model) -> bool:
    """Whether OpenVINO, where it is installed, gives with the file what Keras gives.

    The converter's optimiser goes through sets in whatever order; once in a while its output had
    an axis too many.
    """
    try:
        from napari_emseg.model.runtimes.openvino_runtime import OpenVinoRuntime
    except ImportError:
        return True
    shape = (1, _EDGE_PX, _EDGE_PX, model.input_shape[-1])
    tile = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    expected = np.asarray(model.predict_on_batch(tile), np.float32)
    try:
        found = OpenVinoRuntime(path)(tile)
    except (RuntimeError, EmsegError) as error:
        _log.debug("%s", error)
        return False
    return found.shape == expected.shape and bool(np.abs(found - expected).max() < _TOLERANCE)
