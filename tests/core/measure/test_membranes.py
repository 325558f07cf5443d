"""Cells grow until they meet; what lies between them is as thick as it was drawn."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.measure.membranes import Grown, grown_along_z, thickness_sums


def two_cells(width):
    """Cells 3 and 8 with a membrane of this width between them."""
    cells = np.zeros((60, 40 + width), np.int64)
    cells[:, :20], cells[:, 20 + width :] = 3, 8
    return cells


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 8])
def test_a_membrane_is_as_thick_as_drawn_for_both_cells(width):
    sums, counts = thickness_sums(Grown.of(two_cells(width), 12), 12)
    assert sums.whose.tolist() == [3, 8]
    assert sums.amount / counts.amount == pytest.approx([width, width], abs=0.25)


def test_what_is_wider_is_no_membrane():
    sums, _ = thickness_sums(Grown.of(two_cells(16), 12), 12)
    assert sums.whose.size == 0


def test_cells_meet_in_the_middle_of_a_gap_that_is_no_wider():
    grown = Grown.of(two_cells(8), 8).cells
    assert (grown[:, 20:24] == 3).all()
    assert (grown[:, 24:28] == 8).all()
    assert np.array_equal(Grown.of(two_cells(9), 8).cells, two_cells(9))


@pytest.mark.parametrize("cells", [np.zeros((5, 5), np.int64), np.ones((5, 5), np.int64)])
def test_slices_without_a_cell_or_full_of_one(cells):
    grown = Grown.of(cells, 8)
    assert np.array_equal(grown.cells, cells)
    assert thickness_sums(grown, 12)[0].whose.size == 0


@pytest.mark.parametrize("widest", [0, 3, 4, 9])
def test_gaps_along_z_are_closed_from_the_nearest_slice(widest):
    column = [0, 1, 0, 0, 0, 0, 2, 0]
    slices = (np.full((2, 2), each, np.int64) for each in column)
    found = [int(each[0, 0]) for each in grown_along_z(slices, widest)]
    assert found == (column if widest < 4 else [0, 1, 1, 1, 2, 2, 2, 0])
