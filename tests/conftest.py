"""What all tests share: the real slices, and guards against what must not be left behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

REPO = Path(__file__).parents[1]

# a busy machine can stop any example for half a second; how long things take is measured elsewhere
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes an hour unless it is asked for by its mark."""
    if "torture" in config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("torture")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.fixture(scope="session")
def repo() -> Path:
    """Root of the checkout."""
    return REPO


@pytest.fixture(scope="session")
def isbi_dir() -> Path:
    """Folder with the real ISBI 2012 slices; the test is skipped where it is absent."""
    folder = Path(os.environ.get("EMSEG_ISBI_DIR", REPO.parent / "shared" / "data" / "isbi2012"))
    if not (folder / "train-volume.tif").exists():
        pytest.skip(f"the ISBI 2012 slices are not in {folder}; set EMSEG_ISBI_DIR")
    return folder


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a person's models, downloads and settings out of the tests, and these out of them."""
    monkeypatch.setenv("EMSEG_MODELS_DIR", str(tmp_path_factory.mktemp("models")))
    monkeypatch.setenv("EMSEG_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))
    monkeypatch.setenv("EMSEG_RUNS_DIR", str(tmp_path_factory.mktemp("runs")))
    monkeypatch.setenv("EMSEG_RECOVERY_DIR", str(tmp_path_factory.mktemp("recovery")))
    # one for all tests: a model that ships without ONNX weights is converted once
    monkeypatch.setenv("EMSEG_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="session", autouse=True)
def _no_worker_left() -> Iterator[None]:
    """Tests that leave a worker process running fail the run."""
    yield
    children = psutil.Process().children(recursive=True)
    left = [child for child in children if "worker_main" in " ".join(_command(child))]
    for child in left:
        child.kill()
    assert not left, f"worker processes were left running: {left}"


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture(autouse=True)
def _no_tensorflow_beside_a_window(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a viewer's test in whose process TensorFlow is loaded: the two crash each other."""
    yield
    if {"make_napari_viewer", "viewer"} & set(request.fixturenames):
        assert "tensorflow" not in sys.modules, "TensorFlow was loaded beside a napari window"
