"""Where two stacks overlap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_emseg.core.scores.stack_overlap import StackOverlap
from napari_emseg.errors import ShapeError

sizes, shifts = st.tuples(*[st.integers(1, 6)] * 3), st.tuples(*[st.integers(-6, 6)] * 3)


@given(sizes, sizes, shifts)
def test_both_boxes_hold_the_same_places(first, second, offset):
    """Each pixel carries its place in the world; both boxes must show the same ones."""
    if not any(offset) and first != second:
        return
    here = np.stack(np.indices(first), axis=-1)
    there = np.stack(np.indices(second), axis=-1) + np.array(offset)
    shared = {tuple(p) for p in here.reshape(-1, 3)} & {tuple(p) for p in there.reshape(-1, 3)}
    if not shared:
        with pytest.raises(ShapeError, match="overlap"):
            StackOverlap.of(first, second, offset)
        return
    overlap = StackOverlap.of(first, second, offset)
    np.testing.assert_array_equal(here[overlap.first], there[overlap.second])
    assert np.prod(overlap.shape) == len(shared)


def test_other_shapes_without_a_shift_are_refused():
    with pytest.raises(ShapeError, match=r"equal shapes.*\(3, 4, 5\).*\(2, 4, 5\).*translate"):
        StackOverlap.of((3, 4, 5), (2, 4, 5), (0, 0, 0))
