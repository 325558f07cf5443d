"""Networks run by Keras."""

from __future__ import annotations

import zipfile
import zlib
from contextlib import nullcontext

import keras
import numpy as np

from napari_emseg.errors import ModelError
from napari_emseg.model.hardware.devices import choose_device, on_device
from napari_emseg.model.hardware.memory import memory_errors
from napari_emseg.model.packages.package import WEIGHTS, ModelPackage, require_as_described
from napari_emseg.model.runtimes.keras_guard import check_keras_file
from napari_emseg.types import Float32Array

LOAD_ERRORS = (
    OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError, EOFError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What Keras raises over a damaged model file."""


class KerasRuntime:
    """Runs a Keras model through ``predict_on_batch``; ``predict`` idles between short batches.

    Parameters
    ----------
    model : keras.Model
        The network.
    device : str, optional
        Where it runs, as `choose_device` takes it; by default where the caller computes.
    """

    tile_size, maps = 1152, 8.0

    def __init__(self, model: keras.Model, device: str | None = None) -> None:
        self._model = model
        self._chosen = None if device is None else choose_device(device)
        self.device = self._chosen or "the device of the caller"
        self.name = f"Keras on {self.device}"

    def __call__(self, tiles: Float32Array) -> Float32Array:
        """Predict tiles (N, Y, X, C); gives float32 channels (N, Y, X, K)."""
        place = nullcontext() if self._chosen is None else on_device(self._chosen)
        with place, memory_errors():
            predicted = self._model.predict_on_batch(tiles)
        return np.asarray(predicted, np.float32)


def load_network(package: ModelPackage) -> keras.Model:
    """The Keras model of a package, ready to predict; checked, and loaded with safe mode on.

    Raises
    ------
    ModelError
        If the weights cannot be read.
    """
    require_as_described(package, WEIGHTS)
    try:
        check_keras_file(package.weights)
        return keras.models.load_model(package.weights, compile=False, safe_mode=True)
    except LOAD_ERRORS as error:
        raise ModelError(
            f"model: {package.weights} cannot be loaded ({error}); import or train it again"
        ) from error
