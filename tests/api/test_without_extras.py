"""Reading, predicting, scoring and writing need none of the packages that are extras.

Once with their import forbidden, and, slowly, in an environment that has never had them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from napari_emseg.errors import EXTRA_OF, EmsegError, MissingPackageError, naming_extras
from napari_emseg.io.samples import phantom_path

REPO = Path(__file__).parents[2]

FORBID = f"""
import sys

class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {sorted(EXTRA_OF)}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Forbidden())
"""

SCRIPT = """
import napari_emseg as em
image, truth = em.phantom()
cells = em.segment(image, model="default", output="cells", slices=[0, 1], on_slice=print)
scores = em.evaluate(cells, truth.take([0, 1]))
assert scores.v_rand > 0.9, scores.v_rand
em.write_stack("cells.tif", cells)
assert (em.read_stack("cells.tif", kind="labels").data == cells.data).all()
assert em.list_models()[0].folder == em.load_model("default").folder
em.convert("cells.tif", "cells.zarr")
try:
    em.train(image, truth, folder="run", epochs=1)
except em.MissingPackageError as error:
    assert 'pip install "napari-emseg[train]"' in str(error), error
else:
    raise AssertionError("there is Keras")
"""

COMMANDS = [
    (["predict", "{image}", "--out", "mask.npy", "--what", "mask"], 0, ""),
    (["evaluate", "mask.npy", "{labels}"], 0, ""),
    (["convert", "mask.npy", "mask.tif"], 0, ""),
    (["models", "list"], 0, ""),
    (["doctor"], 0, ""),
    (["train", "{image}", "{labels}", "--out", "run"], 1, "napari-emseg[train]"),
    (["predict", "{image}", "--out", "k.npy", "--runtime", "keras"], 1, "napari-emseg[train]"),
    (["evaluate", "mask.npy", "{labels}", "--report", "page.html"], 1, "napari-emseg[report]"),
    (["demo", "--headless"], 1, "napari-emseg[window]"),
]


def files():
    return {"image": str(phantom_path()), "labels": str(phantom_path("labels"))}


def run(python, code, folder, *args):
    """Run ``code`` in a fresh interpreter that stands in ``folder``."""
    # an editable install, or the source tree on the path, must not give what is not installed
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH" or python is None}
    return subprocess.run(
        [python or sys.executable, "-c", code, *args], capture_output=True, text=True, timeout=300,
        cwd=folder, env=environment,
    )  # fmt: skip


def check_commands(python, before, folder):
    code = before + "\nfrom napari_emseg.cli.commands import main; main()"
    for command, status, words in COMMANDS:
        done = run(python, code, folder, *(each.format(**files()) for each in command))
        assert done.returncode == status, (command, done.stderr)
        if status:
            said = done.stderr.strip().splitlines()
            assert said[-1].startswith("napari-emseg: "), done.stderr
            assert f'pip install "{words}"' in said[-1]
            assert "Traceback" not in done.stderr


def test_the_api_runs(tmp_path):
    done = run(None, FORBID + SCRIPT, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1", "2", "2", "2"]


@pytest.mark.slow
def test_the_command_line_runs_or_names_what_to_install(tmp_path):
    check_commands(None, FORBID, tmp_path)


def test_a_gpu_is_left_alone_where_keras_is_missing(tmp_path):
    code = """
import napari_emseg.model.runtimes.runtime as runtime
runtime.has_gpu_for_keras = lambda: True
assert runtime.choose_runtime("auto") == "openvino"
assert runtime.available_devices()[-1] == "cpu:0"
"""
    done = run(None, FORBID + code, tmp_path)
    assert done.returncode == 0, done.stderr


def test_what_is_missing_is_named_once():
    command = r'pip install "napari-emseg\[window\]"'
    with pytest.raises(MissingPackageError, match=command), naming_extras():
        raise ModuleNotFoundError("No module named 'napari.layers'", name="napari.layers")
    assert issubclass(MissingPackageError, EmsegError)


@pytest.mark.parametrize(
    "error",
    [
        ModuleNotFoundError(
            "No module named 'napari_emseg.nonsense'", name="napari_emseg.nonsense"
        ),
        ModuleNotFoundError("No module named 'jax'", name="jax"),
        ImportError("cannot import name 'x' from 'keras'", name="keras"),
        ValueError("keras"),
    ],
)
def test_other_errors_keep_their_traceback(error):
    with pytest.raises(type(error)) as raised, naming_extras():
        raise error
    assert raised.value is error


def test_a_window_without_qt_is_told_what_brings_one():
    from qtpy import QtBindingsNotFoundError

    with pytest.raises(MissingPackageError, match=r"napari-emseg\[all\]"), naming_extras():
        raise QtBindingsNotFoundError


def test_every_package_of_an_extra_is_known_by_its_module():
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {
        name: {_module(each) for each in wanted}
        for name, wanted in project["optional-dependencies"].items()
        if name in ("cluster", "formats", "report", "torch", "train", "window")
    }
    for module, extra in EXTRA_OF.items():
        assert module in extras[extra]
    assert set().union(*extras.values()) == set(EXTRA_OF)
    assert not {_module(each) for each in project["dependencies"]} & set(EXTRA_OF)


def _module(requirement):
    name = re.match(r"[\w-]+", requirement)[0]
    return {"dask-jobqueue": "dask_jobqueue", "rosettasciio": "rsciio"}.get(name, name)


@pytest.mark.slow
def test_an_environment_without_extras(tmp_path):
    """The package, installed with what it requires and nothing else."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True, timeout=300)
    python = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    wanted = ["download", "--no-deps", "--dest", tmp_path / "wheels", "click"]
    if subprocess.run([*pip, *wanted], capture_output=True, timeout=300).returncode:
        pytest.skip("pip reaches no package index")
    subprocess.run([*pip, "install", "--quiet", REPO], check=True, timeout=900)
    listed = json.loads(
        subprocess.run([*pip, "list", "--format=json"], capture_output=True, check=True).stdout
    )
    names = {each["name"].lower().replace("-", "_") for each in listed}
    assert not names & set(EXTRA_OF)
    folder = tmp_path / "work"
    folder.mkdir()
    done = run(str(python), SCRIPT, folder)
    assert done.returncode == 0, done.stderr
    check_commands(str(python), "", folder)
