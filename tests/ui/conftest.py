"""A real napari window with the dock *Segment*, and a real worker behind it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.ui.jobs import close_job_runner


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
