"""Cells of a slice: 4-connected, and grown until lines one pixel wide are left between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_emseg.core.label_images import (
    cell_borders,
    cell_components,
    thin_borders,
    touching_pixels,
)


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_thinning_keeps_every_cell_and_leaves_lines(mask):
    thinned, cells = thin_borders(mask), cell_components(mask)
    np.testing.assert_array_equal(thinned[mask], cells[mask])
    assert thinned.max(initial=0) == cells.max(initial=0)
    for axis in (0, 1):  # no two cells touch: a line lies between them
        a, b = (np.moveaxis(thinned, axis, 0)[part] for part in (slice(1, None), slice(None, -1)))
        assert not ((a != b) & (a > 0) & (b > 0)).any()


def test_thinning_makes_membranes_one_pixel_wide():
    mask = np.ones((9, 21), bool)
    mask[:, 7:14] = False
    assert (thin_borders(mask) == 0).sum(axis=1).tolist() == [1] * 9


def test_diagonal_neighbours_are_two_cells():
    assert cell_components(np.eye(2, dtype=np.uint8)).max() == 2


def test_touching_ids_of_a_truth_stay_apart():
    truth = np.array([[5, 5, 9, 9, 0, 5]], np.uint16)
    assert cell_components(truth).tolist() == [[1, 1, 2, 2, 0, 3]]


def test_pixels_of_cells_that_touch():
    ids = np.array([[1, 1, 2, 2], [1, 1, 0, 2], [3, 0, 5, 2]])
    expected = [[0, 1, 1, 0], [1, 0, 0, 0], [1, 0, 1, 1]]
    assert touching_pixels(ids).astype(int).tolist() == expected


@pytest.mark.parametrize("gap", [0, 2, 4])
def test_borders_are_as_wide_as_asked_whatever_parts_the_cells(gap):
    ids = np.zeros((20, 40), np.int32)
    ids[:, : 20 - gap // 2], ids[:, 20 + gap // 2 :] = 1, 2
    cells = (ids != 0) & ~cell_borders(ids, 6)
    assert [int((~row).sum()) for row in cells] == [6] * 20
    np.testing.assert_array_equal(~cells[0, 17:23], True)


def test_cells_far_apart_lose_nothing_to_borders():
    ids = np.zeros((20, 40), np.int32)
    ids[:, :10], ids[:, 30:] = 1, 2
    assert not (cell_borders(ids, 6) & (ids != 0)).any()


def test_a_border_of_two_pixels_takes_one_of_each_cell():
    ids = np.repeat(np.repeat(np.array([[1, 2], [3, 3]]), 8, axis=0), 8, axis=1)
    np.testing.assert_array_equal(cell_borders(ids, 2), touching_pixels(ids))
