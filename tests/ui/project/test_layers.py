"""Layers as a project keeps them."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels

from napari_emseg.errors import ReadError
from napari_emseg.io.layer_metadata import LayerMetadata, metadata_of
from napari_emseg.io.project.project_file import ProjectLayer
from napari_emseg.ui.project.layers import kept_layers, layer_of
from napari_emseg.ui.viewer.class_colors import class_looks


def test_classes_come_back_with_their_names_and_colours():
    names = ("membrane", "cell", "mitochondrion")
    about = LayerMetadata("em", "/m/mito", "classes", 2.0, class_names=names, predicted=(0, 1))
    data = np.arange(3, dtype=np.uint8)[:, None, None].repeat(12, 1).repeat(10, 2) + np.uint8(1)
    layer = Labels(data, metadata=about.stored(), **class_looks(names))
    (kept,), said = kept_layers([layer])
    assert said == []
    back = layer_of(kept)
    assert metadata_of(back) == about
    np.testing.assert_array_equal(back.data, data)
    for number in range(1, 4):
        np.testing.assert_array_equal(back.colormap.map(number), layer.colormap.map(number))
    assert back.features["class"].tolist() == ["unknown", *names]


@pytest.mark.parametrize("wrong", [{"blending": "no blending"}, {"scale": "wide"}])
def test_what_no_layer_looks_like_is_left_out_and_says_so(wrong):
    (kept,), _ = kept_layers([Labels(np.ones((2, 12, 10), np.uint8), name="em mask")])
    with pytest.raises(ReadError, match="'em mask' is left out"):
        layer_of(ProjectLayer(kept.about | wrong, kept.stack))
