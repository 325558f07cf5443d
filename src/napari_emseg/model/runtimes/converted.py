"""ONNX and int8 weights of a package: its own, or made once and kept.

Run as ``python -m napari_emseg.model.runtimes.converted PACKAGE OUT``, it makes the
ONNX weights from those of Keras: Keras and TensorFlow are loaded there, and not where a person
waits for predictions.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from napari_emseg.errors import ModelError
from napari_emseg.io.disk.atomic import write_atomically
from napari_emseg.model.hardware.backend import prepare_environment
from napari_emseg.model.hardware.device_choice import backend_that_writes_onnx
from napari_emseg.model.packages.package import (
    INT8_VALUES,
    INT8_WEIGHTS,
    ONNX_WEIGHTS,
    ModelPackage,
    read_package,
    require_as_described,
)
from napari_emseg.model.runtimes.conversion_cache import cached_for
from napari_emseg.model.runtimes.run_in_subprocess import end_with_parent, run_in_subprocess
from napari_emseg.types import Log, OnEvent

_failed: dict[Path, str] = {}
"""Why conversions failed, so that the same one is not tried at every click."""


def onnx_weights(package: ModelPackage, on_event: OnEvent = lambda _: None) -> Path:
    """The ONNX file of a package; where it has none, one that is made from its Keras weights.

    Raises
    ------
    ModelError
        If it is not as described; or it has none, and none can be made.
    """
    if package.onnx.is_file():
        require_as_described(package, ONNX_WEIGHTS)
        return package.onnx
    cached = cached_for(package.weights, ONNX_WEIGHTS)
    if not cached.is_file():
        if cached not in _failed:
            on_event(Log("Converting the model for OpenVINO; this takes a while, once ..."))
            _convert(package.folder, cached)
        if cached in _failed:
            raise ModelError(
                f"model: {package.folder} has no {ONNX_WEIGHTS}, and none can be made "
                f"({_failed[cached]}); have Keras run it, or train it again",
                runtime="keras",
            )
    return cached


def int8_weights(package: ModelPackage) -> Path:
    """The int8 form of a package: its own, or where one is kept that was made for it.

    Raises
    ------
    ModelError
        If its own is not as described.
    """
    if not package.int8.is_file():
        return cached_for(package.weights, INT8_WEIGHTS)
    require_as_described(package, INT8_WEIGHTS, INT8_VALUES)
    return package.int8


def _convert(folder: Path, out: Path) -> None:
    try:
        run_in_subprocess(__name__, folder, out)
    except RuntimeError as error:
        _failed[out] = str(error)


def main(folder: str, out: str) -> None:
    """Convert the package in ``folder`` into the file ``out``."""
    prepare_environment()
    os.environ |= {"KERAS_BACKEND": backend_that_writes_onnx(), "CUDA_VISIBLE_DEVICES": "-1"}
    from napari_emseg.model.runtimes.keras_runtime import load_network
    from napari_emseg.model.runtimes.onnx import write_onnx

    package = read_package(Path(folder))
    network, shape = load_network(package), package.info.unet
    edge = shape.multiple
    # the converter wants a network that has run
    network.predict_on_batch(np.zeros((1, edge, edge, shape.input_slices)))

    def write(path: Path) -> None:
        if not write_onnx(path, network):
            raise SystemExit(1)

    Path(out).parent.mkdir(parents=True, exist_ok=True)
    write_atomically(Path(out), write)


if __name__ == "__main__":
    end_with_parent()
    main(*sys.argv[1:])
