"""The overlays of a round, in a real window."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.ui.prediction.source_image import LayerImage
from napari_emseg.ui.retrain.overlays import RetrainView
from napari_emseg.ui.viewer.layers import is_ours

MASK = np.zeros((64, 48), np.uint8)
MASK[10:30, 8:40] = 255


@pytest.mark.parametrize("shape", [(3, 64, 48), (64, 48)])
def test_a_quick_preview_is_outlines_that_nobody_paints_on(viewer, shape):
    image = viewer.add_image(np.zeros(shape, np.uint8), name="em", scale=(4,) * len(shape))
    painted = viewer.add_labels(np.zeros(shape, np.uint8), name="mine")
    viewer.layers.selection.active = painted
    preview = RetrainView(viewer).show_preview(LayerImage(viewer, image))
    z = len(shape) - 2  # 0 of a flat image
    preview.fill(z, MASK)
    layer = viewer.layers["em quick preview"]
    shown = layer.data[z] if layer.data.ndim == 3 else layer.data
    np.testing.assert_array_equal(shown, MASK != 0)
    assert layer.contour
    assert not layer.editable
    assert is_ours(layer), "it is no stack to segment"
    assert viewer.layers.selection.active is painted
    np.testing.assert_array_equal(layer.scale, image.scale)
    preview.remove()
    preview.remove()
    preview.fill(z, MASK)
    assert "em quick preview" not in viewer.layers
