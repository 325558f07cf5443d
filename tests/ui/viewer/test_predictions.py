"""The newest prediction of the image that is looked at, in the window and in all docks."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.io.layer_metadata import LayerMetadata
from napari_emseg.ui.painting.autosave import autosave_of
from napari_emseg.ui.viewer.predictions import (
    belongs_to,
    image_looked_at,
    newest_correction,
    newest_prediction,
    newest_truth,
)

PLUGIN = "napari-emseg"
SHAPE = (3, 40, 50)
LONG = "a very long name of a stack from the microscope, section 0001 to 0030, left half"


@pytest.fixture
def grey():
    return np.random.default_rng(0).integers(0, 255, SHAPE, np.uint8)


def add_prediction(viewer, made, *, source="em", model="/m/default", kind="mask", **options):
    about = LayerMetadata(source=source, model=model, kind=kind, made=made).stored()
    name = f"{source} [{model.rpartition('/')[2]}] {kind}"
    if kind == "probability":
        data = np.full(SHAPE, 0.7, np.float32)
        return viewer.add_image(data, name=name, metadata=about, **options)
    return viewer.add_labels(np.ones(SHAPE, np.uint8), name=name, metadata=about, **options)


def dock(viewer, name):
    return viewer.window.add_plugin_dock_widget(PLUGIN, name)[1]


def test_which_image_is_looked_at(make_napari_viewer, grey):
    viewer = make_napari_viewer()
    assert image_looked_at(viewer) is None
    one, two = (viewer.add_image(grey, name=name) for name in ("one", "two"))
    viewer.layers.selection.clear()
    viewer.layers.selection.active = None
    assert image_looked_at(viewer) is two
    two.visible = False
    assert image_looked_at(viewer) is one
    viewer.layers.selection.active = two
    assert image_looked_at(viewer) is two
    mask = add_prediction(viewer, 1.0, source="one")
    viewer.layers.selection.active = mask
    assert image_looked_at(viewer) is one, "to which the layer belongs that is selected"
    assert belongs_to(mask, one)


def test_the_newest_is_by_its_time_and_not_by_its_place(make_napari_viewer, grey):
    viewer = make_napari_viewer()
    em = viewer.add_image(grey, name="em")
    newer = add_prediction(viewer, 9.0, model="/m/mine")
    add_prediction(viewer, 3.0)
    add_prediction(viewer, 20.0, kind="changes")
    assert newest_prediction(viewer, em) is newer
    probability = add_prediction(viewer, 9.0, model="/m/mine", kind="probability", visible=False)
    assert newest_prediction(viewer, em) is probability
    assert newest_prediction(viewer, em, ("mask", "cells")) is newer
    assert newest_truth(viewer, em) is None
    assert newest_correction(viewer, em) is None


@pytest.mark.usefixtures("quiet")
def test_compare_opened_after_segment(viewer, grey):
    viewer.add_image(grey, name="em")
    old = add_prediction(viewer, 1.0)
    new = add_prediction(viewer, 2.0, model="/m/mine", kind="probability", visible=False)
    compare = dock(viewer, "Compare")
    assert compare.fields.prediction.value is new
    assert compare.fields.truth.value is None
    assert "open or paint labels" in compare.session.problem
    truth = viewer.add_labels(np.ones(SHAPE, np.uint8), name="truth")
    assert compare.fields.truth.value is truth
    compare.fields.prediction.value = old
    viewer.add_points(np.zeros((1, 3)))
    assert compare.fields.prediction.value is old, "a choice stays"
    newest = add_prediction(viewer, 3.0, model="/m/third", kind="probability")
    assert compare.fields.prediction.value is newest


def test_correct_follows_the_newest_and_offers_no_truth(viewer, grey):
    viewer.add_image(grey, name="em")
    viewer.add_labels(np.ones(SHAPE, np.uint8), name="truth")
    correct = dock(viewer, "Correct")
    assert correct.editable.prediction.value is None
    add_prediction(viewer, 1.0)
    second = add_prediction(viewer, 2.0, model="/m/mine")
    assert correct.editable.prediction.value is second


def test_correct_closed_and_opened_shows_its_labels_and_strip(viewer, grey):
    viewer.add_image(grey, name="em")
    add_prediction(viewer, 1.0)
    docked, correct = viewer.window.add_plugin_dock_widget(PLUGIN, "Correct")
    layer = viewer.add_labels(
        np.ones(SHAPE, np.uint8), name="em corrected",
        metadata=LayerMetadata(source="em", kind="cells").stored(),
    )  # fmt: skip
    assert correct.fields.labels.value is layer
    layer.paint((1, 5, 5), 3)
    viewer.window.remove_dock_widget(docked)
    again = dock(viewer, "Correct")
    assert again.fields.labels.value is layer
    assert again.fields.meaning.value == "cells", "as is noted with it"
    assert again.review.strip.color_of(1) != again.review.strip.color_of(0)


def test_what_is_restored_by_another_dock_is_picked_up(viewer, grey, qtbot):
    viewer.add_image(grey, name="em")
    correct, compare = dock(viewer, "Correct"), dock(viewer, "Compare")
    layer = viewer.add_labels(
        np.ones(SHAPE, np.uint8), name="em corrected",
        metadata=LayerMetadata(source="em", kind="mask").stored(),
    )  # fmt: skip
    layer.paint((1, 5, 5), 3)
    autosave_of(viewer).wait()
    viewer.layers.remove(layer)
    qtbot.waitUntil(lambda: compare.recovery.recovery is not None, timeout=5000)
    compare.recovery.accept.native.click()
    back = viewer.layers["em corrected"]
    assert correct.fields.labels.value is back
    assert belongs_to(back, viewer.layers["em"])
    assert correct.review.strip.total == SHAPE[0]


@pytest.mark.parametrize("name", ["Segment", "Correct", "Compare", "Train", "Measure"])
def test_no_name_of_a_layer_widens_a_dock(viewer, grey, qtbot, name):
    viewer.window.resize(1280, 800)
    docked, widget = viewer.window.add_plugin_dock_widget(PLUGIN, name)
    native = getattr(widget, "native", widget)
    image = viewer.add_image(grey, name="em")
    add_prediction(viewer, 1.0, source="em")
    labels = viewer.add_labels(np.ones(SHAPE, np.uint8), name="cells")

    def widths() -> tuple[int, int]:
        return docked.minimumSizeHint().width(), native.sizeHint().width()

    if name == "Train":  # what is found of the labels takes room of its own
        qtbot.waitUntil(lambda: widget.data.taken_for.value != "", timeout=20_000)
    before = None
    while before != (before := widths()):
        qtbot.wait(500)
    image.name, labels.name = LONG, LONG[::-1]
    qtbot.wait(100)
    assert widths() == before
    assert viewer.window.geometry()[2] <= 1280


@pytest.fixture
def quiet(monkeypatch):
    from napari.utils.notifications import notification_manager

    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)
