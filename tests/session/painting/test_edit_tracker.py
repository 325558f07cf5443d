"""The owner of what is edited: versions, undo, predictions and the memory they take; no window."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from napari_emseg.session.painting.array_labels import ArrayLabels


@pytest.fixture
def labels() -> ArrayLabels:
    data = (np.random.default_rng(0).random((5, 40, 50)) > 0.5).astype(np.uint8)
    return ArrayLabels(data)


def write(labels: ArrayLabels, value: int, policy="keep my edits", slices=range(5)):
    predicted = [(z, np.full((40, 50), value, np.uint8)) for z in slices]
    tracker = labels.tracker
    return tracker.write(tracker.plan(predicted, policy, tracker.versions()))


def test_each_change_is_a_version(labels):
    tracker = labels.tracker
    assert tracker.versions() == {}
    labels.paint(2, slice(3), slice(3), 7)
    labels.paint(2, slice(3), slice(4), 8)
    labels.undo()
    tracker.review(4, reviewed=True)
    assert tracker.versions() == {2: 3, 4: 1}
    write(labels, 1, slices=[0, 2])
    assert tracker.versions() == {0: 1, 2: 4, 4: 1}
    tracker.note({0})
    assert tracker.version(0) == 2
    assert tracker.version(3) == 0


def test_what_is_undone_is_not_edited(labels):
    tracker, settled = labels.tracker, []
    tracker.settled.connect(settled.append)
    labels.paint(2, slice(3), slice(3), 7)
    assert tracker.is_edited
    labels.undo()
    assert tracker.edits.slices == (2,)  # nobody has looked yet
    assert not tracker.is_edited
    assert tracker.edits.slices == ()
    assert settled == [{2}]
    labels.redo()
    assert tracker.is_edited


def test_a_slice_is_compared_once_a_version(labels, monkeypatch):
    labels.paint(2, slice(3), slice(3), 7)
    looked = []
    monkeypatch.setattr(labels, "slice", lambda z: looked.append(z) or labels.data[z])
    for _ in range(3):
        assert labels.tracker.is_edited
    assert looked == [2]


def test_a_comparison_of_an_older_version_settles_nothing(labels):
    tracker = labels.tracker
    labels.paint(2, slice(3), slice(3), 7)
    old = tracker.version(2)
    labels.paint(2, slice(3), slice(4), 8)
    tracker.settle(2, old, is_touched=False)
    assert tracker.edits.slices == (2,)
    tracker.settle(2, tracker.version(2), is_touched=False)
    assert tracker.edits.slices == ()


def test_a_prediction_is_taken_back_with_what_was_known(labels):
    labels.paint(2, slice(3), slice(3), 7)
    painted = labels.data.copy()
    assert write(labels, 4, "replace") == (0, 1, 2, 3, 4)
    assert not labels.tracker.is_edited
    for each in labels.tracker.take_loose():
        each.pack()
    labels.undo()
    np.testing.assert_array_equal(labels.data, painted)
    assert labels.tracker.edits.slices == (2,)
    assert labels.tracker.is_edited
    labels.redo()
    assert (labels.data == 4).all()
    assert not labels.tracker.is_edited


def test_a_prediction_goes_around_what_was_painted_meanwhile(labels):
    tracker = labels.tracker
    predicted = [(z, np.full((40, 50), 4, np.uint8)) for z in range(5)]
    plan = tracker.plan(predicted, "keep my edits", tracker.versions())
    labels.paint(1, slice(3), slice(3), 7)
    tracker.write(plan)
    assert (labels.data[1, :3, :3] == 7).all()
    assert (labels.data[1, 3:] == 4).all()
    assert tracker.edits.slices == (1,)


def test_what_is_made_anew_after_an_undone_stroke(labels):
    """A prediction that grows goes on writing once a person has undone the stroke."""
    tracker = labels.tracker
    labels.paint(2, slice(3), slice(3), 7)
    labels.undo()
    assert not tracker.is_edited
    labels.data[2] = 4
    tracker.rewritten(2)
    tracker.rewritten(3)  # of which nothing is known
    assert not tracker.is_edited
    assert tracker.version(3) == 0
    labels.paint(2, slice(5), slice(6), 7)
    touched = tracker.edits.of(2).touched(labels.data[2])
    np.testing.assert_array_equal(touched, labels.data[2] == 7)


def test_other_pixels_altogether_count_as_edited(labels):
    labels.paint(2, slice(3), slice(3), 7)
    labels.data = np.zeros((5, 9, 9), np.uint8)
    labels.tracker.data_replaced()
    assert labels.tracker.edits.slices == ()
    assert labels.tracker.is_edited


def test_a_whole_stack_made_editable_leaves_little_in_memory():
    """The undo step holds old and new labels of all slices: packed, a small part of the stack."""
    depth, edge = 48, 512
    cells = np.kron(np.arange(64).reshape(8, 8), np.ones((64, 64))).astype(np.uint16)
    labels = ArrayLabels(np.zeros((depth, edge, edge), np.uint16))
    tracker = labels.tracker
    labels.paint(7, slice(3), slice(3), 7)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    predicted = ((z, np.roll(cells, z, axis=0)) for z in range(depth))
    tracker.write(tracker.plan(predicted, "keep my edits", tracker.versions()))
    for each in tracker.take_loose():
        each.pack()
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert held < labels.data.nbytes / 20
    labels.undo()
    assert not labels.data[8:].any()
    assert tracker.take_loose() == []
