"""The dock *Segment* in a real window, with the real worker and the model that ships."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from functools import partial

import numpy as np
import pytest
import yaml
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QMessageBox
from scipy.ndimage import gaussian_filter

from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.segment.postprocess import to_cells, to_mask
from napari_emseg.model.packages.library import shipped_folder
from napari_emseg.session.prediction.prediction import PredictionSettings
from napari_emseg.types import Cancelled, Failed, Finished
from napari_emseg.ui.background.job_runner import job_runner
from napari_emseg.ui.painting.autosave import autosave_of
from napari_emseg.ui.prediction.source_image import LayerImage
from napari_emseg.ui.segment import dock as module
from napari_emseg.ui.viewer.layers import visible_region
from napari_emseg.ui.viewer.workspace import workspace_of

JOB_TIMEOUT_MS = 90_000
MANY = 600
"""Slices of a stack that is not done before a test has acted, on a busy machine too."""


@pytest.fixture
def ended(dock, ends_of):
    return ends_of(dock)


@pytest.fixture
def wait(ended):
    return ended.wait


@pytest.fixture
def run(viewer, dock, qtbot, ended):
    """A segmentation of a whole stack in the middle: some slices are there, most are not."""
    image = np.random.default_rng(1).integers(0, 255, (MANY, 256, 256), np.uint8)
    viewer.add_image(image, name="em")
    dock.buttons.whole.native.click()
    qtbot.waitUntil(lambda: "em [default] mask" in viewer.layers, timeout=JOB_TIMEOUT_MS)
    assert not ended
    return dock.prediction


def test_one_click_segments_the_slice_that_is_shown(viewer, image, dock, wait):
    layer = viewer.add_image(image, name="em", scale=(50, 4, 4), translate=(100, 8, 0))
    viewer.dims.set_current_step(0, 3)
    dock.buttons.current.native.click()
    assert not dock.buttons.current.enabled
    assert dock.status.stop.enabled

    assert isinstance(wait(), Finished)

    mask, probability = (
        viewer.layers["em [default] mask"],
        viewer.layers["em [default] probability"],
    )
    for result in (mask, probability):
        assert result.data.shape == image.shape
        np.testing.assert_array_equal(result.scale, layer.scale)
        np.testing.assert_array_equal(result.translate, layer.translate)
    shown = [z for z in range(len(image)) if probability.data[z].any()]
    assert shown == [3]
    assert probability.data.dtype == np.float32
    rules = MaskConfig(dock.fields.threshold.value)
    np.testing.assert_array_equal(mask.data[3], to_mask(probability.data[3], rules))
    assert dock.buttons.current.enabled
    assert not dock.status.stop.enabled
    assert "1 slice" in dock.status.message.value
    assert "tensorflow" not in sys.modules
    assert "keras" not in sys.modules


def test_whole_stack_begins_at_the_shown_slice_and_fills_the_same_layers(viewer, image, dock, wait):
    viewer.add_image(image, name="em")
    viewer.dims.set_current_step(0, 2)
    dock.buttons.current.native.click()
    wait()
    done = []
    accept = dock.prediction.accept
    dock.prediction.accept = lambda z: (done.append(z), accept(z))
    dock.buttons.whole.native.click()
    wait()
    assert [layer.name for layer in viewer.layers] == [
        "em",
        "em [default] probability",
        "em [default] mask",
    ]
    assert done[0] == 2
    assert sorted(done) == [0, 1, 2, 3, 4]
    assert all(viewer.layers["em [default] probability"].data[z].any() for z in range(5))


def test_averaged_over_all_orientations_a_turned_slice_gives_the_turned_result(
    viewer, image, dock, wait
):
    dock.fields.tta.value = True
    results = []
    for name, data in (("em", image[0]), ("turned", np.rot90(image[0]).copy())):
        dock.fields.image.value = viewer.add_image(data, name=name)
        dock.buttons.current.native.click()
        assert isinstance(wait(), Finished)
        results.append(viewer.layers[f"{name} [default] probability"].data)
    np.testing.assert_allclose(results[1], np.rot90(results[0]), atol=1e-3)


def test_the_visible_part_alone(viewer, image, dock, wait, qtbot):
    layer = viewer.add_image(np.tile(image, (1, 8, 8)), name="em", scale=(50, 4, 4))
    viewer.dims.set_current_step(0, 3)
    viewer.scene.camera.zoom *= 4
    viewer.scene.camera.center = (0, 4 * 300, 4 * 200)
    qtbot.waitUntil(lambda: layer.corner_pixels[0, 1] > 0)
    rows, columns = visible_region(viewer, layer)
    assert rows.start < 300 < rows.stop < 512
    assert columns.start < 200 < columns.stop < 640
    dock.buttons.visible_part.native.click()
    assert isinstance(wait(), Finished)

    probability = np.array(viewer.layers["em [default] probability"].data)
    assert probability[3, rows, columns].any(axis=1).all()
    assert viewer.layers["em [default] mask"].data[3, rows, columns].any()
    probability[3, rows, columns] = 0
    assert not probability.any()


def test_the_visible_part_of_a_view_from_the_side_is_refused(viewer, image, dock, monkeypatch):
    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)
    viewer.add_image(image, name="em")
    viewer.dims.order = (1, 0, 2)
    dock.buttons.visible_part.native.click()
    assert "seen from above" in dock.status.message.value
    assert not dock.status.stop.enabled
    viewer.dims.order = (0, 1, 2)
    assert "seen from above" not in dock.status.message.value


@pytest.mark.parametrize(("order", "ndisplay"), [((1, 0, 2), 2), ((0, 1, 2), 3)])
def test_a_slice_that_is_not_seen_is_not_the_current_one(
    viewer, image, dock, monkeypatch, order, ndisplay, qtbot
):
    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)
    viewer.add_image(image, name="em")
    viewer.dims.order, viewer.dims.ndisplay = order, ndisplay
    dock.buttons.current.native.click()
    assert "expected a view of one slice" in dock.status.message.value
    assert len(viewer.layers) == 1
    viewer.dims.order, viewer.dims.ndisplay = (0, 1, 2), 2
    qtbot.waitUntil(lambda: "will take" in dock.status.message.value, timeout=JOB_TIMEOUT_MS)


@pytest.mark.parametrize("is_edited", [False, True])
def test_what_is_said_of_results_goes_with_them(viewer, image, dock, wait, qtbot, is_edited):
    viewer.add_image(image, name="em")
    dock.buttons.current.native.click()
    wait()
    qtbot.waitUntil(lambda: dock.status.message.value.startswith("1 slice in"))
    if is_edited:
        viewer.layers["em [default] mask"].paint((0, 10, 10), 7)
        dock.fields.threshold.value = 0.9
        assert "edited by hand" in dock.status.message.value
    said = dock.status.message.value
    viewer.layers.remove("em [default] probability")
    assert dock.status.message.value == said
    viewer.layers.remove("em [default] mask")
    qtbot.waitUntil(lambda: "will take" in dock.status.message.value, timeout=JOB_TIMEOUT_MS)
    viewer.layers.remove("em")
    assert dock.status.message.value == "Choose an image and press a button."


def test_before_the_click_it_is_said_what_it_will_take(viewer, image, dock, qtbot):
    def said(text):
        qtbot.waitUntil(lambda: text in dock.status.message.value, timeout=JOB_TIMEOUT_MS)
        return dock.status.message.value

    assert dock.status.message.value == "Choose an image and press a button."
    viewer.add_image(image, name="em")
    told = said("5 slices of 1 tile will take about")
    assert "with OpenVINO" in told
    assert "MiB" in told
    dock.fields.slices.value = "1:3"
    said("2 slices of 1 tile will take about")
    dock.fields.slices.value = ""
    dock.fields.image.value = viewer.add_image(np.tile(image[0], (40, 32)), name="large")
    said("1 slice of 4 tiles will take about")
    viewer.layers.clear()
    said("Choose an image and press a button.")


def test_single_slice_image(viewer, image, dock, wait):
    viewer.add_image(image[0], name="em")
    dock.buttons.whole.native.click()
    wait()
    assert viewer.layers["em [default] mask"].data.shape == image[0].shape


@pytest.fixture
def blobs(viewer, dock, qtbot):
    """A prediction without the network: wandering blobs in five slices, of which two are done."""
    noise = gaussian_filter(np.random.default_rng(0).normal(size=(5, 64, 80)), (1, 3, 3))
    viewer.add_image(np.zeros(noise.shape, np.uint8), name="em")
    viewer.dims.set_current_step(0, 2)
    fields = dock.fields
    settings = PredictionSettings(fields.model.value, fields.device.value, fields.config)
    prediction = dock.session.prediction_to_fill(LayerImage(viewer, fields.image.value), settings)
    prediction.apply(*fields.rules)
    prediction.probability[:] = np.clip(0.5 + noise / (4 * noise.std()), 0, 1)
    prediction.add_layer()
    for z in (2, 3):
        prediction.accept(z)
    qtbot.waitUntil(lambda: "em [default] mask" in viewer.layers)
    return prediction


def settle(prediction, qtbot):
    """Wait until all that was asked for is shown."""
    calls = []
    prediction.when_shown(lambda: calls.append(1))
    qtbot.waitUntil(lambda: bool(calls), timeout=10_000)


def test_threshold_and_smallest_cell_act_without_predicting_again(viewer, dock, blobs, qtbot):
    for threshold, smallest_cell in ((0.6, 10), (0.6, 80), (0.3, 0)):
        dock.fields.threshold.value, dock.fields.smallest_cell.value = threshold, smallest_cell
        settle(blobs, qtbot)
        expected = to_mask(blobs.probability, MaskConfig(threshold, smallest_cell))
        expected[[0, 1, 4]] = 0  # no slice of these is there yet
        np.testing.assert_array_equal(viewer.layers["em [default] mask"].data, expected)


def test_cells_are_shown_and_linked_and_keep_their_ids_while_the_slider_moves(
    viewer, dock, blobs, qtbot
):
    dock.fields.threshold.value, dock.fields.link.value = 0.55, "slices"
    dock.fields.result.value = "cells"
    settle(blobs, qtbot)
    assert not viewer.layers["em [default] mask"].visible
    cells = viewer.layers["em [default] cells"].data
    assert cells.dtype == np.uint32
    np.testing.assert_array_equal(cells[2:4] > 0, to_mask(blobs.probability, MaskConfig(0.55))[2:4])
    assert not cells[[0, 1, 4]].any()
    assert len(np.intersect1d(cells[2], cells[3])) > 3

    before = cells[2].copy()
    dock.fields.threshold.value = 0.56
    settle(blobs, qtbot)
    both = (before > 0) & (cells[2] > 0)
    assert (before != cells[2]).any()
    assert np.mean(before[both] == cells[2][both]) > 0.9


def test_slices_that_come_out_of_turn_are_linked_in_the_end(viewer, dock, blobs, qtbot):
    dock.fields.result.value, dock.fields.link.value = "mask and cells", "slices"
    blobs.expect()
    for z in (0, 4, 1):
        blobs.accept(z)
    blobs.finish(then=lambda: None)
    settle(blobs, qtbot)
    rules = MaskConfig(dock.fields.threshold.value)
    cells, mask = viewer.layers["em [default] cells"].data, viewer.layers["em [default] mask"].data
    np.testing.assert_array_equal(cells > 0, mask > 0)
    linked = to_cells(blobs.probability, rules)
    assert len({*zip(cells.ravel(), linked.ravel(), strict=True)}) == linked.max() + 1


def test_one_more_slice_of_a_mask_is_made_and_drawn_once(viewer, dock, blobs, qtbot):
    settle(blobs, qtbot)
    mask, made, drawn = viewer.layers["em [default] mask"], [], []
    filled = blobs._results["mask"].filled
    blobs._results["mask"].filled = lambda z, **how: (made.append(z), filled(z, **how))
    viewer.dims.set_current_step(0, 1)
    mask.events.set_data.connect(lambda: drawn.append(viewer.dims.current_step[0]))
    before = mask.thumbnail.copy()
    blobs.expect()
    blobs.accept(1)
    ended = []
    blobs.finish(then=lambda: ended.append(1))
    qtbot.waitUntil(lambda: bool(ended))
    assert (made, drawn) == ([1], [1])
    assert (mask.thumbnail != before).any()


@pytest.mark.parametrize("first", ["finish", "remove"])
def test_who_waits_for_a_prediction_that_is_taken_away_is_told(dock, blobs, qtbot, first):
    """Revert, in the dock Correct, takes it away while Segment fills it."""
    told = []
    acts = [blobs.remove, lambda: blobs.finish(then=lambda: told.append(True))]
    for act in acts if first == "remove" else reversed(acts):
        act()
    qtbot.waitUntil(lambda: bool(told))
    dock.fields.threshold.value = 0.3  # and what is gone is not made anew


def test_edited_cells_are_never_written_to(viewer, dock, blobs, qtbot):
    dock.fields.result.value = "mask and cells"
    settle(blobs, qtbot)
    painted = viewer.layers["em [default] cells"]
    painted.paint((2, 10, 10), 7)
    before = painted.data.copy()
    dock.fields.threshold.value = 0.9
    assert "edited" in dock.status.message.value
    settle(blobs, qtbot)
    np.testing.assert_array_equal(painted.data, before)
    np.testing.assert_array_equal(
        viewer.layers["em [default] mask"].data[2], to_mask(blobs.probability[2], MaskConfig(0.9))
    )


def test_edited_mask_is_never_written_to(viewer, image, dock, wait):
    viewer.add_image(image, name="em")
    dock.buttons.current.native.click()
    wait()
    painted = viewer.layers["em [default] mask"]
    painted.paint((0, 10, 10), 7)
    before = painted.data.copy()

    dock.fields.threshold.value = 0.99
    assert "edited" in dock.status.message.value
    dock.buttons.whole.native.click()
    wait()

    np.testing.assert_array_equal(painted.data, before)
    assert len(viewer.layers) == 5
    assert painted in viewer.layers


def test_after_ctrl_z_the_same_layers_are_filled(viewer, image, dock, wait):
    viewer.add_image(image, name="em")
    dock.buttons.current.native.click()
    wait()
    mask, names = viewer.layers["em [default] mask"], [layer.name for layer in viewer.layers]
    mask.paint((0, 10, 10), 7)
    mask.undo()
    dock.buttons.whole.native.click()
    assert isinstance(wait(), Finished)
    assert [layer.name for layer in viewer.layers] == names
    rules = MaskConfig(dock.fields.threshold.value)
    np.testing.assert_array_equal(mask.data, to_mask(dock.prediction.probability, rules))


def test_the_dock_of_another_viewer_leaves_a_prediction_alone(
    make_napari_viewer, viewer, image, dock, wait
):
    elsewhere = make_napari_viewer(show=True)
    _, other = elsewhere.window.add_plugin_dock_widget("napari-emseg", "Segment")
    viewer.add_image(image, name="em")
    dock.buttons.current.native.click()
    wait()
    mask = viewer.layers["em [default] mask"].data.copy()
    assert dock.prediction.done
    assert other.prediction is None
    other.fields.threshold.value = 0.01
    other.fields.result.value = "cells"
    np.testing.assert_array_equal(viewer.layers["em [default] mask"].data, mask)
    assert viewer.layers["em [default] mask"].visible

    model = dock.fields.model.value
    workspace_of(elsewhere).chosen.emit(model.folder)
    assert dock.fields.model.value is model


def test_reviewed_mask_is_never_written_to(viewer, dock, blobs, qtbot):
    mask = viewer.layers["em [default] mask"]
    autosave_of(viewer).of(mask).review(2, reviewed=True)
    before = mask.data.copy()
    dock.fields.threshold.value = 0.9
    assert "edited" in dock.status.message.value
    settle(blobs, qtbot)
    np.testing.assert_array_equal(mask.data, before)


def test_layers_outlive_the_shared_files(viewer, image, dock, wait):
    viewer.add_image(image, name="em")
    dock.buttons.current.native.click()
    wait()
    first, probability = dock.prediction, viewer.layers["em [default] probability"]
    before = probability.data.copy()
    viewer.layers["em [default] mask"].paint((0, 10, 10), 7)
    dock.buttons.current.native.click()
    wait()
    assert not first.out_path.exists()
    assert dock.prediction.out_path.exists()
    np.testing.assert_array_equal(probability.data, before)


def test_mask_edited_while_the_stack_runs_is_left_alone(viewer, run, wait):
    painted = viewer.layers["em [default] mask"]
    painted.paint((59, 10, 10), 7)
    before = painted.data.copy()
    assert isinstance(wait(), Cancelled)
    np.testing.assert_array_equal(painted.data, before)


def test_stop_keeps_finished_slices(viewer, dock, run, wait):
    dock.status.stop.native.click()
    assert isinstance(wait(), Cancelled)
    assert 0 < len(run.done) < MANY
    assert all(viewer.layers["em [default] probability"].data[z].any() for z in run.done)
    assert dock.buttons.current.enabled


def test_killed_worker_is_said_and_the_next_click_works(viewer, dock, run, wait, monkeypatch):
    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)
    os.kill(dock._runner.worker_pid, signal.SIGKILL)
    event = wait()
    assert isinstance(event, Failed)
    assert event.crashed
    assert "SIGKILL" in dock.status.message.value
    assert all(viewer.layers["em [default] probability"].data[z].any() for z in run.done)
    dock.buttons.current.native.click()
    assert isinstance(wait(), Finished)


def test_dock_closed_while_it_runs_stops_and_keeps_the_layers(viewer, docked, run, qtbot):
    runner = job_runner()
    viewer.window.remove_dock_widget(docked[0])
    qtbot.waitUntil(lambda: not runner._ticket_of, timeout=JOB_TIMEOUT_MS)
    assert not runner._listeners
    assert "em [default] mask" in viewer.layers
    done = len(run.done)
    qtbot.wait(300)
    assert len(run.done) == done < MANY


@pytest.mark.parametrize("answer", [False, True])
def test_closing_the_dock_in_mid_run_asks(viewer, docked, run, monkeypatch, answer, qtbot, wait):
    dock, widget = docked
    asked = []
    monkeypatch.setattr(module, "ask", lambda _, *text: bool(asked.append(text)) or answer)
    dock.title.close_button.click()
    assert [text[0] for text in asked] == ["Close the dock and stop segmenting?"]
    assert ("Segment" in " ".join(viewer.window.dock_widgets)) != answer
    if answer:
        qtbot.waitUntil(lambda: not job_runner()._ticket_of, timeout=JOB_TIMEOUT_MS)
        assert 0 < len(run.done) < MANY
        return
    done = len(run.done)
    qtbot.waitUntil(lambda: len(run.done) > done, timeout=JOB_TIMEOUT_MS)
    widget.status.stop.native.click()
    wait()
    dock.title.close_button.click()
    assert len(asked) == 1  # nothing runs any more


def test_closing_napari_in_mid_run_asks(viewer, dock, run, monkeypatch, wait):
    asked = []
    monkeypatch.setattr(module, "ask", lambda _, *text: bool(asked.append(text)))
    window = dock.window()
    window.close()
    assert [text[0] for text in asked] == ["Close napari and stop segmenting?"]
    assert window.isVisible()
    dock.status.stop.native.click()
    assert isinstance(wait(), Cancelled)


def test_the_closing_question_is_answered_by_its_buttons(viewer, docked, run, qtbot):
    def answer(text):
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        seen.append((box.text(), box.informativeText()))
        next(each for each in box.buttons() if each.text() == text).click()

    dock, seen = docked[0], []
    for text in ("Go on segmenting", "Stop"):
        QTimer.singleShot(200, partial(answer, text))
        dock.title.close_button.click()
        is_there = "Segment" in " ".join(viewer.window.dock_widgets)
        assert is_there == (text == "Go on segmenting")
    assert seen == [("Close the dock and stop segmenting?", "Finished slices are kept.")] * 2
    qtbot.waitUntil(lambda: not job_runner()._ticket_of, timeout=JOB_TIMEOUT_MS)
    assert viewer.layers["em [default] mask"].data.any()


def test_without_an_image_it_is_said_that_there_is_none(viewer, dock, monkeypatch):
    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)
    dock.buttons.current.native.click()
    assert "open or choose an image" in dock.status.message.value
    assert "open or choose an image" in notification_manager.records[-1].message
    assert dock.buttons.current.enabled


def test_of_the_whole_stack_only_the_slices_wanted_the_nearest_first(viewer, image, dock, wait):
    viewer.add_image(image, name="em")
    viewer.dims.set_current_step(0, 4)
    dock.fields.slices.value = "0, 2:4"
    assert dock.buttons.whole.text == "These slices"
    done = []
    fields = dock.fields
    settings = PredictionSettings(fields.model.value, fields.device.value, fields.config)
    image = LayerImage(viewer, viewer.layers["em"])
    prediction = dock.session.prediction_to_fill(image, settings)
    accept = prediction.accept
    prediction.accept = lambda z: (done.append(z), accept(z))
    dock.buttons.whole.native.click()
    assert isinstance(wait(), Finished)
    assert done == [3, 2, 0]
    assert "3 slices" in dock.status.message.value

    dock.fields.slices.value = ""
    assert dock.buttons.whole.text == "Whole stack"


@pytest.mark.parametrize(
    ("text", "words"), [("3:", "received '3:'"), ("4,9", "from 0 to 4, received 4 to 9")]
)
def test_slices_that_are_not_there_are_said_and_nothing_begins(
    viewer, image, dock, ended, monkeypatch, text, words
):
    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)
    viewer.add_image(image, name="em")
    dock.fields.slices.value = text
    dock.buttons.whole.native.click()
    assert words in dock.status.message.value
    assert words in notification_manager.records[-1].message
    assert dock.buttons.whole.enabled
    assert [type(event) for event in ended] == [Failed]
    assert [layer.name for layer in viewer.layers] == ["em"]


def open_again(viewer, docked):
    viewer.window.remove_dock_widget(docked[0])
    return viewer.window.add_plugin_dock_widget("napari-emseg", "Segment")[1]


def test_fields_begin_as_they_were_left(viewer, docked):
    fields = docked[1].fields
    fields.result.value, fields.smallest_cell.value, fields.link.value = "cells", 77, "slices"
    fields.merging.value = 0.8
    fields.tta.value, fields.slices.value, fields.threshold.value = True, "3:7", 0.11
    fields = open_again(viewer, docked).fields
    assert (fields.result.value, fields.smallest_cell.value) == ("cells", 77)
    assert (fields.link.value, fields.merging.value) == ("slices", 0.5)
    assert (fields.tta.value, fields.exact.value) == (True, False)
    assert fields.slices.value == ""
    assert fields.threshold.value == fields.model.value.info.threshold


def test_device_that_is_found_late_is_taken_again_and_one_that_is_gone_is_not(viewer, docked):
    docked[1].fields.offer_devices(["gpu:0", "cpu:0"])
    docked[1].fields.device.value = "gpu:0"
    fields = open_again(viewer, docked).fields
    assert fields.device.value == "auto"
    fields.offer_devices(["cpu:0"])
    assert fields.device.value == "auto"
    fields.offer_devices(["gpu:0", "cpu:0"])
    assert fields.device.value == "gpu:0"


def test_chosen_device_outlives_a_new_layer(viewer, image, dock):
    dock.fields.offer_devices(["gpu:0", "cpu:0"])
    dock.fields.device.value = "gpu:0"
    viewer.add_image(image)
    assert dock.fields.device.value == "gpu:0"


def test_model_that_is_gone_falls_back_to_the_one_that_ships(viewer, docked, tmp_path, monkeypatch):
    monkeypatch.setenv("EMSEG_MODELS_DIR", str(tmp_path))
    shutil.copytree(shipped_folder(), tmp_path / "mine")
    fields = docked[1].fields
    fields.model.reset_choices()
    fields.model.value = fields.model.choices[-1]
    fields = open_again(viewer, docked).fields
    assert fields.model.current_choice == "mine"
    shutil.rmtree(tmp_path / "mine")
    fields = open_again(viewer, docked).fields
    assert fields.model.current_choice == "default"


def test_threshold_of_the_model_is_taken(dock):
    assert dock.fields.threshold.value == dock.fields.model.value.info.threshold


def test_another_model_leaves_the_shown_mask_alone(
    viewer, image, dock, wait, tmp_path, monkeypatch
):
    library = tmp_path / "models"
    shutil.copytree(shipped_folder(), library / "other")
    rdf = library / "other" / "rdf.yaml"
    described = yaml.safe_load(rdf.read_text())
    described["config"]["napari_emseg"].update(name="other", threshold=0.95)
    rdf.write_text(yaml.safe_dump(described))
    monkeypatch.setenv("EMSEG_MODELS_DIR", str(library))
    viewer.add_image(image, name="em")
    dock.reset_choices()
    dock.buttons.current.native.click()
    wait()
    before = viewer.layers["em [default] mask"].data.copy()

    models = dock.fields.model.choices
    dock.fields.model.value = next(each for each in models if each.info.name == "other")
    assert dock.fields.threshold.value == 0.95
    np.testing.assert_array_equal(viewer.layers["em [default] mask"].data, before)

    dock.buttons.current.native.click()
    wait()
    assert "em [other] mask" in viewer.layers
    np.testing.assert_array_equal(viewer.layers["em [default] mask"].data, before)
    assert not viewer.layers["em [default] mask"].visible


def test_dock_stands_in_both_menus(viewer):
    from app_model.types import SubmenuItem  # noqa: F401  napari's own menu model
    from napari._app_model import get_app_model

    menus = get_app_model().menus
    in_layers = [item.command.id for item in menus.get_menu("napari/layers/segment")]
    assert "napari-emseg.segment" in in_layers


def test_what_the_image_is_taken_for_and_what_a_person_may_say_of_it(viewer, image, dock, qtbot):
    fields = dock.fields
    em = viewer.add_image(image, name="em", scale=(50, 16, 16), units="nm")
    qtbot.waitUntil(lambda: "membranes taken for" in fields.taken_for.value)
    assert fields.taken_for.value.startswith(
        "uint8, 5 slices of 64 x 80 px (Z, Y, X), 50 x 16 x 16 nm;"
    )
    qtbot.waitUntil(lambda: "resampled by 4." in dock.status.message.value, timeout=JOB_TIMEOUT_MS)
    fields.membranes.value = "bright"
    assert "membranes bright, as chosen" in fields.taken_for.value
    fields.pixel_size.value = 4
    qtbot.waitUntil(lambda: "will take" in dock.status.message.value, timeout=JOB_TIMEOUT_MS)
    assert "resampled" not in dock.status.message.value
    assert (fields.config.membranes, fields.config.pixel_size_nm) == ("bright", 4)

    fields.image.value = viewer.add_image(image, name="other")
    assert "voxel size unknown" in fields.taken_for.value
    assert fields.config == type(fields.config)(), "it held for the other image"
    viewer.layers.remove("other")
    assert fields.image.value is em
    assert "50 x 16 x 16 nm" in fields.taken_for.value
    viewer.layers.remove(em)
    assert fields.taken_for.value == ""


def test_of_an_image_in_several_scales_the_level_nearest_to_the_model_is_segmented(
    viewer, image, dock, wait, qtbot
):
    fine = np.kron(image, np.ones((1, 4, 4), np.uint8))
    levels = [fine, fine[:, ::2, ::2], image]
    em = viewer.add_image(levels, name="em", multiscale=True, scale=(50, 1, 1), units="nm")
    assert dock.fields.stack.level.visible
    assert dock.fields.stack.level.value == 2
    assert "64 x 80 px (Z, Y, X), 50 x 4 x 4 nm" in dock.fields.taken_for.value
    dock.buttons.current.native.click()
    assert isinstance(wait(), Finished)
    assert dock.fields.image.value is em
    mask = viewer.layers["em, level 2 [default] mask"]
    assert mask.data.shape == (5, 64, 80)
    assert mask.data.any()
    corner = (0, -0.5, -0.5)
    np.testing.assert_allclose(mask.data_to_world(corner), em.data_to_world(corner))
    np.testing.assert_allclose(mask.scale, (50, 4, 4))

    dock.fields.stack.level.value = 1
    assert "128 x 160 px (Z, Y, X), 50 x 2 x 2 nm" in dock.fields.taken_for.value
    dock.buttons.current.native.click()
    assert isinstance(wait(), Finished)
    assert dock.prediction.mask.shape == (5, 128, 160)
    assert viewer.layers["em, level 1 [default] mask"].data.shape == (5, 128, 160)
    dock.fields.image.value = viewer.add_image(image, name="plain")
    assert not dock.fields.stack.level.visible
