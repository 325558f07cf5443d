"""The dock *Correct* in a real window, with real mouse and keys."""

from __future__ import annotations

import numpy as np
import pytest
from napari._qt.widgets.qt_keyboard_settings import ShortcutEditor
from napari.layers import Labels
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QPoint, Qt
from scipy import ndimage

from napari_emseg.errors import EmsegError
from napari_emseg.io.layer_metadata import LayerMetadata, change_metadata, metadata_of
from napari_emseg.io.napari_reader import get_reader
from napari_emseg.session.correct.brush import DRAW, FILL, MERGE, SPLIT, TOOLS
from napari_emseg.ui.correct.fields import NEW
from napari_emseg.ui.painting import autosave
from napari_emseg.ui.painting.autosave import autosave_of

SHAPE = (5, 64, 80)


def grid(ids: bool) -> np.ndarray:
    """Four cells on every slice, with membranes 4 px thick; with ids 1 to 4 in reading order."""
    cells = np.zeros(SHAPE, np.uint32 if ids else np.uint8)
    for k, (rows, columns) in enumerate(
        (r, c) for r in (slice(4, 30), slice(34, 60)) for c in (slice(4, 38), slice(42, 76))
    ):
        cells[:, rows, columns] = k + 1 if ids else 1
    return cells


@pytest.fixture
def image_layer(viewer, image):
    return viewer.add_image(image, name="em", scale=(50, 4, 4), translate=(100, 8, 0))


BY_A_MODEL = LayerMetadata(source="em", model="/models/default").stored()


@pytest.fixture(params=[False, True], ids=["mask", "cells"])
def are_ids(request):
    return request.param


@pytest.fixture
def prediction(viewer, image_layer, are_ids):
    return viewer.add_labels(
        grid(are_ids), name="em cells" if are_ids else "em mask",
        scale=(50, 4, 4), translate=(100, 8, 0), metadata=BY_A_MODEL,
    )  # fmt: skip


@pytest.fixture
def docked(viewer, prediction):
    return viewer.window.add_plugin_dock_widget("napari-emseg", "Correct")


@pytest.fixture
def correct(docked):
    return docked[1]


@pytest.fixture
def layer(viewer, correct, qtbot) -> Labels:
    """The whole prediction made editable, slice 2 shown."""
    correct.editable.whole.native.click()
    qtbot.waitUntil(lambda: "em corrected" in viewer.layers, timeout=5000)
    viewer.dims.set_current_step(0, 2)
    qtbot.wait(50)
    return viewer.layers["em corrected"]


@pytest.fixture
def quiet(monkeypatch):
    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)


def follower(viewer, layer):
    return autosave_of(viewer).of(layer)


def stroke(layer, z: int, *places: tuple[int, int], label: int = 0, size: int = 3) -> None:
    layer.brush_size = size
    with layer.block_history():
        for place in places:
            layer.paint((z, *place)[-layer.ndim :], label)


# -- make editable -------------------------------------------------------------------------------


def test_one_click_makes_a_layer_to_paint_on(viewer, correct, prediction, layer, are_ids):
    np.testing.assert_array_equal(layer.data, prediction.data)
    assert layer.data is not prediction.data
    assert layer.data.dtype == prediction.data.dtype
    np.testing.assert_array_equal(layer.translate, prediction.translate)
    assert viewer.layers.selection.active is layer
    assert correct.fields.labels.value is layer
    assert correct.fields.meaning.value == ("cells" if are_ids else "mask")
    assert not prediction.visible
    assert "5 slices" in correct.status.value
    assert follower(viewer, layer).edits.slices == ()


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_the_current_slice_alone(viewer, correct, prediction, qtbot):
    viewer.dims.set_current_step(0, 3)
    for order, ndisplay in (((1, 0, 2), 2), ((0, 1, 2), 3)):  # rolled axes; three dimensions
        viewer.dims.order, viewer.dims.ndisplay = order, ndisplay
        correct.editable.current.native.click()
        assert "expected a view of one slice" in correct.status.value
    viewer.dims.ndisplay = 2
    correct.editable.current.native.click()
    qtbot.waitUntil(lambda: "em corrected" in viewer.layers, timeout=5000)
    made = viewer.layers["em corrected"].data
    assert [z for z in range(5) if made[z].any()] == [3]


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_a_range_of_slices(viewer, correct, prediction, qtbot):
    correct.editable.slices.value = "1:3"
    assert correct.editable.whole.text == "These slices"
    correct.editable.whole.native.click()
    qtbot.waitUntil(lambda: "em corrected" in viewer.layers, timeout=5000)
    made = viewer.layers["em corrected"].data
    assert [z for z in range(5) if made[z].any()] == [1, 2]
    assert metadata_of(viewer.layers["em corrected"]).predicted == (1, 2)
    change_metadata(prediction, predicted=(0, 1, 3))
    correct.editable.slices.value = "2:5"
    correct.editable.whole.native.click()
    qtbot.waitUntil(lambda: "written" in correct.status.value, timeout=5000)
    assert metadata_of(viewer.layers["em corrected"]).predicted == (1, 2, 3)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("keep my edits", "kept"), ("only empty slices", "old"), ("replace", "new")],
)
@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_a_new_prediction_goes_around_what_was_edited(
    viewer, correct, prediction, layer, qtbot, policy, expected
):
    before = layer.data.copy()
    stroke(layer, 2, (10, 10))
    painted = layer.data.copy()
    prediction.data[:, :2] = 1
    correct.editable.policy.value = policy
    correct.editable.whole.native.click()
    qtbot.waitUntil(lambda: "written" in correct.status.value, timeout=5000)
    if expected == "old":
        np.testing.assert_array_equal(layer.data, painted)
        assert "5 left as they are" in correct.status.value
        return
    wanted = prediction.data.copy()
    if expected == "kept":
        wanted[2][painted[2] != before[2]] = 0
    np.testing.assert_array_equal(layer.data, wanted)
    assert follower(viewer, layer).edits.slices == ((2,) if expected == "kept" else ())
    layer.undo()
    np.testing.assert_array_equal(layer.data, painted)
    assert follower(viewer, layer).edits.slices == (2,)
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)


def test_what_is_written_into_is_seen_alone(viewer, correct, prediction, layer, qtbot):
    layer.visible, prediction.visible = False, True  # as Retrain leaves them
    correct.editable.current.native.click()
    qtbot.waitUntil(lambda: "written" in correct.status.value, timeout=5000)
    assert layer.visible
    assert not prediction.visible


def test_a_tool_brings_up_labels_that_are_hidden(viewer, correct, prediction, layer, mouse):
    layer.visible, prediction.visible = False, True
    correct.brush.buttons[DRAW].native.click()
    assert layer.visible
    assert not prediction.visible, "colours that lie on one another add up"
    assert layer.mode == "erase"
    prediction.visible = True
    correct.brush.buttons[SPLIT].native.click()
    assert prediction.visible, "as a person wants to see it"


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_only_empty_slices_are_filled(viewer, correct, prediction, layer, qtbot):
    correct.editable.slices.value = "0"
    correct.fields.labels.value = NEW
    correct.editable.whole.native.click()
    qtbot.waitUntil(lambda: "em corrected [1]" in viewer.layers, timeout=5000)
    partly = viewer.layers["em corrected [1]"]
    correct.editable.slices.value = ""
    correct.editable.policy.value = "only empty slices"
    stroke(partly, 0, (10, 10))
    first = partly.data[0].copy()
    correct.editable.whole.native.click()
    qtbot.waitUntil(lambda: "4 slices written" in correct.status.value, timeout=5000)
    np.testing.assert_array_equal(partly.data[0], first)
    np.testing.assert_array_equal(partly.data[1:], prediction.data[1:])


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_a_prediction_that_was_painted_on_brings_its_edits_along(
    viewer, correct, prediction, qtbot
):
    stroke(prediction, 1, (10, 10))
    correct.editable.whole.native.click()
    qtbot.waitUntil(lambda: "em corrected" in viewer.layers, timeout=5000)
    assert follower(viewer, viewer.layers["em corrected"]).edits.slices == (1,)


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_what_cannot_be_made_editable_is_said(viewer, correct, prediction, layer, quiet, are_ids):
    def refused(words: str) -> None:
        correct.editable.whole.native.click()
        assert words in correct.status.value
        assert words in notification_manager.records[-1].message

    correct.editable.prediction.value = layer
    refused("is the prediction itself")
    correct.editable.prediction.value = prediction
    small = viewer.add_labels(np.zeros((2, 8, 8), int), name="small")
    correct.fields.labels.value = small
    refused("expected the shape of")
    other = viewer.add_labels(grid(not are_ids), name="other")
    correct.fields.labels.value = other
    refused("which do not mix")
    fixed = grid(are_ids)
    fixed.flags.writeable = False
    correct.fields.labels.value = viewer.add_labels(fixed, name="fixed")
    refused("cannot be painted on")
    correct.editable.slices.value = "7"
    correct.fields.labels.value = NEW
    refused("from 0 to 4")
    viewer.dims.ndisplay = 3
    correct.editable.current.native.click()
    assert "buttons for 2-D" in correct.status.value


@pytest.mark.parametrize("are_ids", [True], indirect=True)
def test_ids_that_do_not_fit_are_said(viewer, correct, prediction, quiet, qtbot):
    prediction.data[1, 5, 5] = 300
    correct.fields.labels.value = viewer.add_labels(np.zeros(SHAPE, np.uint8), name="narrow")
    correct.editable.whole.native.click()
    qtbot.waitUntil(lambda: "up to 255, received 300" in correct.status.value, timeout=5000)


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_without_layers_the_way_is_said(viewer, correct, prediction, quiet):
    viewer.layers.clear()
    correct.editable.current.native.click()
    assert "segment the stack first" in correct.status.value


# -- what is edited ------------------------------------------------------------------------------


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_corrections_are_what_is_edited_or_reviewed(
    viewer, correct, image_layer, layer, qtbot, quiet
):
    with pytest.raises(EmsegError, match="no slice of"):
        _ = correct.corrections
    stroke(layer, 2, (10, 10))
    correct.review.strip.turned.emit(4)
    found = correct.corrections
    assert (found.image, found.labels, found.slices) == (image_layer, layer, (2, 4))
    drawn = int((layer.data[2] != viewer.layers["em mask"].data[2]).sum())
    said = f"Learns from slice 2 ({drawn} pixels drawn) and slice 4 (reviewed)."
    qtbot.waitUntil(lambda: correct.retrain.learns_from.value == said, timeout=5000)
    layer.undo()
    qtbot.waitUntil(lambda: correct.corrections.slices == (4,), timeout=5000)
    correct.fields.labels.value = NEW
    with pytest.raises(EmsegError, match="make a prediction editable"):
        _ = correct.corrections
    correct.fields.labels.value = viewer.add_labels(np.zeros((2, 8, 8), int))
    with pytest.raises(EmsegError, match="belong together"):
        _ = correct.corrections


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_strip_shows_marks_and_goes(viewer, correct, layer, qtbot):
    strip = correct.review.strip
    stroke(layer, 1, (10, 10))
    assert strip.total == 5
    assert [strip.text_of(z).split()[2] for z in range(3)] == ["untouched", "edited", "untouched"]

    def click(z: int, button=Qt.MouseButton.LeftButton) -> None:
        qtbot.mouseClick(strip, button, pos=strip.box_of(z).center())

    click(3, Qt.MouseButton.RightButton)
    assert "reviewed" in strip.text_of(3)
    assert "reviewed&nbsp;1" in correct.review.legend._label.text()
    click(3)
    assert viewer.dims.current_step[0] == 3
    assert correct.review.reviewed.isChecked()
    correct.review.reviewed.click()
    assert follower(viewer, layer).edits.reviewed == ()
    viewer.dims.order = (1, 0, 2)  # z is a displayed axis: nowhere to go, nothing breaks
    click(1)
    viewer.dims.ndisplay = 3
    click(2)
    assert not correct.review.reviewed.isEnabled()


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_edits_outlive_saving_and_opening(viewer, correct, layer, tmp_path, qtbot):
    stroke(layer, 1, (10, 10))
    correct.review.strip.turned.emit(3)
    touched = follower(viewer, layer).edits.of(1).touched(layer.data[1])
    path = str(tmp_path / "labels.tif")
    viewer.layers.save(path, selected=True, plugin="napari-emseg")
    ((data, meta, _),) = get_reader(path)(path)
    viewer.layers.remove(layer)
    back = viewer.add_labels(data, **meta)
    correct.fields.labels.value = back
    edits = follower(viewer, back).edits
    assert edits.slices == (1, 3)
    assert edits.reviewed == (3,)
    np.testing.assert_array_equal(edits.of(1).touched(back.data[1]), touched)
    assert correct.corrections.slices == (1, 3)
    assert correct.recovery.recovery is None  # it was saved


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_layers_renamed_and_removed(viewer, correct, prediction, layer):
    layer.name = "mine"
    assert correct.fields.labels.value is layer
    assert correct.fields.labels.current_choice == "mine"
    correct.session.brush.take_up(DRAW)
    viewer.layers.remove(layer)
    assert correct.fields.labels.value == NEW
    assert correct.session.brush.tool is None
    assert correct.review.strip.total == 0
    assert not correct.brush.buttons[DRAW].enabled


# -- brush ---------------------------------------------------------------------------------------


class Mouse:
    """Clicks and drags on the canvas, at pixels of a layer."""

    def __init__(self, viewer, layer, qtbot) -> None:
        self._viewer, self._layer, self._qtbot = viewer, layer, qtbot
        self._canvas = viewer.window._qt_viewer.canvas

    def _point(self, y: float, x: float) -> QPoint:
        world = self._layer.data_to_world((2, y, x)[-self._layer.ndim :])[-2:]
        camera = self._viewer.scene.camera
        height, width = self._canvas.size
        off = (np.asarray(world) - camera.center[-2:]) * camera.zoom
        return QPoint(round(width / 2 + off[1]), round(height / 2 + off[0]))

    def click(self, y: float, x: float) -> None:
        native, point = self._canvas.native, self._point(y, x)
        self._qtbot.mouseMove(native, point)
        self._qtbot.mousePress(native, Qt.MouseButton.LeftButton, pos=point)
        self._qtbot.mouseRelease(native, Qt.MouseButton.LeftButton, pos=point)

    def drag(self, *places: tuple[float, float]) -> None:
        native, points = self._canvas.native, [self._point(*place) for place in places]
        self._qtbot.mouseMove(native, points[0])
        self._qtbot.mousePress(native, Qt.MouseButton.LeftButton, pos=points[0])
        # vispy and napari leave out moves in quick succession; a hand that stops moves once more
        for point in (*points[1:], points[-1]):
            self._qtbot.mouseMove(native, point)
            self._qtbot.wait(50)
        self._qtbot.mouseRelease(native, Qt.MouseButton.LeftButton, pos=points[-1])


@pytest.fixture
def mouse(viewer, layer, qtbot):
    return Mouse(viewer, layer, qtbot)


def count(labels: np.ndarray) -> int:
    return ndimage.label(labels)[1]


def one_step(layer, before: np.ndarray) -> None:
    """Ctrl-Z brings all of it back."""
    after = layer.data.copy()
    assert (after != before).any()
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)
    layer.redo()
    np.testing.assert_array_equal(layer.data, after)


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_draw_membrane(viewer, correct, layer, mouse):
    before = layer.data.copy()
    correct.brush.thickness.value = 5
    correct.brush.buttons[DRAW].native.click()
    assert correct.session.brush.tool is DRAW
    assert layer.brush_size == 5
    mouse.drag((2, 20), (15, 20), (32, 20))
    assert count(layer.data[2]) == 5
    assert not layer.data[2, 15, 18:23].any()
    assert layer.data[2, 15, 17]
    one_step(layer, before)
    correct.brush.buttons[DRAW].native.click()
    assert correct.session.brush.tool is None
    assert (layer.mode, layer.brush_size) == ("pan_zoom", 10)
    assert follower(viewer, layer).edits.slices == (2,)


def test_fill_cell(viewer, correct, layer, mouse, are_ids):
    stroke(layer, 2, (15, 20), size=6)
    stroke(layer, 2, *((y, x) for y in range(36, 60, 4) for x in range(44, 76, 4)), size=8)
    before = layer.data.copy()
    correct.brush.thickness.value = 2
    correct.session.brush.take_up(FILL)
    mouse.click(15, 20)
    assert (layer.data[2, 4:30, 4:38] == 1).all()
    one_step(layer, before)
    before = layer.data.copy()
    mouse.click(47, 59)
    assert layer.data[2, 47, 59] == (5 if are_ids else 1)
    assert count(layer.data[2]) == 4
    one_step(layer, before)


def test_split_here(viewer, correct, layer, mouse, are_ids):
    before = layer.data.copy()
    correct.session.brush.take_up(SPLIT)
    mouse.drag((2, 15), (15, 15), (32, 15))
    assert count(layer.data[2]) == 5
    parts = layer.data[2, 10, [8, 30]]
    np.testing.assert_array_equal(parts, [5, 1] if are_ids else [1, 1])
    one_step(layer, before)
    np.testing.assert_array_equal(layer.data[[0, 1, 3, 4]], before[[0, 1, 3, 4]])
    if are_ids:
        mouse.drag((46, 40), (46, 55))  # ends inside the cell
        assert len(np.unique(layer.data[2])) == 6
        mouse.drag((2, 60), (15, 60), (32, 60))
        assert layer.data.max() == 6


def test_merge_these_two(viewer, correct, layer, mouse, are_ids):
    before = layer.data.copy()
    correct.session.brush.take_up(MERGE)
    mouse.click(10, 10)
    np.testing.assert_array_equal(layer.data, before)
    assert "second cell" in correct.status.value
    mouse.click(10, 60)
    assert (layer.data[2, 10, 10:70] == 1).all()
    assert count(layer.data[2]) == 3
    np.testing.assert_array_equal(layer.data[[0, 1, 3, 4]], before[[0, 1, 3, 4]])
    one_step(layer, before)


@pytest.mark.parametrize("are_ids", [True], indirect=True)
def test_merge_through_the_stack(viewer, correct, layer, mouse):
    layer.data[0][layer.data[0] == 2] = 0  # it ends above slice 1 ...
    layer.data[4][layer.data[4] == 2] = 4
    before = layer.data.copy()
    correct.brush.through_stack.value = True
    correct.session.brush.take_up(MERGE)
    mouse.click(10, 10)
    mouse.click(10, 60)
    assert (layer.data[1:4, 10, 60] == 1).all()
    assert not (layer.data == 2).any()
    np.testing.assert_array_equal(layer.data[[0, 4]], before[[0, 4]])
    one_step(layer, before)
    assert follower(viewer, layer).edits.slices == (1, 2, 3)


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_what_the_tools_cannot_do_is_said(viewer, correct, layer, mouse, quiet):
    before = layer.data.copy()
    correct.session.brush.take_up(FILL)
    mouse.click(15, 15)
    assert "cell already" in correct.status.value
    correct.session.brush.take_up(MERGE)
    mouse.click(15, 15)
    mouse.click(20, 20)
    assert "same cell" in correct.status.value
    mouse.click(15, 15)
    mouse.click(-4, 15)
    assert "beside the layer" in correct.status.value
    mouse.drag((15, 15), (30, 60))  # moves the picture
    np.testing.assert_array_equal(layer.data, before)
    correct.session.brush.put_down()
    viewer.dims.ndisplay = 3
    correct.session.brush.take_up(DRAW)
    assert correct.session.brush.tool is None
    assert "buttons for 2-D" in correct.status.value


def _shown(widget, qtbot):
    qtbot.addWidget(widget)
    return widget


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_a_hint_goes_when_it_no_longer_holds(viewer, correct, layer, mouse, are_ids):
    correct.session.brush.take_up(MERGE)
    mouse.click(10, 10)
    assert "second cell" in correct.status.value
    viewer.dims.set_current_step(0, 3)
    assert correct.status.value == MERGE.hint
    correct.session.brush.put_down()
    assert correct.status.value == ""


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_closing_napari_asks_while_painting_is_not_saved(viewer, correct, layer, monkeypatch):
    asked = []
    monkeypatch.setattr(autosave, "ask", lambda _, *text: bool(asked.append(text)))
    window = viewer.window._qt_window
    stroke(layer, 1, (10, 10))
    window.close()
    assert window.isVisible()
    assert layer.name in asked[0][0]


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_keys_act_while_the_dock_is_open(viewer, docked, correct, layer, qtbot):
    canvas = viewer.window._qt_viewer.canvas.native
    listed = _shown(ShortcutEditor(), qtbot).key_bindings_strs["Labels layer"]
    assert "napari-emseg:draw_membrane" in listed
    for tool in TOOLS:
        qtbot.keyClick(canvas, tool.key.lower())
        assert correct.session.brush.tool is tool
        assert correct.brush.buttons[tool].value
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert correct.session.brush.tool is None
    assert correct.status.value == ""
    qtbot.keyClick(canvas, "r")
    assert follower(viewer, layer).edits.reviewed == (2,)
    qtbot.keyClick(canvas, "d")
    viewer.window.remove_dock_widget(docked[0])
    assert not layer.keymap
    assert (layer.mode, layer.brush_size) == ("pan_zoom", 10)
    qtbot.keyClick(canvas, "d")
    assert layer.mode == "pan_zoom"
    stroke(layer, 1, (10, 10))  # still followed, and kept safe
    assert follower(viewer, layer).edits.slices == (1, 2)


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_tools_of_napari_take_over(viewer, correct, layer):
    for tool in TOOLS:
        correct.session.brush.take_up(tool)
        layer.mode = "fill"
        assert correct.session.brush.tool is None
        assert layer.mode == "fill"
        assert layer.brush_size == 10
        assert not correct.brush.buttons[tool].value


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_thickness_follows_napari_and_is_remembered(viewer, docked, correct, layer):
    correct.session.brush.take_up(DRAW)
    layer.brush_size = 7
    assert correct.brush.thickness.value == 7
    correct.brush.thickness.value = 4
    assert layer.brush_size == 4
    correct.session.brush.put_down()
    layer.brush_size = 12
    assert correct.brush.thickness.value == 4
    viewer.window.remove_dock_widget(docked[0])
    _, again = viewer.window.add_plugin_dock_widget("napari-emseg", "Correct")
    assert again.brush.thickness.value == 4


def test_a_single_slice(viewer, image, qtbot):
    viewer.add_image(image[0], name="em")
    viewer.add_labels(grid(True)[0], name="em cells", metadata=BY_A_MODEL)
    _, correct = viewer.window.add_plugin_dock_widget("napari-emseg", "Correct")
    correct.editable.current.native.click()
    qtbot.waitUntil(lambda: "em corrected" in viewer.layers, timeout=5000)
    layer = viewer.layers["em corrected"]
    mouse = Mouse(viewer, layer, qtbot)
    before = layer.data.copy()
    correct.session.brush.take_up(SPLIT)
    mouse.drag((2, 15), (15, 15), (32, 15))
    assert layer.data[10, 8] == 5
    one_step(layer, before)
    assert correct.corrections.slices == (0,)
    correct.review.strip.turned.emit(0)
    assert correct.review.reviewed.isChecked()


@pytest.mark.parametrize("are_ids", [False], indirect=True)
def test_restored_labels_are_chosen(viewer, correct, prediction, layer, qtbot):
    stroke(layer, 2, (10, 10))
    autosave_of(viewer).wait()
    viewer.layers.remove(layer)
    qtbot.waitUntil(lambda: correct.recovery.recovery is not None)
    correct.recovery.accept.native.click()
    back = viewer.layers["em corrected"]
    assert correct.fields.labels.value is back
    assert follower(viewer, back).edits.slices == (2,)
    correct.editable.policy.value = "only empty slices"
    correct.editable.whole.native.click()
    qtbot.waitUntil(lambda: "4 slices written" in correct.status.value, timeout=5000)


def test_retrain_learns_from_what_is_edited(correct, layer, monkeypatch, quiet):
    begun = []
    monkeypatch.setattr(correct.retrain.session, "start", lambda *given: begun.append(given))
    correct.retrain.run.start.native.click()
    assert not begun
    assert "no slice of" in correct.retrain.run.message.value
    layer.paint((1, 20, 20), 0)
    correct.retrain.run.start.native.click()
    [(corrected, package, config)] = begun
    assert corrected.data.labels.data is layer.data
    assert corrected.pixels.slices == (1,)
    assert package.info.name == "default"
    assert config.minutes == 2


def test_what_a_model_made_is_offered_first(viewer, image):
    viewer.add_image(image, name="em")
    viewer.add_labels(np.ones(image.shape, np.uint8), name="truth")
    predicted = LayerMetadata(source="em", model="default").stored()
    made = viewer.add_labels(np.ones(image.shape, np.uint8), name="em mask", metadata=predicted)
    _, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Correct")
    assert dock.editable.prediction.value is made
