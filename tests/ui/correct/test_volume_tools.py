"""The page *Volume* of the dock *Correct* in a real window, with real mouse and keys."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from tests.core.cells3d.made_volumes import discs

from napari_emseg.io.layer_metadata import LayerMetadata
from napari_emseg.session.correct.proofread import ProofreadPhase
from napari_emseg.session.correct.volume_tools import MERGE_CELLS, SPLIT_CELL

PROBABILITY = np.stack([discs((48, 24, 18), (48, 72, 18))] * 4)
LEFT, RIGHT = (0, 48, 24), (3, 48, 72)


@pytest.fixture
def labels(viewer):
    image = (PROBABILITY * 255).astype(np.uint8)
    viewer.add_image(image, name="em")
    about = {"source": "em", "model": "default", "made": 1.0}
    viewer.add_image(
        PROBABILITY, name="em probability", visible=False,
        metadata=LayerMetadata(kind="probability", **about).stored(),
    )  # fmt: skip
    cells = np.zeros(PROBABILITY.shape, np.uint32)
    cells[:, :, :48], cells[:, :, 48:] = 5, 6
    return viewer.add_labels(
        cells, name="em cells", metadata=LayerMetadata(kind="cells", **about).stored()
    )


@pytest.fixture
def dock(viewer, labels):
    dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Correct")[1]
    dock.fields.choose(labels)
    dock.tabs.setCurrentIndex(2)
    return dock


@pytest.fixture
def ready(dock, qtbot):
    session = dock.session.volume
    qtbot.mouseClick(dock.volume.run.start.native, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.phase is ProofreadPhase.READY, timeout=60_000)
    qtbot.waitUntil(lambda: "Looking" not in dock.session.message, timeout=60_000)
    return dock


@pytest.fixture
def click(viewer, labels, qtbot):
    """Click with a mouse on slice, row and column."""
    canvas = viewer.window._qt_viewer.canvas.native

    def click(place):
        world = labels.data_to_world(place)
        viewer.dims.set_point(0, world[0])
        viewer.reset_view()
        qtbot.wait(50)
        camera = viewer.scene.camera
        x = canvas.width() / 2 + (world[2] - camera.center[2]) * camera.zoom
        y = canvas.height() / 2 + (world[1] - camera.center[1]) * camera.zoom
        qtbot.mouseMove(canvas, QPoint(int(x), int(y)))
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(int(x), int(y)))

    return click


def press(viewer, qtbot, key, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(viewer.window._qt_viewer.canvas.native, key, modifier)


def test_cells_on_two_slices_are_merged_and_a_cut_is_seen_and_taken(
    viewer, labels, ready, click, qtbot
):
    before = labels.data.copy()
    qtbot.mouseClick(ready.volume.tools[MERGE_CELLS].native, Qt.MouseButton.LeftButton)
    click(LEFT)
    click(RIGHT)
    assert (labels.data == 5).all()
    press(viewer, qtbot, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (labels.data == before).all()

    click(LEFT)
    click(RIGHT)
    qtbot.mouseClick(ready.volume.tools[SPLIT_CELL].native, Qt.MouseButton.LeftButton)
    click(LEFT)
    click(RIGHT)
    assert "Two sides" in viewer.layers
    assert (labels.data == 5).all()
    assert ready.volume.take.enabled
    press(viewer, qtbot, Qt.Key.Key_Return)
    assert "Two sides" not in viewer.layers
    assert labels.data[LEFT] != labels.data[RIGHT]
    press(viewer, qtbot, Qt.Key.Key_Escape)
    assert ready.session.volume.tool is None


def test_a_question_is_answered_with_a_key(viewer, labels, ready, qtbot):
    session = ready.session.volume
    asked = session.question
    assert asked is not None
    assert ready.volume.same.enabled
    press(viewer, qtbot, Qt.Key.Key_Y if asked.is_one else Qt.Key.Key_N)
    qtbot.waitUntil(lambda: session.question != asked, timeout=30_000)
    decided = labels.metadata["napari_emseg"]["edits"].decisions
    assert len(decided["decisions"]) == 1


def test_a_tool_of_one_kind_puts_down_that_of_the_other(ready):
    ready.session.volume.take_up(MERGE_CELLS)
    ready.session.brush.take_up(next(iter(ready.brush.buttons)))
    assert ready.session.volume.tool is None
    ready.session.volume.take_up(MERGE_CELLS)
    assert ready.session.brush.tool is None


def test_a_mask_has_no_page_of_a_volume(viewer, labels, dock):
    dock.fields.meaning.value = "mask"
    assert not dock.volume.run.start.enabled
    assert not dock.volume.next.enabled


def test_closing_the_dock_leaves_no_layer_of_its_own(viewer, ready):
    assert "Two sides" in viewer.layers
    viewer.window.remove_dock_widget("all")
    assert "Two sides" not in viewer.layers
