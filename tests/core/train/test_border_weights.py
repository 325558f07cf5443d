"""The border term of the weight map against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.train.border_weights import border_weights


def random_cells(seed, shape=(21, 26), count=6):
    """Cells of random shape, some of which touch one another or lie in several pieces."""
    rng = np.random.default_rng(seed)
    cells = np.zeros(shape, np.int32)
    for number in rng.choice(np.arange(1, 100), count, replace=False):
        y, x = rng.integers(0, shape[0] - 3), rng.integers(0, shape[1] - 3)
        cells[y : y + rng.integers(2, 9), x : x + rng.integers(2, 9)] = number
    return cells


@pytest.mark.parametrize("seed", range(6))
def test_border_weights_are_those_of_brute_force(seed, brute_force):
    cells = random_cells(seed)
    weights = border_weights(cells, 10, 3)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, brute_force(cells, 10, 3), atol=1e-4)


def test_border_weights_where_no_pixel_is_membrane(brute_force):
    cells = np.ones((8, 9), np.int32)
    cells[:, 5:] = 2
    np.testing.assert_allclose(border_weights(cells, 10, 3), brute_force(cells, 10, 3), atol=1e-4)


def test_border_weights_of_negative_ids(brute_force):
    cells = random_cells(1)
    cells[cells == cells.max()] = -4
    np.testing.assert_allclose(border_weights(cells, 10, 3), brute_force(cells, 10, 3), atol=1e-4)


def test_cells_too_far_to_matter_are_the_only_ones_left_out(brute_force):
    cells = np.zeros((12, 70), np.int32)
    cells[4:8, 3:6], cells[2:9, 30:34], cells[5, 66] = 1, 2, 3
    weights, expected = border_weights(cells, 10, 2), brute_force(cells, 10, 2)
    np.testing.assert_allclose(weights, expected, atol=10 * 1e-6)
    near = np.zeros_like(cells)
    near[4:8, 20:23], near[2:9, 30:34] = 1, 2
    # as exact as float32 wherever the term is more than nothing
    weights, expected = border_weights(near, 10, 2), brute_force(near, 10, 2)
    seen = expected > 10 * 1e-6
    assert seen.sum() > 40
    np.testing.assert_allclose(weights[seen], expected[seen], rtol=1e-4)


def test_every_painted_cell_of_an_id_counts_as_one(brute_force):
    cells = np.zeros((10, 30), np.int32)
    cells[3:6, 2:5] = cells[3:6, 8:11] = 4
    assert not border_weights(cells, 10, 3).any()
    cells[3:6, 15:18] = 5
    np.testing.assert_allclose(border_weights(cells, 10, 3), brute_force(cells, 10, 3), atol=1e-4)


@pytest.mark.parametrize("ids", [[], [7]])
def test_border_weights_of_fewer_than_two_cells_are_zero(ids):
    cells = np.zeros((9, 9), int)
    for each in ids:
        cells[2:5, 2:5] = each
    assert not border_weights(cells, 10, 3).any()
