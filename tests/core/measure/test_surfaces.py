"""Surfaces, outlines and shared borders of bodies that are known exactly, at any voxel size."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from napari_emseg.core.measure.boundaries import contacts, outlines, surfaces, total
from napari_emseg.core.measure.boundary_weights import SurfaceRule, boundary_weights

SIZES = [(1.0, 1.0, 1.0), (5.0, 5.0, 5.0), (30.0, 6.0, 6.0), (50.0, 4.0, 4.0), (8.0, 8.0, 6.0)]


def coordinates(half, size, offset=(0.3, 0.1, 0.45)):
    """Places (Z, Y, X) of voxels around a body of these half extents, not at its middle."""
    axes = [
        (np.arange(-(count := int(np.ceil(h / edge)) + 3), count + 1) + part) * edge
        for h, edge, part in zip(half, size, offset, strict=True)
    ]
    return np.meshgrid(*axes, indexing="ij")


def ellipsoid(half, size):
    squares = (place / h for place, h in zip(coordinates(half, size), half, strict=True))
    return sum(each**2 for each in squares) <= 1


def box(shape):
    return np.pad(np.ones(shape, bool), 10)


def surface(body, size):
    rule, cells = SurfaceRule.of(size), body.astype(np.int64)
    return total([surfaces(*pair, rule) for pair in pairwise(cells)]).amount


def spheroid_surface(a, b):
    """Of a prolate spheroid of half axes a, b, b."""
    e = np.sqrt(1 - b**2 / a**2)
    return 2 * np.pi * b**2 * (1 + a / (b * e) * np.arcsin(e))


@pytest.mark.parametrize("size", SIZES)
def test_spheres_of_ten_voxels(size):
    radius = 10 * max(size)
    found = surface(ellipsoid((radius,) * 3, size), size)
    assert found == pytest.approx(4 * np.pi * radius**2, rel=0.01)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("along", [0, 1, 2])
def test_ellipsoids_along_each_axis(size, along):
    long, short = 20 * max(size), 12 * max(size)
    half = [short] * 3
    half[along] = long
    found = surface(ellipsoid(half, size), size)
    assert found == pytest.approx(spheroid_surface(long, short), rel=0.02)


@pytest.mark.parametrize("size", SIZES)
def test_cylinders_through_the_sections(size):
    depth = size[0]
    height, radius = 60 * depth, 15 * depth
    z, y, x = coordinates((height / 2, radius, radius), size, (0.5, 0.1, 0.45))
    found = surface((np.abs(z) < height / 2) & (y**2 + x**2 <= radius**2), size)
    assert found == pytest.approx(2 * np.pi * radius * (radius + height), rel=0.02)


@pytest.mark.parametrize("size", SIZES)
def test_boxes(size):
    """Edges lose a third of a voxel: 2 % at some 35 sections, more in a smaller box."""
    sides = [50, *(round(50 * size[0] / edge) for edge in size[1:])]
    a, b, c = (n * edge for n, edge in zip(sides, size, strict=True))
    found = surface(box(sides), size)
    assert found == pytest.approx(2 * (a * b + b * c + a * c), rel=0.02)


def test_a_flat_border_is_exact_and_the_rim_is_no_surface():
    cells = np.zeros((4, 10, 12), np.int64)
    cells[:, :, :6] = 1
    # the last half section has no slice above it
    assert surface(cells, (30.0, 6.0, 6.0)) == pytest.approx(3 * 10 * 30 * 6, rel=1e-4)


@pytest.mark.parametrize("size", [(1.0, 1.0), (6.0, 6.0), (2.0, 1.0)])
def test_outlines_of_discs(size):
    radius = 20 * max(size)
    _, y, x = coordinates((1, radius, radius), (1.0, *size))
    disc = (y[3] ** 2 + x[3] ** 2 <= radius**2).astype(np.int64) * 4
    found = outlines(disc, boundary_weights(size))
    assert found.whose.tolist() == [4]
    assert found.amount[0] == pytest.approx(2 * np.pi * radius, rel=0.02)


@pytest.mark.parametrize("size", SIZES)
def test_two_halves_of_a_sphere_share_its_great_circle(size):
    radius = 14 * max(size)
    cells = ellipsoid((radius,) * 3, size).astype(np.int64)
    half = cells.shape[2] // 2
    cells[:, :, half:] *= 2
    rule = SurfaceRule.of(size)
    found = total([contacts(*pair, rule) for pair in pairwise(cells)], width=2)
    assert found.whose.tolist() == [[1, 2]]
    cut = (np.count_nonzero(cells[:, :, half])) * size[0] * size[1]
    assert found.amount[0] == pytest.approx(cut, rel=0.06)


def test_three_cells_share_pairwise():
    cells = np.zeros((2, 12, 12), np.int64)
    cells[:, :6, :6], cells[:, :6, 6:], cells[:, 6:] = 1, 2, 3
    found = contacts(cells[0], cells[1], SurfaceRule.of((1.0, 1.0, 1.0)))
    assert found.whose.tolist() == [[1, 2], [1, 3], [2, 3]]
    assert found.amount == pytest.approx([6, 6, 6], abs=1)


def test_no_corner_or_all_corners_hold_no_surface():
    weights = boundary_weights((30.0, 6.0, 6.0))
    assert weights[0] == weights[-1] == 0
    assert (weights[1:-1] > 0).all()
    assert np.allclose(weights, weights[::-1])
