"""Jobs in a process of their own: prediction on a processor loads neither Keras nor TensorFlow."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

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


PEAK = """
import resource
from pathlib import Path
import numpy as np
from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.engine.jobs import PredictJob, WarmUpJob
from napari_emseg.engine.run import run

def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000

config = PredictConfig(runtime="openvino")
run(WarmUpJob(device="cpu", config=config, shape=(512, 512)), lambda _: None, lambda: False)
for name, dtype in (("image", np.uint8), ("out", np.float32)):
    np.lib.format.open_memmap(f"{name}.npy", "w+", dtype, (800, 512, 512))  # nothing is written
before = peak_mb()
job = PredictJob(Path("image.npy"), Path("out.npy"), device="cpu", slices=(700,), config=config)
run(job, lambda _: None, lambda: False)
print(peak_mb() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts in kilobytes")
def test_of_a_large_stack_only_what_is_predicted_is_read(tmp_path):
    command = [sys.executable, "-c", PEAK]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 100  # of 210 MB
