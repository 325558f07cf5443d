"""Ids that stay while cells are put together anew."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_emseg.core.cells3d.kept_ids import keep_ids

ids = st.integers(0, 6)


def test_a_cell_has_the_id_that_is_shown_where_it_is():
    fragments = np.array([[1, 1, 2, 3]])
    table = np.array([0, 1, 1, 2, 3], np.uint32)
    shown = np.array([[2, 2, 2, 9]], np.uint32)
    np.testing.assert_array_equal(keep_ids(table, fragments, shown), [0, 2, 2, 9, 3])


def test_of_two_cells_where_one_was_the_larger_keeps_its_id():
    fragments = np.array([[1, 1, 1, 2, 2]])
    table = np.array([0, 2, 1], np.uint32)
    shown = np.full((1, 5), 1, np.uint32)
    np.testing.assert_array_equal(keep_ids(table, fragments, shown), [0, 1, 2])


def test_where_nothing_is_shown_all_stay():
    table = np.array([0, 2, 1, 0], np.uint32)
    nothing = np.zeros((2, 2), np.uint32)
    np.testing.assert_array_equal(keep_ids(table, np.array([[1, 2], [3, 0]]), nothing), table)


@given(
    arrays(np.int64, (3, 4), elements=ids),
    arrays(np.uint32, (3, 4), elements=st.integers(0, 9)),
    arrays(np.uint32, (6,), elements=st.integers(0, 6)),
)
def test_it_is_another_name_for_the_same_cells(fragments, shown, clusters):
    table = np.concatenate([[0], np.unique(clusters, return_inverse=True)[1] + 1]).astype(np.uint32)
    kept = keep_ids(table, fragments, shown)
    assert kept[0] == 0
    assert (kept[1:] > 0).all()
    assert len({*zip(table, kept, strict=True)}) == len({*table}) == len({*kept})
