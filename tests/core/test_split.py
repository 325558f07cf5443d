"""Validation slices are spread over the stack; neither part is ever empty."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_emseg.core.split import split_slices
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
        LabelsError, match="validation slices: 5 carry no labels; labelled are 0, 2"
    ):
        split_slices([0, 2, 4], fraction=0.1, validation=[4, 5])


@pytest.mark.parametrize(
    ("labelled", "validation"), [([], None), ([7], None), ([1, 2], [1, 2]), ([1, 2], [])]
)
def test_an_empty_part_is_refused(labelled, validation):
    with pytest.raises(LabelsError, match="at least one to train and one to validate"):
        split_slices(labelled, fraction=0.1, validation=validation)
