"""A stack has three axes and knows its slices."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_emseg.errors import ShapeError
from napari_emseg.types import Stack


@pytest.mark.parametrize("shape", [(4,), (4, 5), (2, 3, 4, 5)])
def test_other_axes_are_refused(shape):
    with pytest.raises(ShapeError, match=r"\(Z, Y, X\)"):
        Stack(np.zeros(shape))


def test_slice_of_a_lazy_stack_is_loaded():
    data = np.arange(24).reshape(2, 3, 4)
    stack = Stack(da.from_array(data))
    assert isinstance(stack.slice(1), np.ndarray)
    np.testing.assert_array_equal(stack.slice(1), data[1])


def test_take_keeps_what_else_is_known():
    stack = Stack(np.arange(24).reshape(4, 3, 2), (50, 4, 4), "em", "labels")
    taken = stack.take((3, 1))
    np.testing.assert_array_equal(taken.data, stack.data[[3, 1]])
    assert (taken.voxel_size_nm, taken.name, taken.kind) == ((50, 4, 4), "em", "labels")


@pytest.mark.parametrize(
    ("slices", "words"), [((), "at least one"), ((4,), "0 to 3"), ((-1,), "-1")]
)
def test_slices_that_are_not_there(slices, words):
    with pytest.raises(ShapeError, match=words):
        Stack(np.zeros((4, 3, 2))).take(slices)
