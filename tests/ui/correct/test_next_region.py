"""The panel *Next* in a real window: it jumps to doubtful places, wherever the layer lies."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_emseg.io.scratch import Scratch
from napari_emseg.model.packages.library import DEFAULT, find_model
from napari_emseg.session.correct.region_visits import Corrected, RegionVisits
from napari_emseg.session.prediction.prediction import Prediction
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.correct.next_region import NextRegionPanel
from napari_emseg.ui.correct.view import FRAME_PX, ViewerForCorrecting
from napari_emseg.ui.prediction.source_image import LayerImage
from napari_emseg.ui.viewer.layers import current_slice
from napari_emseg.ui.viewer.stack_layers import NapariLabels
from napari_emseg.ui.viewer.workspace import workspace_of

SHAPE = (4, 192, 256)


def doubtful(shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """Walls with one gap in slice 1, and a smaller cell behind a gap in slice 3."""
    probability = np.full(shape, 0.99, np.float32)
    for z, column in ((1, 100), (3, 30)):
        probability[z, :, column - 2 : column + 3] = 0.01
        probability[z, 90:100, column - 2 : column + 3] = 0.62
    return probability


def prediction_added(viewer, prediction):
    workspace_of(viewer).add(prediction)
    workspace_of(viewer).segmented.emit(prediction)


@pytest.fixture
def scratch(tmp_path):
    with Scratch(tmp_path) as scratch:
        yield scratch


@pytest.fixture
def predict(viewer, scratch):
    """A prediction as the worker leaves it; the window's side of it is real."""
    made = []

    def predict(probability=None, **place):
        probability = doubtful() if probability is None else probability
        image = viewer.add_image(np.zeros(probability.shape, np.uint8), name="em", **place)
        source = LayerImage(viewer, image)
        prediction = Prediction(source, find_model(DEFAULT), scratch, QtExecutor())
        prediction.apply(*prediction.rules)
        prediction.probability[:] = probability
        prediction.add_layer()
        for z in range(len(prediction.probability)):
            prediction.accept(z)
        prediction_added(viewer, prediction)
        made.append(prediction)
        return prediction

    yield predict
    for prediction in made:
        prediction.stop()


@pytest.fixture
def corrected():
    return []


@pytest.fixture
def panel(viewer, corrected):
    def source():
        return corrected[-1] if corrected else None

    show = ViewerForCorrecting(viewer).show_region
    panel = NextRegionPanel(viewer, RegionVisits(QtExecutor(), workspace_of(viewer), show, source))
    viewer.window.add_dock_widget(panel, name="Correct")
    yield panel
    panel.close_panel()


def wait_for_ranks(qtbot, panel):
    qtbot.waitUntil(lambda: bool(panel.visits.ranker.regions) and panel.visits.ranker.is_done)


def test_before_a_prediction_it_says_what_to_do(panel):
    panel.next.native.click()
    assert "Segment" in panel.message.value
    assert not panel.previous.enabled


def test_next_and_previous(viewer, predict, panel, qtbot):
    image = predict().image
    wait_for_ranks(qtbot, panel)
    panel.next.native.click()
    assert current_slice(viewer, image) == 1
    assert "Slice 1" in panel.message.value
    _, y, x = viewer.scene.camera.center
    assert 88 <= y < 102
    assert 96 <= x < 104
    panel.next.native.click()
    assert current_slice(viewer, image) == 3
    panel.previous.native.click()
    assert current_slice(viewer, image) == 1
    panel.next.native.click()
    assert current_slice(viewer, image) == 3
    for _ in range(20):
        panel.next.native.click()
    assert "left" in panel.message.value


def test_a_click_before_the_ranks_are_there_jumps_once_they_are(viewer, predict, panel, qtbot):
    image = predict().image
    panel.visits.ranker.regions.clear()
    panel.next.native.click()
    qtbot.waitUntil(lambda: "Slice" in panel.message.value)
    assert current_slice(viewer, image) in (1, 3)


def test_it_is_right_for_a_moved_and_scaled_layer(viewer, predict, panel, qtbot):
    image = predict(scale=(50, 4, 4), translate=(1000, -700, 300)).image
    wait_for_ranks(qtbot, panel)
    panel.next.native.click()
    assert current_slice(viewer, image) == 1
    _, y, x = viewer.scene.camera.center
    assert 88 <= (y + 700) / 4 < 102
    assert 96 <= (x - 300) / 4 < 104
    assert viewer.scene.camera.zoom * 64 * 4 >= 200


def test_it_is_right_for_rolled_axes(viewer, predict, panel, qtbot):
    predict(scale=(50, 4, 4))
    viewer.dims.order = (1, 0, 2)
    wait_for_ranks(qtbot, panel)
    panel.next.native.click()
    _, z, x = viewer.scene.camera.center
    assert z == pytest.approx(50)
    assert 96 <= x / 4 < 104
    assert 88 <= viewer.dims.point[1] / 4 < 102


def test_the_place_is_framed_and_it_is_said_why(viewer, predict, panel, qtbot):
    predict(scale=(50, 4, 4), translate=(0, 100, 0))
    wait_for_ranks(qtbot, panel)
    panel.next.native.click()
    assert "Slice 1: may merge these two cells (row 9" in panel.message.value
    frame = viewer.canvas.overlays["emseg_region"]
    assert frame.visible
    (top, left), (bottom, right) = frame.position
    middle = [size / 2 for size in viewer.canvas.viewbox_size(viewer.layers)]
    assert [(top + bottom) / 2, (left + right) / 2] == pytest.approx(middle)
    assert bottom - top == pytest.approx(FRAME_PX * 4 * viewer.scene.camera.zoom)
    viewer.dims.set_current_step(0, 2)
    assert not frame.visible, "on another slice there is nothing to frame"


def test_in_three_dimensions(viewer, predict, panel, qtbot):
    predict()
    viewer.dims.ndisplay = 3
    wait_for_ranks(qtbot, panel)
    panel.next.native.click()
    z, y, x = viewer.scene.camera.center
    assert z == pytest.approx(1)
    assert 88 <= y < 102
    assert 96 <= x < 104


def test_a_flat_image_beside_a_stack(viewer, predict, panel, qtbot):
    viewer.add_image(np.zeros((3, 8, 8)), name="other")
    predict(doubtful()[1])
    wait_for_ranks(qtbot, panel)
    panel.next.native.click()
    _, y, _ = viewer.scene.camera.center
    assert 88 <= y < 102


def test_what_is_corrected_is_passed_over(viewer, predict, panel, corrected, qtbot):
    prediction = predict()
    painted = (doubtful() > prediction.rules[1].threshold).astype(np.uint8)
    painted[1, 88:102, 96:105] = 0
    labels = viewer.add_labels(painted, name="own")
    corrected.append(Corrected(prediction.image, NapariLabels(labels), (1,)))
    wait_for_ranks(qtbot, panel)
    panel.next.native.click()
    assert current_slice(viewer, prediction.image) == 3


def test_keys_while_the_dock_is_open(viewer, predict, panel, qtbot):
    image = predict().image
    wait_for_ranks(qtbot, panel)
    keys = {str(key): call for key, call in ViewerModel.class_keymap.items()}
    assert {"Alt+N", "Shift+Alt+N"} <= set(keys)
    keys["Alt+N"](viewer)
    keys["Alt+N"](viewer)
    keys["Shift+Alt+N"](viewer)
    assert current_slice(viewer, image) == 1
    panel.close_panel()
    assert not {"Alt+N", "Shift+Alt+N"} & {str(key) for key in ViewerModel.class_keymap}
