"""Layers that hold more than a stack, in the docks of a real window."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_emseg.io.layer_metadata import LayerMetadata
from napari_emseg.session.stack_choice import StackChoice
from napari_emseg.types import Finished
from napari_emseg.ui.stacks.plain_layer import put_plain_layer
from napari_emseg.ui.stacks.stack_fields import StackFields
from napari_emseg.ui.viewer.predictions import newest_prediction

SHAPE = (4, 64, 64)


@pytest.fixture
def click(qtbot):
    return lambda button: qtbot.mouseClick(button.native, Qt.MouseButton.LeftButton)


def _docked(viewer, name):
    return viewer.window.add_plugin_dock_widget("napari-emseg", name)[1]


def _pyramid(stack):
    return [stack, stack[:, ::2, ::2], stack[:, ::4, ::4]]


@pytest.fixture
def cells(wandering_cells):
    """A stack of two times, (2, 4, 64, 64), and its mask."""
    image, mask = wandering_cells(8, 64)
    return image.reshape(2, *SHAPE), mask.reshape(2, *SHAPE)


@pytest.fixture
def series(viewer, cells):
    return viewer.add_image(
        cells[0], name="em", scale=(1, 50, 4, 4), units=("pixel", "nm", "nm", "nm"),
        axis_labels=("t", "z", "y", "x"),
    )  # fmt: skip


def test_nothing_is_seen_of_the_fields_where_a_stack_is_chosen(viewer, image):
    viewer.add_image(image, name="em")
    for name in ("Segment", "Train", "Correct", "Compare", "Measure"):
        dock = _docked(viewer, name)
        fields = dock.data if name == "Train" else dock.fields
        assert isinstance(fields.stack, StackFields)
        assert not any(widget.visible for widget in fields.stack.widgets)


@pytest.mark.slow
def test_the_time_that_is_seen_is_segmented_and_lies_on_it(viewer, series, dock, ends_of, click):
    ends, stack = ends_of(dock), dock.fields.stack
    viewer.dims.set_point((0, 1), (1, 100))
    assert stack.place.visible
    assert stack.place.current_choice == "t = 1"
    assert not stack.take.visible, "the click on Segment takes it"
    assert "4 slices of 64 x 64 px (Z, Y, X), 50 x 4 x 4 nm" in dock.fields.taken_for.value
    click(dock.buttons.current)
    assert isinstance(ends.wait(), Finished)
    mask = viewer.layers["em, t = 1 [default] mask"]
    assert (mask.ndim, dock.prediction.done) == (3, {2})
    np.testing.assert_allclose(
        mask.data_to_world((2, 5, 7)), series.data_to_world((1, 2, 5, 7))[1:]
    )
    assert dock.fields.image.value is series, "the next click takes what is seen then"

    click(dock.buttons.whole)
    assert isinstance(ends.wait(), Finished)
    assert dock.prediction.done == {0, 1, 2, 3}
    viewer.dims.set_point(0, 0)
    click(dock.buttons.visible_part)
    assert isinstance(ends.wait(), Finished)
    assert viewer.layers["em, t = 0 [default] mask"].data.shape == SHAPE


@pytest.mark.slow
def test_of_colours_the_luminance_is_segmented(viewer, cells, dock, ends_of, click):
    colours = np.repeat(cells[0][0][..., None], 3, axis=-1)
    viewer.add_image(colours, rgb=True, name="photo", scale=(50, 4, 4), units="nm")
    ends = ends_of(dock)
    assert dock.fields.stack.colour.visible
    click(dock.buttons.current)
    assert isinstance(ends.wait(), Finished)
    in_colours = np.array(dock.prediction.probability[0])
    viewer.add_image(cells[0][0], name="grey", scale=(50, 4, 4), units="nm")
    dock.fields.image.value = viewer.layers["grey"]
    assert not dock.fields.stack.colour.visible
    click(dock.buttons.current)
    assert isinstance(ends.wait(), Finished)
    np.testing.assert_array_equal(dock.prediction.probability[0], in_colours)


def test_a_training_takes_levels_of_one_size(viewer, cells, click, qtbot):
    place = {"scale": (50, 4, 4), "units": "nm", "multiscale": True}
    viewer.add_image(_pyramid(cells[0][0]), name="em", **place)
    viewer.add_labels(_pyramid(cells[1][0]), name="truth", **place)
    data = _docked(viewer, "Train").data
    qtbot.waitUntil(lambda: "take one stack of it, with the fields" in data.about.value)
    assert data.stack.level.value == 0
    assert "'em'" in data.stack.said.value
    data.stack.level.value = 1
    click(data.stack.take)
    assert data.image.value is viewer.layers["em, level 1"]
    assert "'truth'" in data.stack.said.value
    assert data.stack.level.value == 1, "that of the image beside it"
    click(data.stack.take)
    assert not data.stack.said.visible
    given = data.reader()()
    assert given.images.data.shape == given.labels.data.shape == (4, 32, 32)
    assert given.images.voxel_size_nm == given.labels.voxel_size_nm == (50, 8, 8)
    assert not given.labels.notes
    data.source.value = "files"
    data.image.value = viewer.layers["em"]
    assert not data.stack.said.visible


def test_labels_of_one_time_are_repaired_and_learned_from(viewer, series, cells, click):
    viewer.add_labels(cells[1], name="painted", scale=series.scale, units=series.units)
    dock = _docked(viewer, "Correct")
    fields = dock.fields
    viewer.dims.set_point(0, 1)
    click(fields.stack.take)
    fields.labels.value = viewer.layers["painted"]
    assert fields.labels_layer is None
    click(fields.stack.take)
    labels = viewer.layers["painted, axis 0 = 1"]
    assert fields.labels_layer is labels
    labels.data_setitem((np.array([2]), np.array([5]), np.array([7])), 2)
    given = dock.corrections
    assert (given.image, given.labels, given.slices) == (viewer.layers["em, t = 1"], labels, (2,))
    np.testing.assert_array_equal(given.image.data, cells[0][1])
    assert (viewer.layers["painted"].data == cells[1]).all()


def test_the_truth_of_one_channel_is_compared(viewer, series, cells, click, qtbot):
    place = {"scale": series.scale, "units": series.units}
    viewer.add_labels(cells[1], name="truth", **place)
    viewer.add_labels(cells[1][0], name="guess", scale=(50, 4, 4), units="nm")
    dock = _docked(viewer, "Compare")
    fields = dock.fields
    fields.truth.value = viewer.layers["truth"]
    fields.prediction.value = viewer.layers["guess"]
    qtbot.waitUntil(lambda: "take one stack of it" in dock.session.problem)
    viewer.dims.set_point(0, 0)
    click(fields.stack.take)
    assert fields.truth.value is viewer.layers["truth, axis 0 = 0"]
    fields.meaning.value = "mask"
    qtbot.waitUntil(lambda: dock.session.scores is not None)
    click(dock.run.start)
    qtbot.waitUntil(lambda: not dock.session.problem and dock.export.isEnabled(), timeout=20_000)


def test_the_level_follows_the_layer_that_is_chosen_beside_it(viewer, cells):
    image, mask = cells[0][0], cells[1][0]
    viewer.add_labels(_pyramid(mask), name="truth", multiscale=True)
    viewer.add_labels(mask[:, ::4, ::4], name="coarse", scale=(1, 4, 4), translate=(0, 1.5, 1.5))
    viewer.add_image(image, name="em")
    fields = _docked(viewer, "Compare").fields
    fields.truth.value = viewer.layers["truth"]
    assert fields.stack.level.value == 0
    fields.prediction.value = viewer.layers["coarse"]
    assert fields.stack.level.value == 2
    fields.stack.level.value = 1
    viewer.add_image(image, name="another")
    assert fields.stack.level.value == 1, "a choice stays"


def test_what_is_made_of_a_level_belongs_to_all_of_the_layer(viewer):
    levels = [np.zeros((4, n, n), np.uint8) for n in (64, 32)]
    em = viewer.add_image(levels, name="em", multiscale=True)
    plain = put_plain_layer(viewer, em, StackChoice(1))
    about = LayerMetadata(source=plain.name, model="/m/default", kind="mask", made=1.0)
    mask = viewer.add_labels(np.zeros((4, 32, 32), np.uint8), metadata=about.stored())
    other = viewer.add_image(np.zeros((4, 64, 64), np.uint8), name="other")
    assert [newest_prediction(viewer, each) for each in (em, plain, other)] == [mask, mask, None]
