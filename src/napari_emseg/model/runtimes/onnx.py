"""A network as an ONNX file, for those who run it without Keras."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import keras
import numpy as np

from napari_emseg.errors import EmsegError

OPSET = 15
"""Version of ONNX's operators: the default of the converter, known to runtimes since 2021."""
_TRIES = 3
_EDGE_PX = 128
"""Of the tile that is compared; a multiple of what networks of any depth up to 7 need."""
_TOLERANCE = 1e-3
_log = logging.getLogger(__name__)


def write_onnx(path: Path, model: keras.Model) -> bool:
    """Write ``model``, which has predicted before, as ONNX; True where that was possible.

    It is possible on Keras' TensorFlow backend. The package is whole without this file, so what
    goes wrong in the converter is logged and must not cost a person the training.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    if (backend := keras.backend.backend()) != "tensorflow":
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
    with warnings.catch_warnings():
        # tf2onnx is older than numpy 2, and Keras asks numpy for what is gone to patch it
        warnings.filterwarnings("ignore", "In the future `np", FutureWarning)
        model.export(path, format="onnx", verbose=False, opset_version=OPSET)


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
