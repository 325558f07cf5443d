"""What is known of a layer after strokes, undo, redo and predictions written into it."""

from __future__ import annotations

import gc
from weakref import ref

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_emseg.core.correct.edits import Edits
from napari_emseg.errors import LabelsError
from napari_emseg.session.painting.edit_tracker import EditTracker
from napari_emseg.ui.painting.edit_tracker import can_be_tracked, is_edited, tracker_of


@pytest.fixture
def layer() -> Labels:
    data = (np.random.default_rng(0).random((5, 40, 50)) > 0.5).astype(np.uint8)
    layer = Labels(data)
    layer.brush_size = 5
    return layer


@pytest.fixture
def tracker(layer) -> EditTracker:
    return tracker_of(layer)


def touched(tracker: EditTracker, z: int) -> np.ndarray:
    return tracker.edits.of(z).touched(tracker.layer.slice(z))


def write(tracker: EditTracker, slices: list, policy: str) -> tuple[int, ...]:
    return tracker.write(tracker.plan(slices, policy, tracker.versions()))


def prediction(value: int = 0) -> list:
    return [(z, np.full((40, 50), value, np.uint8)) for z in range(5)]


def test_a_stroke_touches_what_it_changes(layer, tracker):
    before, told = layer.data.copy(), []
    tracker.changed.connect(told.append)
    layer.paint((2, 10, 10), 7)
    np.testing.assert_array_equal(touched(tracker, 2), layer.data[2] != before[2])
    assert tracker.edits.slices == (2,)
    assert told == [{2}]


def test_undo_untouches_and_redo_touches_again(layer, tracker):
    layer.paint((2, 10, 10), 7)
    mask = touched(tracker, 2)
    layer.paint((2, 30, 30), 7)
    told = []
    tracker.changed.connect(told.append)
    layer.undo()
    np.testing.assert_array_equal(touched(tracker, 2), mask)
    layer.undo()
    assert not touched(tracker, 2).any()
    layer.redo()
    np.testing.assert_array_equal(touched(tracker, 2), mask)
    assert told == [{2}, {2}, {2}]


def test_looking_at_other_slices_changes_nothing(layer, tracker):
    viewer = ViewerModel()
    viewer.add_layer(layer)
    told = []
    tracker.changed.connect(told.append)
    viewer.dims.set_current_step(0, 3)
    layer.visible = False
    layer.visible = True
    assert told == []


def test_a_stroke_counts_before_it_ends(layer, tracker):
    before = layer.data[2].copy()
    with layer.block_history():
        layer.paint((2, 10, 10), 7)
        assert tracker.edits.slices == (2,)
        layer.paint((2, 12, 12), 7)
    np.testing.assert_array_equal(touched(tracker, 2), layer.data[2] != before)


def test_strokes_from_before_anybody_watched_count(layer):
    before = layer.data.copy()
    layer.paint((2, 10, 10), 7)
    layer.paint((4, 10, 10), 7)
    tracker = tracker_of(layer)
    assert tracker.edits.slices == (2, 4)
    np.testing.assert_array_equal(touched(tracker, 2), layer.data[2] != before[2])


def test_a_prediction_keeps_what_was_touched(layer, tracker):
    layer.paint((2, 10, 10), 7)
    tracker.review(3, reviewed=True)
    mask, reviewed = touched(tracker, 2), layer.data[3].copy()
    assert write(tracker, prediction(), "keep my edits") == (0, 1, 2, 4)
    np.testing.assert_array_equal(layer.data[2] == 7, mask)
    np.testing.assert_array_equal(layer.data[3], reviewed)
    assert not layer.data[[0, 1, 4]].any()
    np.testing.assert_array_equal(touched(tracker, 2), mask)
    assert tracker.edits.slices == (2, 3)


def test_undo_of_a_prediction_brings_back_what_was_known(layer, tracker):
    first = layer.data.copy()
    layer.paint((2, 10, 10), 7)
    tracker.review(3, reviewed=True)
    painted, mask = layer.data.copy(), touched(tracker, 2)
    write(tracker, prediction(4), "replace")
    assert tracker.edits.slices == ()
    assert (layer.data == 4).all()

    layer.undo()
    np.testing.assert_array_equal(layer.data, painted)
    np.testing.assert_array_equal(touched(tracker, 2), mask)
    assert tracker.edits.slices == (2, 3)
    layer.undo()
    np.testing.assert_array_equal(layer.data, first)
    assert not touched(tracker, 2).any()

    layer.redo()
    np.testing.assert_array_equal(touched(tracker, 2), mask)
    layer.redo()
    assert tracker.edits.slices == ()
    layer.paint((1, 10, 10), 7)
    np.testing.assert_array_equal(touched(tracker, 1), layer.data[1] != 4)


def test_what_is_painted_while_a_prediction_is_planned_is_kept(layer, tracker):
    plan = tracker.plan(prediction(4), "keep my edits", tracker.versions())
    before = layer.data.copy()
    layer.paint((2, 10, 10), 7)
    painted = layer.data.copy()
    assert tracker.write(plan) == (0, 1, 2, 3, 4)
    np.testing.assert_array_equal(layer.data == 7, painted != before)
    assert tracker.edits.slices == (2,)
    layer.undo()
    np.testing.assert_array_equal(layer.data, painted)
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)


def test_strokes_on_a_prediction_are_done_again_on_it(layer, tracker):
    write(tracker, prediction(4), "keep my edits")
    layer.paint((2, 10, 10), 7)
    mask = touched(tracker, 2)
    for _ in range(2):
        layer.undo()
    for _ in range(2):
        layer.redo()
    np.testing.assert_array_equal(touched(tracker, 2), mask)
    assert tracker.edits.slices == (2,)


def test_a_prediction_that_agrees_is_no_step(layer, tracker):
    same = [(z, layer.data[z].copy()) for z in range(5)]
    write(tracker, same, "keep my edits")
    layer.undo()
    np.testing.assert_array_equal(layer.data, np.array([values for _, values in same]))


def test_more_steps_than_napari_keeps(layer, tracker):
    write(tracker, prediction(4), "keep my edits")
    for k in range(layer._history_limit + 5):
        layer.paint((2, 10, 10), 5 + k % 2)
    for _ in range(layer._history_limit + 5):
        layer.undo()
    assert (layer.data[3] == 4).all()
    assert tracker.edits.slices == (2,)
    np.testing.assert_array_equal(touched(tracker, 2), layer.data[2] != 4)


def test_a_layer_of_one_slice(layer):
    flat = Labels(layer.data[0].copy())
    tracker = tracker_of(flat)
    before = flat.data.copy()
    flat.paint((10, 10), 7)
    assert tracker.edits.slices == (0,)
    np.testing.assert_array_equal(touched(tracker, 0), flat.data != before)
    assert tracker.total == 1


def test_a_copy_of_a_layer_has_edits_of_its_own(layer, tracker):
    layer.paint((2, 10, 10), 7)
    data, state, _ = layer.as_layer_data_tuple()
    other = tracker_of(Labels(data.copy(), **state))
    assert other.edits.slices == (2,)
    write(other, prediction(), "replace")
    assert tracker.edits.slices == (2,)


def test_another_dtype_changes_nothing_and_another_shape_all(layer, tracker):
    layer.paint((2, 10, 10), 7)
    mask = touched(tracker, 2)
    layer.data = layer.data.astype(np.int64)
    np.testing.assert_array_equal(touched(tracker, 2), mask)
    layer.data = np.zeros((5, 9, 9), int)
    assert tracker.edits.slices == ()


def test_it_lies_in_the_metadata_beside_what_else_is_there(layer):
    layer.metadata = {"mine": 1, "napari_emseg": {"model": "x"}}
    tracker = tracker_of(layer)
    assert layer.metadata["mine"] == 1
    assert layer.metadata["napari_emseg"]["model"] == "x"
    assert isinstance(layer.metadata["napari_emseg"]["edits"], Edits)
    assert layer.metadata["napari_emseg"]["edits"] is tracker.edits


def test_a_prediction_does_not_interrupt_a_stroke(layer, tracker):
    with layer.block_history():
        layer.paint((2, 10, 10), 7)
        painted = layer.data.copy()
        with pytest.raises(LabelsError, match="let go of the mouse"):
            write(tracker, prediction(), "replace")
    np.testing.assert_array_equal(layer.data, painted)


# -- whom others ask ------------------------------------------------------------------------------


def test_a_layer_is_edited_until_all_of_it_is_undone(layer):
    assert not is_edited(layer)
    layer.paint((2, 10, 10), 7)
    layer.paint((4, 10, 10), 7)
    assert is_edited(layer)
    layer.undo()
    assert is_edited(layer)
    layer.undo()
    assert not is_edited(layer)
    layer.redo()
    assert is_edited(layer)


def test_strokes_from_before_anybody_asked_count(layer):
    layer.paint((2, 10, 10), 7)
    assert is_edited(layer)
    layer.undo()
    assert not is_edited(layer)


def test_a_reviewed_layer_is_edited_and_one_with_other_pixels(layer, tracker):
    tracker.review(1, reviewed=True)
    assert is_edited(layer)
    tracker.review(1, reviewed=False)
    assert not is_edited(layer)
    layer.data = np.zeros((5, 40, 50), int)
    assert is_edited(layer)


def test_a_layer_has_one_tracker_which_ends_with_it(layer):
    other = Labels(layer.data)
    tracker = tracker_of(other)
    assert tracker_of(other) is tracker
    assert tracker_of(layer) is not tracker
    alive = [ref(other), ref(tracker)]
    del other, tracker
    gc.collect()
    assert [each() for each in alive] == [None, None]


def test_only_stacks_of_labels_are_tracked(layer):
    assert can_be_tracked(layer)
    assert not can_be_tracked(Image(layer.data))
    assert not can_be_tracked(Labels(np.zeros((2, 3, 4, 4), int)))


def test_all_events_it_hangs_on_are_there(layer):
    """napari tells of a stroke, of its end, of undo by drawing anew, and of another array."""
    told = []
    for name in ("paint", "labels_update", "set_data", "data"):
        getattr(layer.events, name).connect(lambda _, name=name: told.append(name))
    layer.paint((2, 10, 10), 7)
    assert {"paint", "labels_update"} <= set(told)
    told.clear()
    layer.undo()
    assert "set_data" in told
    layer.data = layer.data.copy()
    assert "data" in told
