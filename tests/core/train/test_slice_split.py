"""SliceSplit of slices: spread by default, changed by clicks, never without validation."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from napari_emseg.core.train.slice_split import SliceSplit


def test_a_tenth_validates_spread_over_the_stack():
    roles = SliceSplit.spread(range(30), 0.1)
    assert roles.validation == (5, 15, 25)
    assert len(roles.train) == 27
    assert roles.named_validation == (5, 15, 25)


def test_a_single_slice_does_both():
    roles = SliceSplit.spread([4], 0.1)
    assert roles.of(4) == "both"
    assert roles.named_validation is None
    assert roles.turned(4) == roles


def test_turning_goes_round():
    roles = SliceSplit.spread(range(5), 0.1)
    z = roles.train[0]
    seen = []
    for _ in range(3):
        roles = roles.turned(z)
        seen.append(roles.of(z))
    assert seen == ["validate", "not used", "train"]


def test_the_only_slice_that_validates_cannot_stop_to():
    roles = SliceSplit.spread(range(3), 0.1)
    (z,) = roles.validation
    assert roles.turned(z) == roles
    assert roles.turned(7) == roles


def test_a_choice_is_kept_when_more_is_painted():
    roles = SliceSplit.spread(range(6), 0.2).turned(0)
    assert roles.of(0) == "validate"
    grown = roles.kept_for(range(8), 0.2)
    assert grown.of(0) == "validate"
    assert grown.of(7) == "train"


def test_without_a_choice_they_are_spread_anew():
    assert SliceSplit.spread(range(3), 0.1).kept_for(range(20), 0.1) == SliceSplit.spread(
        range(20), 0.1
    )


def test_a_choice_that_leaves_nothing_to_validate_on_is_dropped():
    roles = SliceSplit.spread([0, 1, 2], 0.1).turned(0)
    kept = roles.kept_for([2, 5], 0.1)
    assert kept.train
    assert kept.validation


@given(
    st.sets(st.integers(0, 20), min_size=2, max_size=8).map(sorted),
    st.lists(st.integers(0, 20), max_size=30),
)
def test_neither_is_ever_empty_and_no_slice_does_both(labelled, clicks):
    roles = SliceSplit.spread(labelled, 0.1)
    for z in clicks:
        roles = roles.turned(z)
        assert roles.train
        assert roles.validation
        assert not set(roles.train) & set(roles.validation)
        assert set(roles.used) <= set(labelled)
