"""Outlines enclose just the pixels of a mask, by the even-odd rule."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.path import Path

from napari_emseg.core.surfaces.outlines import outlines


def enclosed(rings, shape):
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    middles = np.stack([x.ravel(), y.ravel()], axis=1)
    times = sum(Path(ring).contains_points(middles) for ring in rings)
    return (np.asarray(times) % 2 == 1).reshape(shape)


def test_a_pixel_is_a_square():
    (ring,) = outlines(np.ones((1, 1), bool))
    assert sorted(ring.tolist()) == [[0, 0], [0, 1], [1, 0], [1, 1]]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_any_mask_is_enclosed(share):
    rng = np.random.default_rng(0)
    for _ in range(20):
        mask = rng.random((7, 9)) < share
        np.testing.assert_array_equal(enclosed(outlines(mask), mask.shape), mask)


def test_pieces_and_holes_have_outlines_of_their_own_and_corners_alone():
    mask = np.zeros((9, 20), bool)
    mask[1:8, 1:8] = mask[2:4, 10:15] = True
    mask[3:5, 3:5] = False
    assert sorted(len(ring) for ring in outlines(mask)) == [4, 4, 4]
