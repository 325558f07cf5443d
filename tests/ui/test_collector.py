"""What is kept out of garbage collections, and that removed layers are freed all the same."""

from __future__ import annotations

import gc
import sys
import weakref

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_emseg.ui.collector import remove_layers, spare_the_window


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


@pytest.mark.skipif(sys.platform == "win32", reason="napari's own way is kept there")
def test_layers_go_without_a_walk_over_all_objects(viewer):
    layers = [viewer.add_image(np.zeros((8, 8))) for _ in range(3)]
    alive = [weakref.ref(layer) for layer in layers]
    spare_the_window(viewer)
    frozen = []

    def note(phase, info):
        if phase == "start" and info["generation"] == 2:
            frozen.append(gc.get_freeze_count())

    gc.callbacks.append(note)
    remove_layers(viewer, layers)
    gc.callbacks.remove(note)
    assert len(frozen) >= 3
    assert min(frozen) > 10_000
    layers.clear()
    gc.collect()
    assert [each() for each in alive] == [None] * 3
