"""The dock *Train* in a real window: a small net, the real worker."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_emseg.model.library import list_models
from napari_emseg.types import Finished

JOB_TIMEOUT_MS = 240_000


def wandering_cells(slices: int = 6, size: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """Grey cells with dark membranes between them, and their mask; both uint8."""
    rng = np.random.default_rng(0)
    noise = gaussian_filter(rng.normal(size=(slices, size, size)), (1, 4, 4))
    mask = np.abs(noise / noise.std()) > 0.3
    grey = gaussian_filter(mask.astype(np.float32), (0, 1, 1)) * 150 + 50
    return (grey + rng.normal(0, 8, mask.shape)).astype(np.uint8), mask.astype(np.uint8)


@pytest.fixture
def trainer(viewer):
    """The dock *Train*, set to a training of seconds."""
    _, widget = viewer.window.add_plugin_dock_widget("napari-emseg", "Train")
    small = {"epochs": 2, "patch_size": 64, "batch_size": 1, "validate_every": 1}
    for name, value in small.items():
        widget.model.train[name].value = value
    widget.model.network["depth"].value = 2
    widget.model.network["base_filters"].value = 2
    return widget


@pytest.fixture
def layers(viewer, trainer, qtbot):
    """An image layer and its labels, of which four slices are painted, as the dock has them."""
    image, mask = wandering_cells()
    mask[[2, 4]] = 0
    image = viewer.add_image(image, name="em", scale=(50, 4, 4), units="nm")
    labels = viewer.add_labels(mask, name="painted", scale=(50, 4, 4), units="nm")
    qtbot.waitUntil(lambda: bool(trainer.strip.roles.labelled))
    return image, labels


@pytest.fixture
def ended(trainer):
    """The last events of all trainings so far."""
    events = []
    trainer.ended.connect(events.append)
    return events


@pytest.fixture
def wait(qtbot, ended):
    """Wait for the end of the training."""

    def wait():
        count = len(ended)
        qtbot.waitUntil(lambda: len(ended) > count, timeout=JOB_TIMEOUT_MS)
        return ended[-1]

    return wait


def test_from_labels_to_a_model_in_the_library(viewer, trainer, layers, wait, qtbot):
    assert "4 labelled" in trainer.data.about.value
    assert "50 x 4 x 4 nm" in trainer.data.about.value
    assert trainer.strip.roles.validation
    trainer.model.name.value = "mine"
    trainer.run.start.native.click()
    assert not trainer.run.start.enabled

    event = wait()

    assert isinstance(event, Finished), getattr(event, "details", event)
    assert "mine" in [package.info.name for package in list_models()]
    assert len(trainer.state.history) == 2
    assert "V_rand" in trainer.run.status.value
    assert str(event.result.package) in trainer.run.status.value
    preview = viewer.layers["Training preview"]
    assert preview.data.shape == (1, 96, 96)
    z = trainer.strip.roles.validation[0]
    np.testing.assert_allclose(preview.translate, (50 * z, 0, 0))
    assert not {"tensorflow", "keras"} & set(sys.modules)
