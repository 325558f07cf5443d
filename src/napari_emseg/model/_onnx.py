"""A network as an ONNX file, for those who run it without Keras."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import keras

OPSET = 15
"""Version of ONNX's operators: the default of the converter, known to runtimes since 2021."""
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
        _export(path, model)
    except OSError:
        raise
    except Exception:  # noqa: BLE001 - see above; the converter raises whatever it trips over
        _log.warning("The package has no ONNX weights: the converter failed.", exc_info=True)
        path.unlink(missing_ok=True)
        return False
    return True


def _export(path: Path, model: keras.Model) -> None:
    with warnings.catch_warnings():
        # tf2onnx is older than numpy 2, and Keras asks numpy for what is gone to patch it
        warnings.filterwarnings("ignore", "In the future `np", FutureWarning)
        model.export(path, format="onnx", verbose=False, opset_version=OPSET)
