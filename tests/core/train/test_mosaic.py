"""Many patches as one picture."""

from __future__ import annotations

import numpy as np

from napari_emseg.core.train.mosaic import mosaic


def test_mosaic_is_a_grid():
    patches = np.arange(1, 6)[:, None, None] * np.ones((1, 4, 4))
    grid = mosaic(patches, fill=-1)
    assert grid.shape == (4 + 8 + 4, 4 + 8 + 4 + 8 + 4)
    assert [grid[0, 0], grid[0, 12], grid[0, 24], grid[12, 0], grid[12, 12]] == [1, 2, 3, 4, 5]
    assert grid[12, 24] == grid[5, 5] == -1
