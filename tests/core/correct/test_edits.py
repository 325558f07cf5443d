"""What counts as touched, what a new prediction leaves alone, and what a file keeps of it."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

from napari_emseg.core.correct.edits import NOTHING, Edits, SliceEdits, merged
from napari_emseg.core.correct.packed import Packable, Packed

SHAPE = (4, 30, 20)


@pytest.fixture
def labels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2, SHAPE).astype(np.uint8)


def painted(labels: np.ndarray, z: int = 1) -> tuple[Edits, np.ndarray]:
    """Slice ``z`` with a square of sevens."""
    edits = Edits()
    edits.begin(z, labels[z].copy())
    labels[z, 5:9, 3:6] = 7
    square = np.zeros(SHAPE[1:], bool)
    square[5:9, 3:6] = True
    return edits, square


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32, np.uint32])
def test_packed_arrays_come_back(dtype):
    values = np.random.default_rng(1).integers(0, 2, (13, 7)).astype(dtype)
    back = Packed.of(values).unpack()
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, values)


def test_touched_is_what_differs(labels):
    edits, square = painted(labels)
    np.testing.assert_array_equal(edits.of(1).touched(labels[1]), square)
    assert edits.slices == (1,)
    assert [edits.role(z) for z in range(3)] == ["untouched", "edited", "untouched"]
    assert edits.of(0) is NOTHING
    assert not edits.of(0).touched(labels[0]).any()


def test_packed_it_says_the_same(labels):
    edits, square = painted(labels)
    baseline = edits.of(1).baseline
    assert not baseline.is_packed
    baseline.pack()
    assert baseline.is_packed
    np.testing.assert_array_equal(edits.of(1).touched(labels[1]), square)
    assert edits.slices == (1,)


def test_a_packable_array_reads_the_same_before_and_after(labels):
    held = Packable(labels[1].copy())
    for _ in range(2):
        np.testing.assert_array_equal(np.asarray(held), labels[1])
        assert np.asarray(held, np.int64).dtype == np.int64
        target = np.zeros(SHAPE, np.uint8)
        target[2] = held  # as napari's undo writes it
        np.testing.assert_array_equal(target[2], labels[1])
        held.pack()
    assert (held.shape, held.dtype) == (SHAPE[1:], np.uint8)


def test_painting_back_untouches(labels):
    before = labels[1].copy()
    edits, _ = painted(labels)
    labels[1] = before
    assert not edits.of(1).touched(labels[1]).any()
    edits.settle(1, edited=False)
    assert edits.slices == ()


def test_touched_pixels_stay_touched_where_a_new_prediction_agrees(labels):
    edits, square = painted(labels)
    predicted = labels[1].copy()  # the model has learnt them
    new, kept = merged(labels[1], predicted, edits.of(1), "keep my edits")
    edits.predict(1, kept)
    np.testing.assert_array_equal(edits.of(1).touched(new), square)
    assert edits.slices == (1,)


def test_reviewed_slices_count(labels):
    edits = Edits()
    edits.review(2, reviewed=True)
    assert edits.slices == edits.reviewed == (2,)
    assert edits.role(2) == "reviewed"
    edits.review(2, reviewed=False)
    assert edits.slices == ()
    assert edits.of(2) is NOTHING


def test_by_default_touched_pixels_stay(labels):
    edits, square = painted(labels)
    predicted = 1 - np.minimum(labels[1], 1)
    new, kept = merged(labels[1], predicted, edits.of(1), "keep my edits")
    np.testing.assert_array_equal(new, np.where(square, 7, predicted))
    np.testing.assert_array_equal(kept, square)
    assert new.dtype == labels.dtype
    assert merged(labels[1], predicted, SliceEdits(reviewed=True), "keep my edits") is None


def test_only_empty_slices_are_filled(labels):
    edits, _ = painted(labels)
    predicted = np.ones(SHAPE[1:], np.uint8)
    for z in range(4):
        assert merged(labels[z], predicted, edits.of(z), "only empty slices") is None
    empty = np.zeros(SHAPE[1:], np.uint8)
    new, kept = merged(empty, predicted, NOTHING, "only empty slices")
    assert new.all()
    assert not kept.any()
    erased = SliceEdits(baseline=Packable(predicted))
    assert merged(empty, predicted, erased, "only empty slices") is None


def test_replace_leaves_nothing(labels):
    edits, _ = painted(labels)
    edits.review(1, reviewed=True)
    predicted = np.full(SHAPE[1:], 3, np.uint32)
    new, kept = merged(labels[1], predicted, edits.of(1), "replace")
    assert (new == 3).all()
    edits.predict(1, kept)
    assert edits.slices == ()


def test_a_note_brings_all_of_it_back(labels):
    edits, square = painted(labels)
    edits.review(3, reviewed=True)
    note = json.loads(json.dumps(edits.note_of(labels)))
    back = Edits.from_note(note, SHAPE)
    assert back.slices == (1, 3)
    assert back.reviewed == (3,)
    np.testing.assert_array_equal(back.of(1).touched(labels[1]), square)
    assert back.note_of(labels) == note


def test_what_was_painted_back_is_not_noted(labels):
    before = labels[1].copy()
    edits, _ = painted(labels)
    labels[1] = before
    assert edits.note_of(labels) is None


def test_of_a_single_slice(labels):
    edits, _ = painted(labels, 0)
    note = edits.note_of(labels[0])
    assert note["shape"] == [1, 30, 20]
    assert Edits.from_note(note, (30, 20)).slices == (0,)


@pytest.mark.parametrize(
    "damage",
    [
        lambda note: None,
        lambda note: note | {"shape": [9, 9, 9]},
        lambda note: note | {"touched": {"1": "!!"}},
        lambda note: note | {"touched": {"1": "AAAA"}},
        lambda note: note | {"touched": {"x": note["touched"]["1"]}},
        lambda note: note | {"touched": [1]},
        lambda note: {k: v for k, v in note.items() if k != "reviewed"},
    ],
)
def test_a_damaged_note_says_nothing(labels, damage):
    edits, _ = painted(labels)
    assert Edits.from_note(damage(edits.note_of(labels)), SHAPE).slices == ()


def test_a_copy_goes_its_own_way(labels):
    edits, _ = painted(labels)
    other = copy.deepcopy(edits)
    other.predict(1, None)
    assert edits.slices == (1,)
    assert other.slices == ()


def test_of_masks_little_is_left():
    cells = np.kron(np.random.default_rng(2).integers(0, 2, (32, 32)), np.ones((16, 16)))
    packed = Packed.of(cells.astype(np.uint8))
    assert len(packed.blob) < cells.size / 20


def test_a_cell_of_another_id_is_touched_and_not_redrawn(labels):
    edits = Edits()
    edits.begin(1, labels[1].copy())
    labels[1][labels[1] == 1] = 9
    known = edits.of(1)
    assert known.touched(labels[1]).any()
    assert not known.redrawn(labels[1]).any()
    labels[1, 0, :2] = (9, 0)
    redrawn = known.redrawn(labels[1])
    assert redrawn.any()
    assert not (redrawn & ~known.touched(labels[1])).any()
    back = Edits.from_note(json.loads(json.dumps(edits.note_of(labels))), SHAPE)
    np.testing.assert_array_equal(back.of(1).redrawn(labels[1]), redrawn)
    np.testing.assert_array_equal(back.of(1).touched(labels[1]), known.touched(labels[1]))


def test_an_older_note_holds_all_for_redrawn(labels):
    edits, square = painted(labels)
    note = edits.note_of(labels)
    del note["redrawn"]
    np.testing.assert_array_equal(Edits.from_note(note, SHAPE).of(1).redrawn(labels[1]), square)
