"""Classes in the dock *Correct*, in a real window."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtCore import Qt

from napari_emseg.io.layer_metadata import LayerMetadata, metadata_of
from napari_emseg.session.correct.brush import DRAW
from napari_emseg.ui.viewer.class_colors import class_looks, class_names_of
from napari_emseg.ui.viewer.layers import as_stack

NAMES = ("membrane", "cell", "mitochondrion")


@pytest.fixture
def prediction(viewer, image) -> Labels:
    """Cells with a part of class 3 in each, as a model of three classes predicts them."""
    viewer.add_image(image, name="em")
    tile = np.ones((16, 16), np.uint8)
    tile[2:14, 2:14], tile[5:8, 5:8] = 2, 3
    about = LayerMetadata(source="em", model="/models/mito", class_names=NAMES).stored()
    return viewer.add_labels(
        np.tile(tile, (5, 4, 5)), name="em classes", metadata=about, **class_looks(NAMES)
    )


@pytest.fixture
def correct(viewer, prediction):
    return viewer.window.add_plugin_dock_widget("napari-emseg", "Correct")[1]


@pytest.fixture
def layer(viewer, correct, qtbot) -> Labels:
    """The prediction made editable."""
    correct.editable.whole.native.click()
    qtbot.waitUntil(lambda: "em corrected" in viewer.layers, timeout=5000)
    return viewer.layers["em corrected"]


def keys_of(layer):
    return {str(key): act for key, act in layer.keymap.items()}


def test_classes_made_editable_keep_names_and_colours(correct, prediction, layer):
    assert correct.fields.meaning.value == "classes"
    assert class_names_of(layer) == NAMES
    assert "mitochondrion" in layer.get_status((0, 6, 6))["value"]
    assert as_stack(layer, "labels").class_names == NAMES  # so Train need not guess
    values = np.arange(4, dtype=np.uint8)
    np.testing.assert_array_equal(layer.colormap.map(values), prediction.colormap.map(values))


def test_a_click_on_a_name_or_its_key_takes_up_the_brush(correct, layer, qtbot):
    button = correct.classes.widget.buttons[2]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert (layer.mode, layer.selected_label, button.isChecked()) == ("paint", 3, True)
    keys_of(layer)["1"](layer)
    assert (layer.mode, layer.selected_label, button.isChecked()) == ("paint", 1, False)


def test_a_stroke_is_counted_and_undone(correct, layer):
    before = layer.data.copy()
    correct.classes.take_up(3)
    layer.paint((2, 40, 40), layer.selected_label)
    assert correct.session.corrected_slices() == (2,)
    assert set(np.unique(layer.data[layer.data != before])) == {3}
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)
    assert not correct.session.tracker.is_edited


def test_membrane_is_drawn_as_its_class_and_the_brush_comes_back(correct, layer):
    layer.selected_label = 3
    correct.session.brush.take_up(DRAW)
    assert (layer.mode, layer.selected_label) == ("paint", 1)
    assert not any(each.isChecked() for each in correct.classes.widget.buttons)
    correct.classes.take_up(2)
    assert correct.session.brush.tool is None
    assert (layer.mode, layer.selected_label) == ("paint", 2)


def test_labels_from_a_file_that_a_person_calls_classes_get_names(viewer, correct, qtbot):
    scribbles = viewer.add_labels(np.zeros((5, 64, 80), np.uint8), name="scribbles")
    correct.fields.labels.value = scribbles
    assert correct.classes.widget.isHidden()
    correct.fields.meaning.value = "classes"
    assert metadata_of(scribbles).class_names == ("membrane", "cell", "class 3")
    assert [each.text() for each in correct.classes.widget.buttons] == [
        "membrane (1)", "cell (2)", "class 3 (3)",
    ]  # fmt: skip


def test_the_keys_go_with_the_labels(viewer, correct, layer):
    assert "3" in keys_of(layer)
    correct.fields.labels.value = "(new layer)"
    assert "3" not in keys_of(layer)
    assert correct.classes.widget.isHidden()
