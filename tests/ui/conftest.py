"""A real napari window with the dock *Segment*, and a real worker behind it."""

from __future__ import annotations

import gc
import time
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
from npe2 import PluginManifest
from scipy.ndimage import gaussian_filter

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.engine.jobs import LabelledFiles, TrainJob
from napari_emseg.model.packages.library import import_package
from napari_emseg.types import Cancelled, Failed, Finished
from napari_emseg.ui.background.job_runner import close_job_runner, job_runner

_TRAINING_S = 280

_TIMEOUT_MS = 240_000
"""Far more than any job of a test takes, on a busy machine too."""


class Ends(list):
    """The last events of all jobs of a dock so far."""

    def __init__(self, dock, qtbot) -> None:
        super().__init__()
        self._qtbot = qtbot
        dock.ended.connect(self.append)

    def wait(self):
        """The last event of the job that runs now, when it has come."""
        count = len(self)
        self._qtbot.waitUntil(lambda: len(self) > count, timeout=_TIMEOUT_MS)
        return self[-1]


@pytest.fixture
def ends_of(qtbot):
    """Gives the `Ends` of a dock."""
    return lambda dock: Ends(dock, qtbot)


@pytest.fixture(scope="session", autouse=True)
def _one_worker_for_all_tests():
    """The worker stays warm from test to test, as it does in napari."""
    yield
    close_job_runner()


@pytest.fixture(scope="session", autouse=True)
def _fewer_full_collections():
    """Each window leaves so many objects that Python would look at all of them in every test."""
    usual = gc.get_threshold()
    gc.set_threshold(*usual[:2], 40)
    yield
    gc.set_threshold(*usual)


@pytest.fixture(scope="session", autouse=True)
def _manifests_are_read_once():
    """Every window would read those of all plugins again, which stay what they are."""
    found = [*PluginManifest.discover()]
    with patch.object(PluginManifest, "discover", lambda *_, **__: iter(found)):
        yield


@pytest.fixture
def viewer(make_napari_viewer, monkeypatch):
    yield make_napari_viewer(show=True)
    # For Windows napari collects all garbage when layers go, which would be a fifth of each test.
    monkeypatch.setattr("napari._vispy.canvas.gc", SimpleNamespace(collect=int))


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (5, 64, 80), np.uint8)


@pytest.fixture
def docked(viewer):
    """The dock *Segment* as napari docks it, and the widget inside."""
    return viewer.window.add_plugin_dock_widget("napari-emseg", "Segment")


@pytest.fixture
def dock(docked):
    return docked[1]


def _wandering_cells(slices: int = 6, size: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """Grey cells with dark membranes between them, and their mask; both uint8."""
    rng = np.random.default_rng(0)
    noise = gaussian_filter(rng.normal(size=(slices, size, size)), (1, 4, 4))
    mask = np.abs(noise / noise.std()) > 0.3
    grey = gaussian_filter(mask.astype(np.float32), (0, 1, 1)) * 150 + 50
    return (grey + rng.normal(0, 8, mask.shape)).astype(np.uint8), mask.astype(np.uint8)


@pytest.fixture(scope="session")
def wandering_cells():
    """Makes a stack of cells that a small network can learn, and their mask."""
    return _wandering_cells


@pytest.fixture(scope="session")
def tiny_run(qapp, tmp_path_factory):
    """Run folder of a network of seconds that has learned next to nothing."""
    folder = tmp_path_factory.mktemp("tiny")
    for name, array in zip(("image", "labels"), _wandering_cells(), strict=True):
        np.save(folder / f"{name}.npy", array)
    network, train = NetworkConfig(depth=2, base_filters=2), TrainConfig(epochs=1, patch_size=64)
    files = LabelledFiles(folder / "image.npy", folder / "labels.npy")
    recipe = Recipe(network, train=train)
    job = TrainJob((files,), folder / "run", "tiny", recipe=recipe)
    events = []
    job_runner().submit(lambda: job, events.append)
    begun = time.monotonic()
    while time.monotonic() - begun < _TRAINING_S:
        qapp.processEvents()
        if events and isinstance(events[-1], Finished | Failed | Cancelled):
            break
        time.sleep(0.01)
    assert isinstance(events[-1], Finished), events[-1]
    return folder / "run"


@pytest.fixture
def tiny(tiny_run):
    """That network in the library, as ``tiny``."""
    return import_package(tiny_run, "tiny")
