"""Where to look first: at boundaries of large cells that are in doubt."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.correct.ranking import rank_regions, uncertain_boundaries
from napari_emseg.core.correct.review_regions import (
    MAY_MERGE,
    MAY_SPLIT,
    SQUARE_PX,
    UNSURE,
    ReviewRegion,
    visiting_order,
)

THRESHOLD = 0.5


def rooms(gap: float, *, at: int = 100, width: int = 256) -> np.ndarray:
    """Two cells beside one another, and in the wall between them a gap of this probability."""
    probability = np.full((192, width), 0.99, np.float32)
    probability[:, at - 2 : at + 3] = 0.01
    probability[90:100, at - 2 : at + 3] = gap
    return probability


def test_an_uncertain_boundary_is_found_where_it_is():
    (boundary,) = uncertain_boundaries(rooms(0.55), THRESHOLD)
    assert 88 <= boundary.y < 102
    assert 96 <= boundary.x < 104


@pytest.mark.parametrize("gap", [0.01, 0.99])
def test_what_is_certain_is_no_uncertain_boundary(gap):
    assert uncertain_boundaries(rooms(gap), THRESHOLD) == []


def test_the_nearer_to_the_threshold_the_more_doubt():
    shares = [uncertain_boundaries(rooms(gap), THRESHOLD)[0].share for gap in (0.52, 0.58, 0.64)]
    assert shares == sorted(shares, reverse=True)
    assert uncertain_boundaries(rooms(0.42), THRESHOLD)


def test_large_cells_count_more():
    small, large = (uncertain_boundaries(rooms(0.52, at=x), THRESHOLD)[0].share for x in (12, 128))
    assert large > 2 * small
    assert large <= 0.25  # of all pairs, those between two halves


def test_a_doubtful_boundary_comes_before_a_fuzzy_inside():
    probability = rooms(0.52)
    probability[10:30, 200:220] = 0.5  # 400 px of a cell, against the 50 of the gap
    first, *others = rank_regions(probability, THRESHOLD)
    assert first.square == (slice(64, 128), slice(64, 128))
    assert others


def test_without_a_boundary_the_uncertain_spot_is_shown():
    probability = np.full((128, 128), 0.99, np.float32)
    probability[70:80, 20:30] = 0.5
    (region,) = rank_regions(probability, THRESHOLD)
    assert 70 <= region.y < 80
    assert 20 <= region.x < 30
    assert region.risk > 0
    assert region.reason == UNSURE


@pytest.mark.parametrize(("gap", "reason"), [(0.55, MAY_MERGE), (0.45, MAY_SPLIT)])
def test_it_is_said_which_way_a_boundary_is_decided(gap, reason):
    assert rank_regions(rooms(gap), THRESHOLD)[0].reason == reason


def test_a_slice_that_is_certain_has_no_region():
    assert rank_regions(np.ones((100, 70), np.float32), THRESHOLD) == []
    assert rank_regions(np.zeros((100, 70), np.float32), THRESHOLD) == []


@pytest.mark.parametrize("shape", [(1, 1), (63, 65), (64, 200)])
def test_any_shape(shape):
    probability = np.random.default_rng(0).random(shape, np.float32)
    regions = rank_regions(probability, THRESHOLD)
    assert [p.risk for p in regions] == sorted((p.risk for p in regions), reverse=True)
    assert all(0 <= p.y < shape[0] and 0 <= p.x < shape[1] for p in regions)
    assert len({str(p.square) for p in regions}) == len(regions)


def test_the_worst_slice_comes_first_and_whole():
    def regions(*risks):
        return [ReviewRegion(k * SQUARE_PX, 0, risk) for k, risk in enumerate(risks)]

    by_slice = {0: regions(0.5, 0.1), 1: regions(0.4, 0.4, 0.3, 0.2, 0.1), 2: []}
    assert [(z, region.risk) for z, region in visiting_order(by_slice)] == [
        (1, 0.4), (1, 0.4), (0, 0.5),
    ]  # fmt: skip


def test_where_classes_are_unsure_is_worth_a_look_too():
    probability = np.full((192, 192), 0.99, np.float32)
    doubt = np.zeros(probability.shape, np.uint8)
    doubt[70:100, 20:50] = 255
    (region,) = rank_regions(probability, THRESHOLD, doubt)
    assert 70 <= region.y < 100
    assert 20 <= region.x < 50
    assert rank_regions(probability, THRESHOLD) == []
