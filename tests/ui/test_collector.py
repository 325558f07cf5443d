"""What is kept out of garbage collections, and that removed layers are freed all the same."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_emseg.ui.collector import spare_the_window


@pytest.fixture(autouse=True)
def _thaw():
    yield
    gc.unfreeze()


def test_what_is_loaded_is_exempt():
    gc.unfreeze()
    spare_the_window(ViewerModel())
    assert gc.get_freeze_count() > 10_000


def test_removed_layer_is_freed(viewer):
    layer = viewer.add_image(np.zeros((8, 8)))
    alive = weakref.ref(layer)
    spare_the_window(viewer)
    del layer
    viewer.layers.clear()
    gc.collect()
    assert gc.get_freeze_count() == 0
    assert alive() is None
