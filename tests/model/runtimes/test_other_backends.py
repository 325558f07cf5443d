"""Keras says the same on each of its backends that is installed here."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import keras
import numpy as np
import pytest

from napari_emseg.model.packages.library import DEFAULT, find_model

CODE = """
import sys
import numpy as np
from napari_emseg.model.hardware.backend import load_backend
load_backend()
import keras
from napari_emseg.model.packages.library import find_model
from napari_emseg.model.runtimes.keras_runtime import KerasRuntime, load_network
assert keras.backend.backend() == sys.argv[1]
runtime = KerasRuntime(load_network(find_model(sys.argv[2])), "auto")
np.save(sys.argv[4], runtime(np.load(sys.argv[3])))
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "torch", "jax"])
def test_probabilities_are_alike_to_a_thousandth(tmp_path, backend):
    if find_spec(backend) is None or backend == keras.backend.backend():
        pytest.skip(f"{backend} is not installed, or it is what runs these tests")
    from napari_emseg.model.runtimes.keras_runtime import KerasRuntime, load_network

    tile = np.random.default_rng(0).standard_normal((1, 192, 256, 1), dtype=np.float32)
    np.save(tmp_path / "in.npy", tile)
    places = [str(tmp_path / name) for name in ("in.npy", "out.npy")]
    done = subprocess.run(
        [sys.executable, "-c", CODE, backend, DEFAULT, *places],
        capture_output=True, text=True, timeout=400, env=os.environ | {"KERAS_BACKEND": backend},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    here = KerasRuntime(load_network(find_model(DEFAULT)))(tile)
    assert np.abs(np.load(places[1]) - here).max() < 1e-3
