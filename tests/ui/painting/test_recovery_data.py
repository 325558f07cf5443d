"""A labels layer from a recovery."""

from __future__ import annotations

import json

import numpy as np
import pytest
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_emseg.errors import ReadError
from napari_emseg.io.layer_metadata import LayerMetadata
from napari_emseg.io.recovery import PaintedSlice, Recovery
from napari_emseg.ui.painting.recovery_data import layer_data
from napari_emseg.ui.viewer.class_colors import class_looks, class_names_of
from napari_emseg.ui.viewer.label_colors import MASK_COLORS
from napari_emseg.ui.viewer.stack_layers import NapariLabels


@pytest.fixture(params=[3, 2])
def layer(request) -> Labels:
    data = np.random.default_rng(0).integers(0, 9, (4, 12, 10)).astype(np.uint16)
    return Labels(
        data[-request.param + 3 :] if request.param == 3 else data[0],
        name="mine",
        opacity=0.3,
        scale=(50, 4, 5)[-request.param :],
        translate=(1, 2, 3)[-request.param :],
        rotate=10,
        units="nm",
    )


def kept(layer: Labels) -> Recovery:
    z = 1 if layer.ndim == 3 else 0
    recovery = Recovery.new()
    about = {**NapariLabels(layer).about(), "reviewed": [z]}
    labels = layer.data[z] if layer.ndim == 3 else layer.data
    recovery.write(about, [(z, PaintedSlice(labels, labels == 5))])
    return recovery


def test_a_layer_comes_back_where_it_was(layer):
    data, meta = layer_data(kept(layer))
    back = Labels(data, **meta)
    z = 1 if layer.ndim == 3 else 0
    index = z if layer.ndim == 3 else ...
    np.testing.assert_array_equal(back.data[index], layer.data[index])
    if layer.ndim == 3:
        assert not back.data[[0, 2, 3]].any()
    assert (back.name, back.opacity, back.units) == (layer.name, layer.opacity, layer.units)
    point = (1, 2, 3)[-layer.ndim :]
    np.testing.assert_allclose(back.data_to_world(point), layer.data_to_world(point))
    edits = meta["metadata"]["napari_emseg"]["edits"]
    assert edits.reviewed == edits.slices == (z,)
    np.testing.assert_array_equal(edits.of(z).touched(back.data[index]), layer.data[index] == 5)


def test_a_mask_keeps_its_colours():
    colors = DirectLabelColormap(color_dict=MASK_COLORS)
    layer = Labels(np.ones((4, 12, 10), np.uint8), colormap=colors)
    _, meta = layer_data(kept(layer))
    assert isinstance(Labels(np.ones((4, 12, 10), np.uint8), **meta).colormap, DirectLabelColormap)


@pytest.mark.parametrize("damage", [{}, {"shape": "x"}, {"dtype": "nonsense"}, {"place": None}])
def test_what_cannot_be_restored_is_said(layer, damage):
    recovery = kept(layer)
    header = recovery.folder / "layer.json"
    header.write_text(json.dumps(json.loads(header.read_text()) | damage if damage else {}))
    with pytest.raises(ReadError, match="cannot be restored"):
        layer_data(recovery)


def test_classes_come_back_with_names_and_colours():
    names = ("membrane", "cell", "mitochondrion")
    layer = Labels(
        np.zeros((4, 16, 16), np.uint8), metadata=LayerMetadata(class_names=names).stored(),
        **class_looks(names),
    )  # fmt: skip
    layer.paint((1, 8, 8), 3)
    data, meta = layer_data(kept(layer))
    back = Labels(data, **meta)
    assert class_names_of(back) == names
    np.testing.assert_array_equal(back.data, layer.data)
    assert back.features["class"][3] == "mitochondrion"
