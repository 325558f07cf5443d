"""Sums of blocks, whole slices or cut ones, are those of the volume."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.blocks.plan import Blocks
from napari_emseg.core.config.measurement import MeasureConfig
from napari_emseg.core.measure.bodies import cell_table, contact_table
from napari_emseg.core.measure.cell_sums import CellSums
from napari_emseg.core.measure.measures import measure_cells
from napari_emseg.core.measure.measuring import Measuring, has_thickness, seen_beside
from napari_emseg.core.measure.table import Units
from tissue import bodies

LARGEST = 2**62


@pytest.fixture(scope="module")
def tissue():
    """Cells (12, 90, 110) with membranes 0 between them, and wide gaps; ids are large."""
    cells = bodies((12, 90, 110), 60)
    cells[:, 60:, 40:60] = 0
    return np.where(cells > 0, LARGEST - 3 * cells, 0)


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(4).integers(0, 255, (12, 90, 110), np.uint8)


def in_blocks(cells, image, size, voxel_size_nm, config):
    units = Units.of(voxel_size_nm)
    blocks = Blocks(cells.shape, size, seen_beside(config, units))
    _, down, across = blocks.counts
    slabs, parts = [], []
    for block in blocks:
        job = Measuring(
            cells[block.outer], config, units, image=image[block.outer], block=block,
            shape=cells.shape,
        )  # fmt: skip
        assert list(job.run())
        parts.append(CellSums.from_arrays(job.sums().to_arrays()))
        if len(parts) == down * across:
            slabs.append(CellSums.side_by_side(parts))
            parts = []
    sums = CellSums.joined(slabs)
    thickness = has_thickness(config, units)
    return (
        cell_table(sums, len(cells), units, thickness=thickness),
        contact_table(sums, units),
    )


@pytest.mark.parametrize("voxel_size_nm", [(30.0, 6.0, 6.0), (8.0, 8.0, 8.0), (20.0, 4.0, 6.0)])
@pytest.mark.parametrize("size", [(5, 90, 110), (1, 90, 110), (4, 50, 64)])
def test_blocks_come_to_the_table_of_the_volume(tissue, image, size, voxel_size_nm):
    config = MeasureConfig(widest_membrane_px=6)
    whole = measure_cells(tissue, voxel_size_nm=voxel_size_nm, image=image, config=config)
    cells, contacts = in_blocks(tissue, image, size, voxel_size_nm, config)
    assert list(cells.columns) == list(whole.cells.columns)
    assert (len(cells), len(contacts)) == (len(whole.cells), len(whole.contacts))
    assert len(cells) > 20
    for found, wanted in ((cells, whole.cells), (contacts, whole.contacts)):
        for name, values in wanted.columns.items():
            assert found[name].dtype == values.dtype, name
            np.testing.assert_allclose(found[name], values, rtol=1e-9, atol=1e-9, err_msg=name)
            if values.dtype.kind in "ib":
                np.testing.assert_array_equal(found[name], values)


def test_a_cell_that_only_reaches_over_a_border_is_counted_once():
    cells = np.zeros((2, 20, 20), int)
    cells[:, :10, :10], cells[:, 10:, 10:] = 5, 9  # they meet at a corner, which blocks share
    image = np.ones(cells.shape, np.uint8)
    whole = measure_cells(cells, image=image)
    found, _ = in_blocks(cells, image, (1, 10, 10), None, MeasureConfig())
    assert found["slices"].tolist() == [2, 2]
    for name in ("voxels", "mean_profile_perimeter_px", "surface_px2", "neighbours"):
        np.testing.assert_allclose(found[name], whole.cells[name], err_msg=name)
