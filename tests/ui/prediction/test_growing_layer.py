"""Layers that grow, and whether a person has edited them, in napari's own layers."""

from __future__ import annotations

import gc
from pathlib import Path
from weakref import ref

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_emseg.io.layer_metadata import LayerMetadata, metadata_of
from napari_emseg.io.scratch import Scratch
from napari_emseg.model.packages.package import ModelPackage, PackageInfo
from napari_emseg.session.direct_executor import DirectExecutor
from napari_emseg.session.prediction.prediction import Prediction
from napari_emseg.ui.painting.edit_tracker import tracker_of
from napari_emseg.ui.prediction.source_image import LayerImage
from napari_emseg.ui.viewer.workspace import workspace_of

SHAPE = (4, 12, 16)


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture(params=["stack", "slice"])
def image(request, viewer):
    data = np.zeros(SHAPE if request.param == "stack" else SHAPE[1:], np.uint8)
    return LayerImage(viewer, viewer.add_image(data, name="em", scale=(50, 4, 4)[-data.ndim :]))


@pytest.fixture
def array(image):
    return np.zeros(image.shape, np.uint8)


@pytest.fixture
def mask(image, array):
    """With its first slice."""
    grown = image.beside("mask", array, model="/models/probe", made=1.5)
    assert not grown.is_shown
    assert not grown.is_removed
    array[0, 2:6] = 1
    grown.filled(0)
    return grown


def paint(mask, label=3, at=(5, 5)):
    mask.layer.paint((0, *at)[-mask.layer.ndim :], label)


def test_a_layer_comes_with_the_first_slice_and_lies_on_its_image(viewer, image, mask, array):
    layer = viewer.layers["em [probe] mask"]
    assert layer.data.shape == image.layer.data.shape
    assert np.shares_memory(layer.data, array)
    np.testing.assert_array_equal(layer.scale, image.layer.scale)
    about = metadata_of(layer)
    assert (about.source, about.model, about.kind) == ("em", "/models/probe", "mask")
    assert (about.made, about.predicted) == (1.5, (0,))
    mask.filled(0)
    assert metadata_of(layer).predicted == (0,)
    assert len(viewer.layers) == 2
    assert mask.is_shown
    viewer.layers.remove(layer)
    assert mask.is_removed


def test_a_stroke_is_an_edit_and_its_undo_takes_it_back(mask):
    assert not mask.is_edited
    paint(mask)
    assert mask.is_edited
    mask.layer.undo()
    assert not mask.is_edited
    mask.layer.redo()
    assert mask.is_edited


def test_a_stroke_that_is_being_drawn_is_an_edit(mask):
    with mask.layer.block_history():
        paint(mask)
        assert mask.is_edited


def test_a_label_set_by_a_script_is_an_edit_and_the_old_one_again_is_none(mask):
    place = tuple(np.array([k]) for k in (0, 5, 5)[-mask.layer.ndim :])
    mask.layer.data_setitem(place, 7)
    assert mask.is_edited
    mask.layer.data_setitem(place, 1)
    assert not mask.is_edited


def test_another_array_is_an_edit(mask):
    mask.layer.data = mask.layer.data.copy()
    assert mask.is_edited


def test_a_slice_that_is_filled_after_an_undo_is_nobodys(mask, array):
    paint(mask)
    mask.layer.undo()
    array[0] = 1  # by another prediction
    mask.filled(0)
    assert not mask.is_edited
    paint(mask)
    assert mask.is_edited


def test_a_slice_that_a_person_vouches_for_is_an_edit(mask):
    tracker_of(mask.layer).review(0, reviewed=True)
    assert mask.is_edited
    tracker_of(mask.layer).review(0, reviewed=False)
    assert not mask.is_edited


def test_an_image_is_never_edited_and_can_be_hidden(viewer, image):
    probability = image.beside(
        "probability", np.zeros(image.shape, np.float32), model="probe", made=1.0
    )
    probability.add()
    layer = viewer.layers["em [probe] probability"]
    assert not probability.is_edited
    probability.hide()
    probability.show()
    assert not layer.visible, "as it was closed before"
    probability.open_eye(True)
    probability.hide()
    assert not layer.visible
    probability.show()
    assert layer.visible
    probability.remove()
    assert probability.is_removed


def test_a_workspace_does_not_keep_its_viewer(tmp_path):
    viewer = ViewerModel()
    image = LayerImage(viewer, viewer.add_image(np.zeros(SHAPE, np.uint8), name="em"))
    with Scratch(tmp_path) as scratch:
        package = ModelPackage(Path("probe"), PackageInfo("probe"))
        prediction = Prediction(image, package, scratch, DirectExecutor())
        prediction.apply(*prediction.rules)
        prediction.accept(0)
        workspace_of(viewer).add(prediction)
        assert workspace_of(viewer).newest(image.layer) is prediction
        gone = ref(viewer)
        del viewer
        gc.collect()
        assert gone() is None
        assert not prediction.is_shown
        prediction.stop()


def test_a_result_says_that_the_thickness_is_assumed_where_its_image_does(viewer):
    about = LayerMetadata(thickness_assumed=True, notes=("Guessed.",)).stored()
    layer = viewer.add_image(np.zeros(SHAPE, np.uint8), name="em", metadata=about)
    image = LayerImage(viewer, layer)
    assert (image.thickness_assumed, image.notes) == (True, ("Guessed.",))
    grown = image.beside("mask", np.zeros(SHAPE, np.uint8), model="probe", made=1.0)
    grown.add()
    about = metadata_of(grown.layer)
    assert (about.source, about.thickness_assumed, about.notes) == ("em", True, ())


def test_a_slice_that_is_predicted_where_a_person_looks_is_not_noted(image, array):
    grown = image.beside("mask", array, model="probe", made=1.0)
    grown.filled(0, whole=False)
    assert metadata_of(grown.layer).predicted == ()
    grown.filled(0)
    assert metadata_of(grown.layer).predicted == (0,)
