"""Keras says the same on each of its backends that is installed here."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import keras
import numpy as np
import pytest

from napari_emseg.model.packages.library import SHIPPED, find_model

CODE = """
import sys
import numpy as np
from napari_emseg.model.hardware.backend import load_backend
load_backend()
import keras
from napari_emseg.model.packages.library import find_model
from napari_emseg.model.runtimes.keras_runtime import KerasRuntime, load_network
assert keras.backend.backend() == sys.argv[1]
tiles = np.load(sys.argv[2])
found = {
    name: KerasRuntime(load_network(find_model(name)), "auto")(tile) for name, tile in tiles.items()
}
np.savez(sys.argv[3], **found)
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "torch", "jax"])
def test_probabilities_are_alike_to_a_thousandth(tmp_path, backend):
    if find_spec(backend) is None or backend == keras.backend.backend():
        pytest.skip(f"{backend} is not installed, or it is what runs these tests")
    from napari_emseg.model.runtimes.keras_runtime import KerasRuntime, load_network

    packages, rng = {name: find_model(name) for name in SHIPPED}, np.random.default_rng(0)
    tiles = {
        name: rng.standard_normal((1, 192, 256, each.info.unet.input_slices), dtype=np.float32)
        for name, each in packages.items()
    }
    np.savez(tmp_path / "in.npz", **tiles)
    places = [str(tmp_path / name) for name in ("in.npz", "out.npz")]
    done = subprocess.run(
        [sys.executable, "-c", CODE, backend, *places],
        capture_output=True, text=True, timeout=400, env=os.environ | {"KERAS_BACKEND": backend},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    there = np.load(places[1])
    for name, package in packages.items():
        here = KerasRuntime(load_network(package))(tiles[name])
        assert np.abs(there[name] - here).max() < 1e-3, name
