"""Versions of a layer's pixels, over napari's layers without a window."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels

from napari_emseg.errors import ShapeError
from napari_emseg.io.layer_metadata import LayerMetadata
from napari_emseg.ui.viewer.layer_observer import LayerObserver

SLICES = 5


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def labels(viewer) -> Labels:
    layer = viewer.add_labels(np.zeros((SLICES, 30, 40), np.uint8), scale=(50, 4, 4))
    viewer.dims.set_current_step(0, 2)
    return layer


@pytest.fixture
def observer(viewer, labels):
    observer = LayerObserver(viewer, labels)
    yield observer
    observer.close()


def changed_slices(observer, act):
    """Slices that have another version after ``act``."""
    before = [observer.version(z) for z in range(SLICES)]
    act()
    return [z for z in range(SLICES) if observer.version(z) != before[z]]


def test_a_stroke_raises_the_version_of_its_slice(labels, observer):
    told = []
    observer.changed.connect(lambda: told.append(1))
    assert changed_slices(observer, lambda: labels.paint((2, 5, 5), 3)) == [2]
    assert told
    assert changed_slices(observer, labels.undo) == [2]
    assert changed_slices(observer, labels.redo) == [2]


def test_a_brush_in_three_dimensions_raises_all_that_it_touches(labels, observer):
    labels.n_edit_dimensions, labels.brush_size = 3, 30  # of 4 nm, where a slice has 50
    assert changed_slices(observer, lambda: labels.paint((2, 15, 15), 3)) == [1, 2, 3]


def test_pixels_set_elsewhere_raise_the_version_of_theirs(labels, observer):
    index = (np.array([4]), np.array([1]), np.array([1]))
    assert 4 in changed_slices(observer, lambda: labels.data_setitem(index, 3))


def test_the_slider_changes_no_pixels(viewer, observer):
    told = []
    observer.changed.connect(lambda: told.append(1))
    assert changed_slices(observer, lambda: viewer.dims.set_current_step(0, 3)) == []
    assert observer.seen_slice == 3
    assert told, "the session looks all the same"


def test_what_is_drawn_anew_may_have_changed(labels, observer):
    assert changed_slices(observer, labels.refresh) == [2]


def test_other_data_and_another_place_are_told_as_such(labels, observer):
    told = []
    observer.replaced.connect(lambda: told.append(1))
    labels.data = np.ones((SLICES, 30, 40), np.uint8)
    assert len(told) == 1
    labels.translate = (50, 0, 0)
    labels.scale = (50, 8, 8)
    assert len(told) == 3


def test_a_layer_that_is_let_go_tells_nothing(labels, observer):
    observer.close()
    assert changed_slices(observer, lambda: labels.paint((2, 5, 5), 3)) == []


def test_a_single_slice_is_a_stack_of_one(viewer):
    layer = viewer.add_labels(np.zeros((30, 40), np.uint8))
    observer = LayerObserver(viewer, layer)
    assert observer.shape == observer.data.shape == (1, 30, 40)
    assert observer.seen_slice == 0
    layer.paint((5, 5), 3)
    assert observer.version(0) > 0
    assert observer.read(0)[5, 5] == 3


def test_a_view_beside_the_layer_shows_no_slice(viewer, labels, observer):
    viewer.add_labels(np.zeros((20, 30, 40), np.uint8), scale=(50, 4, 4))
    viewer.dims.set_current_step(0, 15)
    assert observer.seen_slice is None


def test_what_a_layer_says_of_itself(viewer):
    probability = np.zeros((2, 4, 4), np.float32)
    metadata = LayerMetadata(source="em", model="/models/a").stored()
    observer = LayerObserver(viewer, viewer.add_image(probability, name="p", metadata=metadata))
    assert (observer.name, observer.model_folder) == ("p", "/models/a")
    assert not observer.holds_ids
    bare = LayerObserver(viewer, viewer.add_labels(probability.astype(np.uint8)))
    assert bare.model_folder == ""
    assert bare.holds_ids


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ({"translate": (100, 93, 92), "scale": (50, 4, 4)}, "whole pixels"),
        ({"translate": (100, 92, 92), "scale": (50, 5, 4)}, "equal pixel sizes"),
        ({}, "does not lie on .*write viewer.layers"),
    ],
)
def test_a_truth_that_does_not_fit_is_refused(viewer, observer, place, text):
    other = LayerObserver(viewer, viewer.add_labels(np.zeros((2, 9, 9), np.uint8), **place))
    with pytest.raises(ShapeError, match=text):
        observer.offset_of(other)


def test_the_offset_is_in_pixels_of_the_prediction(viewer, observer):
    part = viewer.add_labels(
        np.zeros((2, 9, 9), np.uint8), translate=(100, 92, -8), scale=(50, 4, 4)
    )
    assert observer.offset_of(LayerObserver(viewer, part)) == (2, 23, -2)
    flat = viewer.add_labels(np.zeros((9, 9), np.uint8))
    with pytest.raises(ShapeError, match="as many axes"):
        observer.offset_of(LayerObserver(viewer, flat))
