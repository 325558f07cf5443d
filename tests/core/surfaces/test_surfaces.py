"""Surfaces of bodies that are known exactly: closed, outward, of the right volume."""

from __future__ import annotations

import dask.array
import numpy as np
import pytest

from meshes import assert_closed, euler
from napari_emseg.core.config.export import SurfaceConfig
from napari_emseg.core.surfaces import marching
from napari_emseg.core.surfaces.surfaces import surface_of_cell
from napari_emseg.errors import LabelsError


def ellipsoid(half, voxel, offset=(0.3, 0.2, 0.1)):
    """Voxels of an ellipsoid, not at the middle of one of them."""
    axes = [
        (np.arange(-(count := int(np.ceil(h / edge)) + 2), count + 1) + part) * edge
        for h, edge, part in zip(half, voxel, offset, strict=True)
    ]
    places = np.meshgrid(*axes, indexing="ij", sparse=True)
    return (sum((p / h) ** 2 for p, h in zip(places, half, strict=True)) <= 1).astype(np.uint8)


@pytest.mark.parametrize(
    ("half", "voxel"),
    [
        ((10, 10, 10), (1, 1, 1)),
        ((20, 8, 12), (1, 1, 1)),
        ((250, 250, 250), (50, 4, 4)),
        ((400, 200, 300), (50, 4, 4)),
        ((1000, 200, 200), (50, 4, 4)),
        ((300, 300, 300), (30, 6, 6)),
        ((500, 300, 300), (50, 4, 8)),
        ((400, 100, 200), (8, 8, 8)),
    ],
)
@pytest.mark.parametrize("smooth", [0, 10, 30])
def test_the_volume_is_right_to_2_percent(half, voxel, smooth):
    found = surface_of_cell(
        ellipsoid(half, voxel), 1, voxel_size_nm=voxel, config=SurfaceConfig(smooth=smooth)
    )
    assert found.volume == pytest.approx(4 / 3 * np.pi * np.prod(half), rel=0.02)
    assert_closed(found.faces)
    assert euler(found.vertices, found.faces) == 2
    assert found.vertices.dtype == np.float32
    assert found.faces.dtype == np.int32


def test_it_lies_where_the_cell_lies_in_x_y_z():
    cells = np.zeros((12, 40, 70), np.uint16)
    cells[2:8, 5:35, 30:60] = 3
    found = surface_of_cell(cells, 3, voxel_size_nm=(50, 4, 8), config=SurfaceConfig(smooth=0))
    np.testing.assert_allclose(found.vertices.min(0), [29.5 * 8, 4.5 * 4, 1.5 * 50], atol=0.1)
    np.testing.assert_allclose(found.vertices.max(0), [59.5 * 8, 34.5 * 4, 7.5 * 50], atol=0.1)


def test_where_the_volume_ends_it_is_closed_flat():
    """A cell that fills the volume is a box of all its voxels, but for its sharp edges."""
    cells = np.full((4, 20, 30), 7)
    found = surface_of_cell(cells, 7, voxel_size_nm=(50, 4, 4), config=SurfaceConfig(smooth=0))
    assert_closed(found.faces)
    assert found.volume == pytest.approx(cells.size * 50 * 4 * 4, rel=0.02)
    np.testing.assert_allclose(found.vertices.min(0), [-2, -2, -25])


def test_outlines_that_are_near_are_joined_without_a_step():
    """The side of a rod that leans by 40 nm a section is plane to a pixel, before smoothing."""
    cells = np.zeros((10, 40, 160), np.uint8)
    for z in range(1, 9):
        cells[z, 10:30, 10 * z + 20 : 10 * z + 50] = 1
    found = surface_of_cell(cells, 1, voxel_size_nm=(50, 4, 4), config=SurfaceConfig(smooth=0))
    x, y, z = found.vertices.T
    inner = (abs(y - 78) < 20) & (z > 150) & (z < 350) & (x < 40 * z / 50 + 140)
    np.testing.assert_allclose(x[inner], 40 * z[inner] / 50 + 78, atol=4.1)


@pytest.mark.parametrize("voxel", [(1, 1, 1), (50, 4, 4), (3, 1, 2)])
@pytest.mark.parametrize("values_at_once", [1, 2**23])
def test_any_cell_has_a_closed_surface(voxel, values_at_once, monkeypatch):
    """Voxels that touch by an edge or a corner, holes, gaps of slices; in slabs and as a whole."""
    monkeypatch.setattr(marching, "_VALUES", values_at_once)
    rng = np.random.default_rng(0)
    for share in (0.1, 0.3, 0.5, 0.8):
        cells = (rng.random((7, 9, 8)) < share).astype(np.uint8)
        cells[3] = 0
        found = surface_of_cell(cells, 1, voxel_size_nm=voxel)
        assert_closed(found.faces)
        assert found.volume > 0


def test_slabs_make_no_difference(monkeypatch):
    cells = ellipsoid((30, 10, 10), (1, 1, 1))
    whole = surface_of_cell(cells, 1)
    monkeypatch.setattr(marching, "_VALUES", 1)
    slabs = surface_of_cell(cells, 1)
    assert len(whole.vertices) == len(slabs.vertices)
    assert slabs.volume == pytest.approx(whole.volume, rel=1e-5)
    assert slabs.area == pytest.approx(whole.area, rel=1e-5)


def test_a_ring_has_a_hole():
    z, y, x = np.mgrid[-6:7, -20:21, -20:21]
    ring = ((np.hypot(y, x) - 12) ** 2 + z**2 < 16).astype(np.uint8)
    found = surface_of_cell(ring, 1)
    assert euler(found.vertices, found.faces) == 0


def test_smoothing_takes_steps_away_and_no_volume():
    ball = ellipsoid((15, 15, 15), (1, 1, 1))
    rough, smooth = (
        surface_of_cell(ball, 1, config=SurfaceConfig(smooth=rounds)) for rounds in (0, 20)
    )
    middle = smooth.vertices.mean(0)
    spread = [np.std(np.linalg.norm(each.vertices - middle, axis=1)) for each in (rough, smooth)]
    assert spread[1] < spread[0] / 2
    assert smooth.area == pytest.approx(4 * np.pi * 15**2, rel=0.02)
    assert rough.area > 1.04 * smooth.area
    assert smooth.volume == pytest.approx(rough.volume, rel=0.01)


def test_a_lazy_volume_of_large_ids_gives_the_same():
    cells = ellipsoid((20, 8, 8), (1, 1, 1)).astype(np.uint64) * (2**40 + 3)
    lazy = dask.array.from_array(cells, chunks=(4, 10, 10))
    found, wanted = (surface_of_cell(each, 2**40 + 3) for each in (lazy, cells))
    np.testing.assert_array_equal(found.vertices, wanted.vertices)


def test_a_cell_that_is_not_there_is_named():
    with pytest.raises(LabelsError, match="received 5, which it has not got"):
        surface_of_cell(np.ones((2, 4, 4), int), 5)
