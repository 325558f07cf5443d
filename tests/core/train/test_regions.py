"""Reviewed regions as pixels."""

from __future__ import annotations

import numpy as np

from napari_emseg.core.train.regions import Regions, ellipse_outline

SQUARE = np.array([(2, 3), (2, 8), (6, 8), (6, 3)], float)


def test_mask_of_a_slice():
    regions = Regions([(1, SQUARE)])
    assert not regions.mask(0, (10, 12)).any()
    inside = regions.mask(1, (10, 12))
    assert inside[4, 5]
    assert not inside[4, 10]
    assert not inside[8, 5]


def test_overlapping_regions_add_up():
    regions = Regions([(None, SQUARE), (0, SQUARE + 3)])
    assert regions.mask(0, (12, 12))[8, 9]
    assert not regions.mask(5, (12, 12))[8, 9]
    assert regions.mask(5, (12, 12))[4, 5]


def test_an_ellipse_touches_the_sides_of_its_rectangle():
    outline = ellipse_outline(SQUARE)
    np.testing.assert_allclose(outline.min(axis=0), (2, 3), atol=1e-9)
    np.testing.assert_allclose(outline.max(axis=0), (6, 8), atol=1e-9)
    assert not (np.linalg.norm(outline - SQUARE[0], axis=1) < 0.5).any()
