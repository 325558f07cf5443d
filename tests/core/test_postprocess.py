"""Masks and cells of a probability."""

from __future__ import annotations

import numpy as np

from napari_emseg.core.postprocess import to_cells, to_mask


def test_a_pixel_is_cell_above_the_threshold_and_not_at_it():
    probability = np.array([[0.0, 0.5, np.nextafter(np.float32(0.5), 1), 1.0]], np.float32)
    mask = to_mask(probability, 0.5)
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, [[0, 0, 1, 1]])


def test_cells_are_four_connected_and_unique_over_the_stack():
    mask = np.array([[[1, 0, 1], [0, 1, 1]], [[0, 0, 0], [0, 0, 0]], [[255, 0, 0], [255, 0, 7]]])
    cells = to_cells(mask)
    assert cells.dtype == np.uint32
    np.testing.assert_array_equal(
        cells, [[[1, 0, 2], [0, 2, 2]], [[0, 0, 0], [0, 0, 0]], [[3, 0, 0], [3, 0, 4]]]
    )


def test_cells_do_not_grow_from_slice_to_slice():
    assert len(np.unique(to_cells(np.ones((4, 3, 3), bool)))) == 4


def test_a_bool_mask():
    assert to_cells(np.array([[[True, False, True]]])).max() == 2
