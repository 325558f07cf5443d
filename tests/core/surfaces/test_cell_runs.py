"""Cells as runs: painted again they are what was read."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.surfaces.cell_runs import CellRuns
from napari_emseg.errors import CancelledError


def test_each_cell_comes_back_within_its_box():
    cells = np.random.default_rng(1).integers(-1, 6, (5, 11, 13)) * 10
    cells[2][cells[2] == 30] = 0
    runs = CellRuns(cells)
    assert list(runs.voxels) == [10, 20, 30, 40, 50]
    for cell, count in runs.voxels.items():
        places = np.argwhere(cells == cell)
        box = runs.box(cell)
        assert count == len(places)
        assert box == tuple(zip(places.min(0).tolist(), places.max(0).tolist(), strict=True))
        inside = tuple(slice(first, last + 1) for first, last in box)
        painted = np.stack([runs.mask(cell, z, box) for z in range(box[0][0], box[0][1] + 1)])
        np.testing.assert_array_equal(painted, (cells == cell)[inside])
        assert runs.slices_of(cell) == sorted(set(places[:, 0].tolist()))


def test_only_those_that_are_wanted_are_kept():
    cells = np.arange(1, 9).reshape(2, 2, 2)
    assert CellRuns(cells, {8, 3, 99}).voxels == {3: 1, 8: 1}


def test_empty_slices_and_an_empty_volume():
    assert CellRuns(np.zeros((3, 4, 5), int)).voxels == {}


def test_it_can_be_stopped():
    def stop(done, total):
        raise CancelledError(f"{done} of {total}")

    with pytest.raises(CancelledError, match="1 of 3"):
        CellRuns(np.ones((3, 4, 5), int), on_slice=stop)
