"""Jobs in a process of their own: prediction on a processor loads neither Keras nor TensorFlow."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

CODE = """
import sys
from pathlib import Path
from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.engine.jobs import PredictJob, WarmUpJob
from napari_emseg.engine.run import run

def do(job):
    return run(job, lambda _: None, lambda: False)

print(do(WarmUpJob(device="cpu", shape=(60, 70))).runtime)
job = PredictJob(Path("image.npy"), Path("out.npy"), device="cpu",
                 config=PredictConfig(runtime="openvino"))
result = do(job)
print(result.slices, result.device)
print({"keras", "tensorflow", "nncf", "napari", "qtpy"} & set(sys.modules))
"""


def test_predicting_on_the_processor_loads_no_keras(tmp_path):
    image = np.random.default_rng(0).integers(0, 255, (2, 60, 70), np.uint8)
    np.save(tmp_path / "image.npy", image)
    np.save(tmp_path / "out.npy", np.zeros(image.shape, np.float32))
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert done.returncode == 0, done.stderr
    warm, predicted, loaded = done.stdout.splitlines()
    assert warm.startswith("OpenVINO")
    assert predicted == f"2 {warm}"
    assert loaded == "set()"
    assert 0 < np.load(tmp_path / "out.npy").max() <= 1
