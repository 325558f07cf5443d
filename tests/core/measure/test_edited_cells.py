from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.measure.edited_cells import edited_cells
from napari_emseg.core.measure.measures import measure_cells
from napari_emseg.core.measure.table import Units

SIZE = (50.0, 4.0, 4.0)


@pytest.fixture
def cells():
    """Three cells, 5, 70 and 8, in two slices (2, 20, 20)."""
    cells = np.zeros((2, 20, 20), np.int64)
    cells[:, 1:8, 1:8], cells[:, 10:18, 1:8], cells[1, 2:9, 11:18] = 5, 70, 8
    return cells


def edited(before, after, z, **options):
    profiles = measure_cells(before, voxel_size_nm=SIZE, **options).profiles
    is_mask = bool(options)
    return edited_cells(profiles, z, after[z], Units.of(SIZE), is_mask=is_mask).tolist()


def test_nothing_is_edited_where_nothing_has_changed(cells):
    assert edited(cells, cells, 0) == edited(cells, cells, 1) == []


def test_cells_that_grew_shrank_came_or_went(cells):
    after = cells.copy()
    after[1, 1:3, 1:8] = 70
    after[1, 2:9, 11:18] = 9
    assert edited(cells, after, 1) == [5, 8, 9, 70]
    assert edited(cells, after, 0) == []


def test_a_cell_of_the_same_size_elsewhere_is_edited(cells):
    after = cells.copy()
    after[0, :9] = np.roll(cells[0, :9], 3, axis=1)
    assert edited(cells, after, 0) == [5]


def test_a_slice_without_background(cells):
    full = np.where(cells == 0, 99, cells)
    after = full.copy()
    after[0, 0, 0] = 5
    assert edited(full, full, 0) == []
    assert edited(full, after, 0) == [5, 99]


def test_a_slice_that_was_emptied(cells):
    after = cells * 0
    assert edited(cells, after, 1) == [5, 8, 70]


def test_pieces_of_a_mask(cells):
    mask = (cells > 0).astype(np.uint8) * 255
    after = mask.copy()
    after[1, 5, 11:18] = 0  # cuts the one on the right in two
    assert edited(mask, mask, 1, sections=True) == []
    assert edited(mask, after, 1, sections=True)
    assert edited(mask, after, 0, sections=True) == []
