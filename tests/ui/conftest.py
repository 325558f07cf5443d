"""A real napari window with the dock *Segment*, and a real worker behind it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.ui.jobs import close_job_runner

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


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


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
