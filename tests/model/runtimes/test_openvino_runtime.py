"""OpenVINO gives what Keras gives, for tiles of any shape, and reports to nobody."""

from __future__ import annotations

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.errors import DeviceError, ModelError
from napari_emseg.model.hardware.device_choice import WRITE_ONNX
from napari_emseg.model.predict.predict import predict_slice
from napari_emseg.model.runtimes.keras_runtime import KerasRuntime
from napari_emseg.model.runtimes.onnx import write_onnx
from napari_emseg.model.runtimes.openvino_runtime import OpenVinoRuntime, list_openvino_devices

pytestmark = [
    pytest.mark.onnx,
    pytest.mark.skipif(
        keras.backend.backend() not in WRITE_ONNX, reason="Keras writes no ONNX on others"
    ),
]

NETWORKS = [
    NetworkConfig(1, 4),
    NetworkConfig(2, 8, residual=False, normalisation="layer", input_slices=3, classes=3),
]


@pytest.fixture(scope="module", params=NETWORKS, ids=["one-slice", "three-slices-three-classes"])
def both(request, network_of, tmp_path_factory):
    """A network, in Keras and in OpenVINO."""
    model = network_of(request.param)
    slices, multiple = request.param.input_slices, request.param.multiple
    model.predict_on_batch(np.zeros((1, multiple, multiple, slices), np.float32))
    weights = tmp_path_factory.mktemp("onnx") / "weights.onnx"
    assert write_onnx(weights, model)
    return request.param, KerasRuntime(model), OpenVinoRuntime(weights)


def tiles_of(network, count, height, width):
    shape = (count, height, width, network.input_slices)
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


@pytest.mark.parametrize("shape", [(1, 64, 64), (3, 32, 100), (2, 4, 4)])
def test_the_same_channels_as_keras(both, shape):
    network, with_keras, with_openvino = both
    tiles = tiles_of(network, *shape)
    found = with_openvino(tiles)
    assert found.shape == (*shape, network.channels)
    assert found.dtype == np.float32
    assert np.ptp(found) > 0.01
    assert np.abs(found - with_keras(tiles)).max() < 1e-5


def test_slices_in_tiles_flips_and_batches(both):
    network, with_keras, with_openvino = both
    image = np.random.default_rng(0).integers(0, 256, (network.input_slices, 130, 301), np.uint8)
    config = PredictConfig(tile_size=64, batch_size=3, tta=True)
    found, expected = (
        predict_slice(image, runtime, network, config) for runtime in (with_openvino, with_keras)
    )
    assert np.abs(found - expected).max() < 1e-5


def test_results_are_not_overwritten_by_the_next(both):
    network, _, runtime = both
    first = runtime(tiles_of(network, 1, 32, 32))
    kept = first.copy()
    runtime(tiles_of(network, 1, 32, 32) + 1)
    np.testing.assert_array_equal(first, kept)


def test_tiles_in_any_memory(both):
    """Views and what must not be written to go in as well."""
    network, _, runtime = both
    tiles = tiles_of(network, 2, 40, 32)
    view = tiles.swapaxes(1, 2)
    np.testing.assert_array_equal(runtime(view), runtime(view.copy()))
    tiles.flags.writeable = False
    assert np.isfinite(runtime(tiles)).all()


def test_its_name_says_where(both):
    assert both[2].name == "OpenVINO on cpu:0"
    assert list_openvino_devices()[-1] == "cpu:0"


def test_graphics_that_are_not_there_are_refused(whole_package):
    with pytest.raises(DeviceError, match=r"received 'gpu:7'; OpenVINO knows .*have Keras run it"):
        OpenVinoRuntime(whole_package.onnx, "gpu:7")


@pytest.mark.parametrize("content", [b"", b"no network", None])
def test_damaged_weights_are_named(whole_package, tmp_path, content):
    damaged = tmp_path / "weights.onnx"
    damaged.write_bytes(whole_package.onnx.read_bytes()[:3000] if content is None else content)
    with pytest.raises(ModelError, match=r"cannot read .*weights\.onnx.*; train or import"):
        OpenVinoRuntime(damaged)


def test_nothing_is_reported_to_anybody(tmp_path):
    """Both packages would make this folder for what they report."""
    code = (
        "import sys, napari_emseg.model.runtimes.openvino_runtime, nncf;"
        "print(sys.modules['openvino_telemetry'])"
    )
    environment = {**os.environ, "HOME": str(tmp_path)}
    environment.pop("CI", None)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "None"
    assert not (tmp_path / "intel").exists()
