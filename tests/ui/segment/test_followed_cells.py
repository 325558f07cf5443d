"""Cells through the volume in the dock *Segment*, in a real window, without the network."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QAbstractSlider, QApplication
from scipy.ndimage import gaussian_filter

from napari_emseg.engine.cells import volume as cutter
from napari_emseg.session.prediction.prediction import PredictionSettings
from napari_emseg.session.segment.session import Phase
from napari_emseg.ui.prediction.source_image import LayerImage

LEFT = Qt.MouseButton.LeftButton
TIMEOUT_MS = 120_000
"""Far more than anything takes, on a busy machine too."""


@pytest.fixture
def cuts(monkeypatch):
    """How often slices were cut into fragments; each waits until ``go`` is set."""
    cut = cutter.fragment_volume

    def counted(*args, **more):
        counted.times += 1
        counted.go.wait(TIMEOUT_MS / 1000)
        return cut(*args, **more)

    counted.times, counted.go = 0, threading.Event()
    counted.go.set()
    monkeypatch.setattr(cutter, "fragment_volume", counted)
    yield counted
    counted.go.set()


@pytest.fixture
def walls(viewer, dock, qtbot):
    """A prediction of six slices of cells with walls between them, which a person wants to see."""
    dock.session.estimator.abandon()  # an answer that comes late would be said in place of cells
    noise = gaussian_filter(np.random.default_rng(0).normal(size=(6, 96, 128)), (1, 5, 5))
    viewer.add_image(np.zeros(noise.shape, np.uint8), name="em")
    viewer.dims.set_current_step(0, 2)
    fields = dock.fields
    fields.result.value = "mask and cells"
    settings = PredictionSettings(fields.model.value, fields.device.value, fields.config)
    prediction = dock.session.prediction_to_fill(LayerImage(viewer, fields.image.value), settings)
    prediction.apply(*fields.rules)
    prediction.probability[:] = np.clip(1.5 * np.abs(noise) / noise.std(), 0, 1)
    prediction.expect()
    prediction.add_layer()
    for z in range(6):
        prediction.accept(z)
    return prediction


def finish(prediction, qtbot):
    """No more slices come, and all that came are shown."""
    ended = []
    prediction.finish(then=lambda: ended.append(1))
    qtbot.waitUntil(lambda: bool(ended), timeout=TIMEOUT_MS)


def wait_until_followed(dock, qtbot):
    qtbot.waitUntil(
        lambda: " cells" in dock.status.message.value and dock.session.phase is Phase.IDLE,
        timeout=TIMEOUT_MS,
    )


def test_merge_more_acts_on_a_solved_volume_without_cutting_it_again(
    viewer, dock, walls, cuts, qtbot
):
    finish(walls, qtbot)
    wait_until_followed(dock, qtbot)
    cells = viewer.layers["em [default] cells"]
    assert cells.data.all()
    before, counted, cut_before = walls.count.cells, [], cuts.times
    walls.counted.connect(lambda: counted.append(1))
    slider = dock.fields.merging.native.findChild(QAbstractSlider)
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_End)
    assert dock.fields.merging.value == 1
    qtbot.waitUntil(lambda: bool(counted) and walls.count.cells < before, timeout=TIMEOUT_MS)
    assert f"{walls.count.cells:,} cell" in dock.status.message.value
    assert len(np.unique(cells.data)) <= walls.count.cells

    filled = cells.data.copy()
    box = dock.fields.fill_membranes.native
    qtbot.mouseClick(box, LEFT, pos=QPoint(8, box.height() // 2))
    assert dock.fields.fill_membranes.value is False
    is_cell = walls.probability > dock.fields.threshold.value
    expected = np.where(is_cell, filled, 0)
    qtbot.waitUntil(lambda: ((cells.data > 0) == is_cell).all(), timeout=TIMEOUT_MS)
    assert len({*zip(cells.data.ravel(), expected.ravel(), strict=True)}) == len(
        np.unique(expected)
    )
    assert cuts.times == cut_before


def test_while_they_are_followed_all_else_can_be_done_and_it_can_be_stopped(
    viewer, dock, walls, cuts, qtbot
):
    cuts.go.clear()
    finish(walls, qtbot)
    linked = walls.cells.copy()
    qtbot.waitUntil(lambda: dock.session.phase is Phase.FOLLOWING, timeout=TIMEOUT_MS)
    said = "Following cells through the volume ..."
    qtbot.waitUntil(lambda: dock.status.message.value == said, timeout=TIMEOUT_MS)
    assert dock.buttons.whole.enabled
    qtbot.mouseClick(dock.status.stop.native, LEFT)
    assert dock.session.phase is Phase.IDLE
    assert not dock.status.stop.enabled
    cuts.go.set()
    wait_until_followed(dock, qtbot)
    QApplication.processEvents()
    np.testing.assert_array_equal(walls.cells > 0, linked > 0)

    dock.fields.threshold.value = 0.3
    qtbot.waitUntil(lambda: walls.cells.all(), timeout=TIMEOUT_MS)
    assert cuts.times == 2


def test_fields_are_seen_where_they_act(dock):
    fields = dock.fields

    def seen():
        return [each.visible for each in (fields.link, fields.merging, fields.fill_membranes)]

    fields.result.value = "mask"
    assert seen() == [False, False, False]
    fields.result.value = "mask and cells"
    assert seen() == [True, True, True]
    fields.link.value = "slices"
    assert seen() == [True, False, False]
    fields.merging.value = 0.7
    assert (fields.rules.cells.link, fields.rules.cells.merging) == ("slices", 0.7)
