"""Which slices train and validate: spread by default, changed by clicks, neither ever empty."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from napari_emseg.core.train.slice_split import SliceSplit


def test_a_tenth_validates_spread_over_the_stack():
    split = SliceSplit.spread(range(30), 0.1)
    assert split.validation == (5, 15, 25)
    assert len(split.train) == 27
    assert split.named_validation == (5, 15, 25)


def test_a_single_slice_does_both():
    split = SliceSplit.spread([4], 0.1)
    assert split.of(4) == "both"
    assert split.named_validation is None
    assert split.turned(4) == split


def test_turning_goes_round():
    split = SliceSplit.spread(range(5), 0.1)
    z = split.train[0]
    seen = []
    for _ in range(3):
        split = split.turned(z)
        seen.append(split.of(z))
    assert seen == ["validate", "not used", "train"]


def test_the_only_slice_that_validates_cannot_stop_to():
    split = SliceSplit.spread(range(3), 0.1)
    (z,) = split.validation
    assert split.turned(z) == split
    assert split.turned(7) == split


def test_a_choice_is_kept_when_more_is_painted():
    split = SliceSplit.spread(range(6), 0.2).turned(0)
    assert split.of(0) == "validate"
    grown = split.kept_for(range(8), 0.2)
    assert grown.of(0) == "validate"
    assert grown.of(7) == "train"


def test_without_a_choice_they_are_spread_anew():
    assert SliceSplit.spread(range(3), 0.1).kept_for(range(20), 0.1) == SliceSplit.spread(
        range(20), 0.1
    )


def test_a_choice_that_leaves_nothing_to_validate_on_is_dropped():
    split = SliceSplit.spread([0, 1, 2], 0.1).turned(0)
    kept = split.kept_for([2, 5], 0.1)
    assert kept.train
    assert kept.validation


@given(
    st.sets(st.integers(0, 20), min_size=2, max_size=8).map(sorted),
    st.lists(st.integers(0, 20), max_size=30),
)
def test_neither_is_ever_empty_and_no_slice_does_both(labelled, clicks):
    split = SliceSplit.spread(labelled, 0.1)
    for z in clicks:
        split = split.turned(z)
        assert split.train
        assert split.validation
        assert not set(split.train) & set(split.validation)
        assert set(split.used) <= set(labelled)
