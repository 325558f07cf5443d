"""What is known of a layer after strokes, undo, redo and predictions written into it."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels

from napari_emseg.core.correct.edits import Edits
from napari_emseg.errors import LabelsError
from napari_emseg.ui.painting.edit_tracker import LayerEdits


@pytest.fixture
def layer() -> Labels:
    data = (np.random.default_rng(0).random((5, 40, 50)) > 0.5).astype(np.uint8)
    layer = Labels(data)
    layer.brush_size = 5
    return layer


@pytest.fixture
def follower(layer) -> LayerEdits:
    return LayerEdits(layer)


def touched(follower: LayerEdits, z: int) -> np.ndarray:
    return follower.edits.of(z).touched(follower.now(z))


def write(follower: LayerEdits, slices: list, policy: str) -> tuple[int, ...]:
    return follower.write(follower.plan(slices, policy, follower.versions()))


def prediction(value: int = 0) -> list:
    return [(z, np.full((40, 50), value, np.uint8)) for z in range(5)]


def test_a_stroke_touches_what_it_changes(layer, follower):
    before, told = layer.data.copy(), []
    follower.changed.connect(told.append)
    layer.paint((2, 10, 10), 7)
    np.testing.assert_array_equal(touched(follower, 2), layer.data[2] != before[2])
    assert follower.edits.slices == (2,)
    assert told == [{2}]


def test_undo_untouches_and_redo_touches_again(layer, follower):
    layer.paint((2, 10, 10), 7)
    mask = touched(follower, 2)
    layer.paint((2, 30, 30), 7)
    told = []
    follower.changed.connect(told.append)
    layer.undo()
    np.testing.assert_array_equal(touched(follower, 2), mask)
    layer.undo()
    assert not touched(follower, 2).any()
    layer.redo()
    np.testing.assert_array_equal(touched(follower, 2), mask)
    assert told == [{2}, {2}, {2}]


def test_looking_at_other_slices_changes_nothing(layer, follower):
    viewer = ViewerModel()
    viewer.add_layer(layer)
    told = []
    follower.changed.connect(told.append)
    viewer.dims.set_current_step(0, 3)
    layer.visible = False
    layer.visible = True
    assert told == []


def test_a_stroke_counts_before_it_ends(layer, follower):
    before = layer.data[2].copy()
    with layer.block_history():
        layer.paint((2, 10, 10), 7)
        assert follower.edits.slices == (2,)
        layer.paint((2, 12, 12), 7)
    np.testing.assert_array_equal(touched(follower, 2), layer.data[2] != before)


def test_strokes_from_before_anybody_watched_count(layer):
    before = layer.data.copy()
    layer.paint((2, 10, 10), 7)
    layer.paint((4, 10, 10), 7)
    follower = LayerEdits(layer)
    assert follower.edits.slices == (2, 4)
    np.testing.assert_array_equal(touched(follower, 2), layer.data[2] != before[2])


def test_a_prediction_keeps_what_was_touched(layer, follower):
    layer.paint((2, 10, 10), 7)
    follower.review(3, reviewed=True)
    mask, reviewed = touched(follower, 2), layer.data[3].copy()
    assert write(follower, prediction(), "keep my edits") == (0, 1, 2, 4)
    np.testing.assert_array_equal(layer.data[2] == 7, mask)
    np.testing.assert_array_equal(layer.data[3], reviewed)
    assert not layer.data[[0, 1, 4]].any()
    np.testing.assert_array_equal(touched(follower, 2), mask)
    assert follower.edits.slices == (2, 3)


def test_undo_of_a_prediction_brings_back_what_was_known(layer, follower):
    first = layer.data.copy()
    layer.paint((2, 10, 10), 7)
    follower.review(3, reviewed=True)
    painted, mask = layer.data.copy(), touched(follower, 2)
    write(follower, prediction(4), "replace")
    assert follower.edits.slices == ()
    assert (layer.data == 4).all()

    layer.undo()
    np.testing.assert_array_equal(layer.data, painted)
    np.testing.assert_array_equal(touched(follower, 2), mask)
    assert follower.edits.slices == (2, 3)
    layer.undo()
    np.testing.assert_array_equal(layer.data, first)
    assert not touched(follower, 2).any()

    layer.redo()
    np.testing.assert_array_equal(touched(follower, 2), mask)
    layer.redo()
    assert follower.edits.slices == ()
    layer.paint((1, 10, 10), 7)
    np.testing.assert_array_equal(touched(follower, 1), layer.data[1] != 4)


def test_what_is_painted_while_a_prediction_is_planned_is_kept(layer, follower):
    plan = follower.plan(prediction(4), "keep my edits", follower.versions())
    before = layer.data.copy()
    layer.paint((2, 10, 10), 7)
    painted = layer.data.copy()
    assert follower.write(plan) == (0, 1, 2, 3, 4)
    np.testing.assert_array_equal(layer.data == 7, painted != before)
    assert follower.edits.slices == (2,)
    layer.undo()
    np.testing.assert_array_equal(layer.data, painted)
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)


def test_strokes_on_a_prediction_are_done_again_on_it(layer, follower):
    write(follower, prediction(4), "keep my edits")
    layer.paint((2, 10, 10), 7)
    mask = touched(follower, 2)
    for _ in range(2):
        layer.undo()
    for _ in range(2):
        layer.redo()
    np.testing.assert_array_equal(touched(follower, 2), mask)
    assert follower.edits.slices == (2,)


def test_a_prediction_that_agrees_is_no_step(layer, follower):
    same = [(z, layer.data[z].copy()) for z in range(5)]
    write(follower, same, "keep my edits")
    layer.undo()
    np.testing.assert_array_equal(layer.data, np.array([values for _, values in same]))


def test_more_steps_than_napari_keeps(layer, follower):
    write(follower, prediction(4), "keep my edits")
    for k in range(layer._history_limit + 5):
        layer.paint((2, 10, 10), 5 + k % 2)
    for _ in range(layer._history_limit + 5):
        layer.undo()
    assert (layer.data[3] == 4).all()
    assert follower.edits.slices == (2,)
    np.testing.assert_array_equal(touched(follower, 2), layer.data[2] != 4)


def test_a_layer_of_one_slice(layer):
    flat = Labels(layer.data[0].copy())
    follower = LayerEdits(flat)
    before = flat.data.copy()
    flat.paint((10, 10), 7)
    assert follower.edits.slices == (0,)
    np.testing.assert_array_equal(touched(follower, 0), flat.data != before)
    assert follower.total == 1


def test_a_copy_of_a_layer_has_edits_of_its_own(layer, follower):
    layer.paint((2, 10, 10), 7)
    data, state, _ = layer.as_layer_data_tuple()
    other = LayerEdits(Labels(data.copy(), **state))
    assert other.edits.slices == (2,)
    write(other, prediction(), "replace")
    assert follower.edits.slices == (2,)


def test_another_dtype_changes_nothing_and_another_shape_all(layer, follower):
    layer.paint((2, 10, 10), 7)
    mask = touched(follower, 2)
    layer.data = layer.data.astype(np.int64)
    np.testing.assert_array_equal(touched(follower, 2), mask)
    layer.data = np.zeros((5, 9, 9), int)
    assert follower.edits.slices == ()


def test_it_lies_in_the_metadata_beside_what_else_is_there(layer):
    layer.metadata = {"mine": 1, "napari_emseg": {"model": "x"}}
    follower = LayerEdits(layer)
    assert layer.metadata["mine"] == 1
    assert layer.metadata["napari_emseg"]["model"] == "x"
    assert isinstance(layer.metadata["napari_emseg"]["edits"], Edits)
    assert layer.metadata["napari_emseg"]["edits"] is follower.edits


def test_a_prediction_does_not_interrupt_a_stroke(layer, follower):
    with layer.block_history():
        layer.paint((2, 10, 10), 7)
        painted = layer.data.copy()
        with pytest.raises(LabelsError, match="let go of the mouse"):
            write(follower, prediction(), "replace")
    np.testing.assert_array_equal(layer.data, painted)


def test_followed_no_more(layer, follower):
    follower.stop()
    layer.paint((2, 10, 10), 7)
    assert follower.edits.slices == ()
