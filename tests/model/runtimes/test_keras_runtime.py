"""Keras runs networks where it is told to, and loads them safely."""

from __future__ import annotations

import zipfile

import keras
import numpy as np
import pytest

from napari_emseg.errors import DeviceError, ModelError
from napari_emseg.model.packages.package import WEIGHTS, read_package
from napari_emseg.model.runtimes.keras_runtime import KerasRuntime, load_network

TILES = np.random.default_rng(0).standard_normal((2, 8, 12, 1), dtype=np.float32)


def test_tiles_in_probabilities_out(tiny, network_of):
    model = network_of(tiny)
    predicted = KerasRuntime(model, "cpu")(TILES)
    assert predicted.shape == (*TILES.shape[:3], 1)
    assert predicted.dtype == np.float32
    np.testing.assert_allclose(predicted, model.predict_on_batch(TILES))


def test_a_runtime_knows_its_device(tiny, network_of):
    assert KerasRuntime(network_of(tiny), "cpu").name == "Keras on cpu:0"
    with pytest.raises(DeviceError):
        KerasRuntime(network_of(tiny), "gpu:99")


def truncated(weights):
    weights.write_bytes(weights.read_bytes()[:2000])


def no_zip(weights):
    weights.write_bytes(b"not a model")


def without_weights(weights):
    parts = read_zip(weights)
    parts.pop("model.weights.h5")
    write_zip(weights, parts)


def garbled_config(weights):
    write_zip(weights, read_zip(weights) | {"config.json": b"{"})


def flipped_bytes(weights):
    content = bytearray(weights.read_bytes())
    for at in range(200, len(content) - 4000, 300):
        content[at] ^= 0xFF
    weights.write_bytes(bytes(content))


def garbled_weights(weights):
    write_zip(weights, read_zip(weights) | {"model.weights.h5": b"garbage"})


def read_zip(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def write_zip(path, parts):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)


@pytest.mark.parametrize(
    "damage",
    [truncated, no_zip, without_weights, garbled_config, flipped_bytes, garbled_weights],
    ids=lambda damage: damage.__name__,
)
def test_damaged_weights_are_named(package_at, tmp_path, damage):
    package = read_package(package_at(tmp_path / "p"))
    damage(package.weights)
    with pytest.raises(ModelError, match=r"weights\.keras cannot be loaded .*; import or train"):
        load_network(package)


def test_code_in_a_package_is_not_run(package_at, tmp_path):
    folder = package_at(tmp_path / "p")
    image = keras.Input((None, None, 1))
    evil = keras.Model(image, keras.layers.Lambda(lambda x: x * 2)(image))
    evil.save(folder / WEIGHTS)
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_network(read_package(folder))
