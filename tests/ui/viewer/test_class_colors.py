"""Colours of classes, and their names under the pointer."""

from __future__ import annotations

import numpy as np
from napari.layers import Labels

from napari_emseg.io.layer_metadata import LayerMetadata
from napari_emseg.ui.viewer.class_colors import (
    CLASS_COLORS,
    class_colormap,
    class_looks,
    class_names_of,
    dress,
    hidden_classes,
)

NAMES = ("membrane", "cell", "mitochondrion")


def shown(layer: Labels) -> np.ndarray:
    return layer.colormap.map(np.arange(4, dtype=np.uint8))


def test_each_class_has_a_colour_of_its_own_whatever_the_others_are():
    assert len(set(CLASS_COLORS)) == 16
    few, many = class_colormap(3), class_colormap(16)
    values = np.arange(4, dtype=np.uint8)
    np.testing.assert_array_equal(few.map(values), many.map(values))
    assert few.map(np.uint8(0))[..., 3] == 0  # unknown


def test_hidden_ones_are_told():
    assert hidden_classes(class_colormap(3, {2}), 3) == {2}
    assert hidden_classes(class_colormap(3), 3) == set()


def test_napari_says_the_name_under_the_pointer():
    layer = Labels(np.full((2, 4, 4), 3, np.uint8), **class_looks(NAMES))
    assert "mitochondrion" in layer.get_status((0, 1, 1))["value"]


def test_a_layer_from_a_file_gets_colours_and_names():
    about = LayerMetadata(class_names=NAMES).stored()
    layer = Labels(np.full((4, 4), 2, np.uint8), metadata=about)
    assert class_names_of(layer) == NAMES
    dress(layer, NAMES)
    np.testing.assert_array_equal(shown(layer), shown(Labels(layer.data, **class_looks(NAMES))))
    layer.colormap = class_colormap(3, {1})
    dress(layer, NAMES)  # what a person has hidden stays hidden
    assert hidden_classes(layer.colormap, 3) == {1}
    assert "cell" in layer.get_status((1, 1))["value"]
