"""The notebook, cell by cell, shortened, on the bundled sample; without a window and without Qt."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from napari_emseg.model.packages.library import import_package

SHORTENED = """
STACK, TEST_SLICES, NAME = "sample", 2, "from a notebook"
SETTINGS = {"epochs": 2, "base_filters": 4, "depth": 2, "patch_size": 64, "validate_every": 1}
"""
SEEN = """
import sys
seen = {"napari", "qtpy", "PyQt6", "PySide6", "magicgui"} & set(sys.modules)
assert not seen, seen
"""


@pytest.fixture(scope="module")
def cells(repo):
    path = repo / "docs" / "notebooks" / "train_on_isbi2012.ipynb"
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def code(cells):
    return [each for each in cells if each["cell_type"] == "code"]


def test_it_holds_no_results(cells):
    assert len(code(cells)) > 5
    assert all(not each["outputs"] and each["execution_count"] is None for each in code(cells))


def test_it_installs_the_extra_that_brings_no_qt(cells):
    (install,) = ["".join(each["source"]) for each in code(cells) if each["source"][0][0] == "%"]
    assert '"napari-emseg[train]"' in install


@pytest.mark.slow
def test_it_runs_and_gives_a_model_for_the_plugin(cells, tmp_path):
    program = []
    for each in code(cells):
        source = "".join(each["source"])
        if source.startswith("%"):
            continue
        program.append(source)
        if "parameters" in each["metadata"].get("tags", ()):
            program.append(SHORTENED)
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*program, SEEN])], cwd=tmp_path, timeout=400,
        capture_output=True, text=True, env=os.environ | {"MPLBACKEND": "Agg"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "epoch 2: loss" in done.stdout
    assert "V_rand 0." in done.stdout
    assert "6 slices to learn from, 2 to test" in done.stdout
    assert import_package(tmp_path / "from a notebook.zip").info.name == "from a notebook"
