"""What runs a model: the choice, what it falls back to, and what is kept loaded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest

from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.errors import DeviceError, ModelError
from napari_emseg.model.packages.package import ONNX_WEIGHTS, read_package
from napari_emseg.model.runtimes import converted, runtime
from napari_emseg.model.runtimes.runtime import available_devices, choose_runtime, load_runtime

TILES = np.random.default_rng(0).standard_normal((2, 8, 12, 1), dtype=np.float32)
KERAS, OPENVINO = PredictConfig(runtime="keras"), PredictConfig(runtime="openvino")
ON_TENSORFLOW = keras.backend.backend() == "tensorflow"


@pytest.fixture
def changeable(whole_package, tmp_path):
    """A copy of a package with all forms of its weights."""
    shutil.copytree(whole_package.folder, tmp_path / "p")
    return read_package(tmp_path / "p")


def costing(package, cost):
    """The package, had its int8 form cost this much."""
    return replace(package, info=replace(package.info, int8_cost=cost))


def load(package, config=PredictConfig(), device="cpu"):
    """The runtime's name, and what was said."""
    said = []
    return load_runtime(package, device, config, said.append).name, [each.message for each in said]


# -- kept loaded -------------------------------------------------------------------------------


def test_a_package_is_loaded_once(package_at, tmp_path):
    package = read_package(package_at(tmp_path / "p"))
    assert load_runtime(package, "cpu", KERAS) is load_runtime(package, "cpu", KERAS)


def test_a_package_that_has_changed_is_loaded_anew(package_at, tmp_path):
    package = read_package(package_at(tmp_path / "p"))
    before = load_runtime(package, "cpu", KERAS)
    package_at(tmp_path / "p", seed=5)
    os.utime(package.weights, (1, 1))
    after = load_runtime(package, "cpu", KERAS)
    assert after is not before
    assert np.abs(after(TILES) - before(TILES)).max() > 1e-4


@pytest.mark.onnx
def test_openvino_too(changeable):
    before = load_runtime(changeable, "cpu", OPENVINO)
    assert load_runtime(changeable, "cpu", OPENVINO) is before
    for each in (changeable.onnx, changeable.int8):
        os.utime(each, (1, 1))
    assert load_runtime(changeable, "cpu", OPENVINO) is not before


# -- int8 or exact -----------------------------------------------------------------------------


@pytest.mark.onnx
@pytest.mark.parametrize(
    ("cost", "exact", "form"),
    [
        (0.003, False, "OpenVINO int8"),
        (-0.01, False, "OpenVINO int8"),
        (0.0031, False, "OpenVINO"),
        (None, False, "OpenVINO"),
        (0.0, True, "OpenVINO"),
    ],
)
def test_int8_where_it_costs_next_to_nothing_and_is_not_unwanted(whole_package, cost, exact, form):
    name, said = load(costing(whole_package, cost), PredictConfig(exact=exact))
    assert name == f"{form} on cpu:0"
    assert not said


@pytest.mark.onnx
def test_exact_is_what_keras_gives_and_int8_is_near(whole_package):
    expected = load_runtime(whole_package, "cpu", KERAS)(TILES)
    exact = load_runtime(whole_package, "cpu", PredictConfig(exact=True))(TILES)
    fast = load_runtime(whole_package, "cpu")(TILES)
    assert np.abs(exact - expected).max() < 1e-5
    assert 1e-5 < np.abs(fast - expected).mean() < 0.1


@pytest.mark.onnx
@pytest.mark.parametrize("missing", ["int8.xml", "int8.bin"])
def test_without_its_int8_files_the_exact_form_runs(changeable, missing):
    (changeable.folder / missing).unlink()
    name, (said,) = load(changeable)
    assert name == "OpenVINO on cpu:0"
    assert "int8 form cannot be used" in said


# -- weights that OpenVINO cannot use ------------------------------------------------------------


@pytest.mark.onnx
def test_damaged_onnx_weights(changeable):
    changeable.onnx.write_bytes(b"damaged")
    name, (said,) = load(changeable, PredictConfig(exact=True))
    assert name == "Keras on cpu:0"
    assert "SHA-256" in said
    with pytest.raises(ModelError, match=r"weights\.onnx cannot be loaded .*; import or train"):
        load(changeable, PredictConfig(runtime="openvino", exact=True))


def test_a_model_that_cannot_be_converted(package_at, tmp_path, monkeypatch):
    package = read_package(package_at(tmp_path / "p"))
    package.weights.write_bytes(b"no weights at all")  # and no other test's
    tries = []
    monkeypatch.setattr(
        converted, "run_in_subprocess", lambda *args: tries.append(args) or fail("no such operator")
    )
    for _ in range(2):
        with pytest.raises(
            ModelError, match=r"has no weights\.onnx.*no such operator.*have Keras run it"
        ):
            load(package, OPENVINO)
    assert len(tries) == 1  # not again at every click


def fail(message):
    raise RuntimeError(message)


@pytest.mark.slow
@pytest.mark.skipif(not ON_TENSORFLOW, reason="to compare with what Keras gives")
def test_a_package_without_onnx_is_converted_once(package_at, tmp_path, monkeypatch):
    monkeypatch.setenv("EMSEG_CACHE_DIR", str(tmp_path / "cache"))
    package = read_package(package_at(tmp_path / "p"))
    assert not package.onnx.exists()
    name, said = load(package)
    assert name == "OpenVINO on cpu:0"
    assert [message[:20] for message in said] == ["Converting the model"]
    assert load(package) == (name, [])
    assert len(list((tmp_path / "cache").rglob(ONNX_WEIGHTS))) == 1
    assert sorted(each.name for each in package.folder.iterdir() if "onnx" in each.name) == []
    found, expected = (load_runtime(package, "cpu", c)(TILES) for c in (OPENVINO, KERAS))
    assert np.abs(found - expected).max() < 1e-5


# -- devices ---------------------------------------------------------------------------------------


@pytest.fixture
def machine(monkeypatch):
    """A machine with these GPUs for Keras and these devices for OpenVINO."""

    def machine(gpus=(), openvino=("cpu:0",)):
        monkeypatch.setattr(runtime, "_keras_gpus", lambda: list(gpus))
        monkeypatch.setattr(runtime, "openvino_devices", lambda: list(openvino))

    return machine


@pytest.mark.parametrize(
    ("gpus", "openvino", "device", "chosen"),
    [
        ((), ["cpu:0"], "auto", "openvino"),
        ((), ["cpu:0"], "cpu", "openvino"),
        ((), [], "auto", "keras"),
        (["gpu:0"], ["cpu:0"], "auto", "keras"),
        (["gpu:0"], ["cpu:0"], "gpu:0", "keras"),
        (["gpu:0"], ["cpu:0"], "cpu:0", "openvino"),
        ((), ["gpu:0", "cpu:0"], "auto", "openvino"),
        ((), ["gpu:0", "cpu:0"], "gpu", "openvino"),
        # who asks for a GPU by name may have one that only Keras knows
        ((), ["cpu:0"], "gpu", "keras"),
    ],
)
def test_a_gpu_first_then_openvino_then_keras(machine, gpus, openvino, device, chosen):
    machine(gpus, openvino)
    assert choose_runtime(device) == chosen
    assert choose_runtime(device, "keras") == "keras"
    assert choose_runtime(device, "openvino") == "openvino"


def test_devices_of_both_without_doubles(machine):
    machine(["gpu:0", "gpu:1"], ["gpu:0", "cpu:0"])
    assert available_devices() == ["gpu:0", "gpu:1", "cpu:0"]
    machine((), [])
    assert available_devices() == ["cpu:0"]


@pytest.mark.onnx
def test_a_gpu_that_openvino_does_not_know(whole_package):
    if any(each.startswith("gpu") for each in runtime.openvino_devices()):
        pytest.skip("this machine has Intel graphics")
    with pytest.raises(DeviceError, match=r"received 'gpu'; .*have Keras run it"):
        load(whole_package, OPENVINO, "gpu")


@pytest.mark.slow
@pytest.mark.onnx
def test_where_openvino_is_not_installed(whole_package):
    code = f"""
import sys
sys.modules["openvino"] = None  # as if it were not there
from pathlib import Path
from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.errors import DeviceError
from napari_emseg.model.packages.package import read_package
from napari_emseg.model.runtimes.runtime import load_runtime
package = read_package(Path({str(whole_package.folder)!r}))
print(load_runtime(package, "cpu").name)
try:
    load_runtime(package, "cpu", PredictConfig(runtime="openvino"))
except DeviceError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    used, refused = done.stdout.splitlines()
    assert used == "Keras on cpu:0"
    assert "OpenVINO is not installed; run 'python -m pip install openvino'" in refused
