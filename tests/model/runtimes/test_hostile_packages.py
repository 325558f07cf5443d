"""Packages that mean harm are refused in words: nothing runs, nothing leaves, memory stays."""

from __future__ import annotations

import resource
import shutil
from dataclasses import replace

import numpy as np
import pytest

import hostile_packages as hostile
from napari_emseg.errors import DeviceError, ModelError
from napari_emseg.model.foreign.arrival import import_model
from napari_emseg.model.packages.library import list_models
from napari_emseg.model.packages.package import read_package
from napari_emseg.model.runtimes.converted import int8_weights, onnx_weights
from napari_emseg.model.runtimes.keras_guard import check_keras_file
from napari_emseg.model.runtimes.keras_runtime import load_network
from napari_emseg.model.runtimes.openvino_runtime import OpenVinoRuntime

_MOST_BYTES = 400 * 2**20
"""What a case may add to the greatest memory of this process."""
pytestmark = pytest.mark.onnx


@pytest.fixture
def folder(whole_package, tmp_path, monkeypatch):
    """A package of its own for each case, in a folder in which code of a stranger would run."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(whole_package.folder, tmp_path / "p" / "package")
    return tmp_path / "p" / "package"


@pytest.fixture(autouse=True, scope="module")
def _backend_has_begun(network_of, tiny):
    """What Keras' backend takes for itself with its first network is no case's."""
    network_of(tiny)


@pytest.fixture(autouse=True)
def _nothing_happens(tmp_path, request):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < _MOST_BYTES
    assert not list(tmp_path.rglob(f"*{hostile.CANARY}*"))


@pytest.mark.parametrize("name", hostile.REFUSED_ON_IMPORT)
def test_refused_on_import(folder, name):
    source = hostile.REFUSED_ON_IMPORT[name](folder)
    models = [each.folder for each in list_models()]
    with pytest.raises(ModelError) as refused:
        import_model(source)
    assert len(str(refused.value)) < 2000
    assert [each.folder for each in list_models()] == models


def test_what_is_not_changed_is_taken(folder):
    assert import_model(hostile.reseal(folder)).info.name == "whole"
    assert load_network(read_package(folder)).count_params() > 0
    assert OpenVinoRuntime(onnx_weights(read_package(folder))).device == "cpu:0"


@pytest.mark.parametrize("name", hostile.KERAS_REFUSED)
def test_keras_is_not_given_it(folder, name):
    package = read_package(hostile.KERAS_REFUSED[name](folder))
    with pytest.raises(ModelError, match=r"cannot be loaded .*; import or train it again"):
        load_network(package)


def run(weights):
    runtime = OpenVinoRuntime(weights)
    runtime(np.zeros((1, 64, 64, 1), np.float32))


@pytest.mark.parametrize("name", hostile.onnx_refused())
def test_openvino_is_not_given_onnx(folder, name):
    package = read_package(hostile.onnx_refused()[name](folder))
    with pytest.raises((ModelError, DeviceError), match="OpenVINO cannot"):
        run(onnx_weights(package))


@pytest.mark.parametrize("name", hostile.IR_REFUSED)
def test_openvino_is_not_given_int8(folder, name):
    package = read_package(hostile.IR_REFUSED[name](folder))
    with pytest.raises((ModelError, DeviceError), match="OpenVINO cannot"):
        run(int8_weights(package))


@pytest.mark.parametrize("file", ["weights.keras", "weights.onnx", "int8.xml", "int8.bin"])
def test_what_was_exchanged_after_import_is_not_loaded(folder, file):
    package = read_package(folder)
    hostile._exchanged(file)(folder)
    load = {
        "weights.keras": load_network, "weights.onnx": onnx_weights,
        "int8.xml": int8_weights, "int8.bin": int8_weights,
    }[file]  # fmt: skip
    with pytest.raises(ModelError, match="SHA-256"):
        load(package)


@pytest.mark.parametrize("normalisation", ["batch", "layer", "none"])
@pytest.mark.parametrize("residual", [True, False])
def test_all_networks_of_ours_pass(tiny, network_of, tmp_path, normalisation, residual):
    network = replace(tiny, normalisation=normalisation, residual=residual, dropout=0.2, classes=3)
    network_of(network).save(tmp_path / "a.keras")
    check_keras_file(tmp_path / "a.keras")
