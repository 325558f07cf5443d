"""Validation slices are spread over the stack; neither part is ever empty."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_emseg.core.train.split import first_held_out_column, split_slices, split_target
from napari_emseg.core.train.targets import SliceTarget, Target
from napari_emseg.errors import LabelsError


@given(labelled=st.sets(st.integers(0, 200), min_size=2).map(sorted), fraction=st.floats(0.01, 0.9))
def test_both_parts_hold_slices_and_share_none(labelled, fraction):
    split = split_slices(labelled, fraction=fraction)
    assert split.train
    assert split.validation
    assert sorted(split.train + split.validation) == labelled
    assert list(split.train) == sorted(split.train)
    assert list(split.validation) == sorted(split.validation)


def test_a_fraction_is_spread_evenly():
    assert split_slices(range(30), fraction=0.1).validation == (5, 15, 25)
    assert len(split_slices(range(30), fraction=0.5).validation) == 15


def test_two_slices_are_enough_whatever_the_fraction():
    split = split_slices([3, 8], fraction=0.9)
    assert len(split.train) == len(split.validation) == 1


def test_named_slices_are_held_out():
    split = split_slices([0, 2, 4, 6], fraction=0.9, validation=[6, 0, 6])
    assert split.validation == (0, 6)
    assert split.train == (2, 4)


def test_a_named_slice_without_labels_is_refused():
    with pytest.raises(
        LabelsError, match=r"slices: 5 carry no labels, or are not among .* which are 0, 2, 4; name"
    ):
        split_slices([0, 2, 4], fraction=0.1, validation=[4, 5])


@pytest.mark.parametrize(
    ("labelled", "validation"), [([], None), ([7], None), ([1, 2], [1, 2]), ([1, 2], [])]
)
def test_an_empty_part_is_refused(labelled, validation):
    with pytest.raises(LabelsError, match="at least one to train and one to validate"):
        split_slices(labelled, fraction=0.1, validation=validation)


def target_of(known: np.ndarray) -> Target:
    """A target whose weights are 1 where known (Z, Y, X)."""
    return Target(known.shape, {
        z: SliceTarget(each.astype(np.uint8), each.astype(np.float32))
        for z, each in enumerate(known)
        if each.any()
    })  # fmt: skip


def test_a_single_slice_is_divided_by_area():
    known = np.zeros((3, 8, 12), bool)
    known[1] = True
    target = target_of(known)
    split = split_target(target, fraction=0.1)
    assert (split.train, split.validation, split.cut) == ((1,), (1,), 9)
    trained = split.training_target(target)[1].weights
    assert trained[:, split.train_columns].all()
    assert not trained[:, split.validation_columns].any()
    assert target[1].weights.all()  # the one that validates is as it was


def test_a_larger_fraction_holds_out_a_larger_area():
    assert split_target(target_of(np.ones((1, 4, 10), bool)), fraction=0.5).cut == 5


def test_scribbles_on_one_side_of_a_slice_are_shared_out():
    known = np.zeros((4, 20), bool)
    known[:, :8] = True
    assert first_held_out_column(known, 0.25) == 6


@given(columns=st.lists(st.integers(0, 4), min_size=2, max_size=30).filter(any))
def test_both_sides_of_a_cut_have_a_column(columns):
    known = np.arange(4)[:, None] < np.array(columns)
    assert 1 <= first_held_out_column(known, 0.25) < len(columns)


def test_several_slices_are_divided_by_slice():
    target = target_of(np.ones((4, 8, 8), bool))
    split = split_target(target, fraction=0.25)
    assert split == split_slices(range(4), fraction=0.25)
    assert split.training_target(target) is target


def test_a_single_slice_that_is_named_for_validation_leaves_nothing_to_train_on():
    with pytest.raises(LabelsError, match="at least one to train"):
        split_target(target_of(np.ones((1, 4, 4), bool)), fraction=0.1, validation=[0])
