"""The legend of classes, over napari's layers and with real buttons."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt

from napari_emseg.io.layer_metadata import LayerMetadata
from napari_emseg.ui.prediction.layer_legend import LayerLegend
from napari_emseg.ui.viewer.class_colors import hidden_classes

NAMES = ("membrane", "cell", "mitochondrion")


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def legend(viewer, qtbot):
    made = LayerLegend(viewer)
    qtbot.addWidget(made.widget)
    made.widget.resize(300, 60)
    yield made
    made.stop()


def add(viewer, names, name="classes"):
    about = LayerMetadata(class_names=names).stored()
    return viewer.add_labels(np.ones((2, 8, 8), np.uint8), name=name, metadata=about)


def test_without_classes_there_is_no_legend(viewer, legend):
    viewer.add_labels(np.ones((2, 8, 8), np.uint8))
    assert legend.widget.isHidden()
    layer = add(viewer, NAMES)
    assert [each.text() for each in legend.widget.buttons] == list(NAMES)
    assert not legend.widget.isHidden()
    viewer.layers.remove(layer)
    assert legend.widget.isHidden()


def test_a_click_hides_a_class_and_another_shows_it(viewer, legend, qtbot):
    layer = add(viewer, NAMES)
    button = legend.widget.buttons[1]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert hidden_classes(layer.colormap, 3) == {2}
    assert not button.isChecked()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert hidden_classes(layer.colormap, 3) == set()


def test_it_is_of_the_layer_that_is_selected(viewer, legend):
    one, other = add(viewer, NAMES), add(viewer, ("membrane", "cell", "nucleus", "vesicle"))
    assert legend.layer is other
    viewer.layers.selection.active = one
    assert legend.layer is one
    viewer.add_image(np.zeros((2, 8, 8)))  # selected, and of no classes
    assert legend.layer is other
