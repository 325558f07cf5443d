"""Tiles cover a slice, keep to the network's grid, and blend back into what they were cut from."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.segment.tiling import (
    RAMP_PX,
    Blender,
    Span,
    batches,
    grow,
    margin,
    pad_to_multiple,
    plan_axis,
    plan_tiles,
    round_up,
)

SHAPES = [(1, 1), (3, 700), (17, 19), (64, 64), (257, 511), (300, 299)]
GEOMETRIES = [(64, 3, 2), (100, 10, 4), (33, 0, 1), (128, 24, 8)]
"""Tile, reach, multiple."""


def geometry_of(depth):
    network = NetworkConfig(depth=depth)
    return network.reach, network.multiple


def blend(image, tile, reach, multiple):
    """Cut ``image`` into tiles of two channels, it and its negative, and put it together again."""
    padded = pad_to_multiple(image, multiple)
    blender = Blender(image.shape, 2, multiple)
    for each in plan_tiles(image.shape, tile, reach, multiple):
        blender.add(each, np.stack([padded[each.index], -padded[each.index]], axis=-1))
    result, negative = np.moveaxis(blender.result(), -1, 0)
    np.testing.assert_array_equal(negative, -result)
    return result


def summed_weights(spans, length):
    total = np.zeros(length)
    for span in spans:
        weights = span.weights()
        assert (weights >= 0).all()
        total[span.start : span.stop] += weights
    return total


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_an_image_comes_back_unchanged(shape, geometry):
    image = np.random.default_rng(0).random(shape, dtype=np.float32)
    np.testing.assert_allclose(blend(image, *geometry), image, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_a_constant_comes_back_unchanged(shape, geometry):
    image = np.ones(shape, np.float32)
    np.testing.assert_allclose(blend(image, *geometry), image, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 400), st.integers(1, 400)),
    tile=st.integers(1, 200),
    reach=st.integers(0, 30),
    multiple=st.sampled_from([1, 2, 4, 8, 16, 32]),
)
def test_any_image_comes_back_unchanged(shape, tile, reach, multiple):
    image = np.random.default_rng(0).random(shape, dtype=np.float32)
    np.testing.assert_allclose(blend(image, tile, reach, multiple), image, atol=1e-6)


@settings(max_examples=300, deadline=None)
@given(count=st.integers(1, 400), tile=st.integers(1, 1500), depth=st.integers(1, 6))
# three tiles share a pixel here: the middle one must fade at both its ends
@example(count=49, tile=512, depth=4)
def test_spans_of_real_networks(count, tile, depth):
    reach, multiple = geometry_of(depth)
    length = count * multiple
    spans = plan_axis(length, tile, reach, multiple)

    assert spans[0].start == 0
    assert spans[-1].stop == length
    for span in spans:
        assert span.start % multiple == 0
        assert (span.stop - span.start) % multiple == 0
    for left, right in pairwise(spans):
        assert left.start < right.start
        overlap = left.stop - right.start
        assert overlap == left.overlap_after == right.overlap_before
        assert overlap >= max(reach, 2 * margin(reach) + RAMP_PX)
        # where the tile's cut edges show must weigh nothing
        assert not left.weights()[len(left.weights()) - margin(reach) :].any()
        assert not right.weights()[: margin(reach)].any()
    np.testing.assert_allclose(summed_weights(spans, length), 1, atol=1e-6)


def test_a_slice_up_to_the_tile_size_goes_through_whole():
    assert plan_axis(1024, 1024, 107, 16) == [Span(0, 1024)]
    assert len(plan_axis(1040, 1024, 107, 16)) == 2


def test_no_more_tiles_than_needed():
    spans = plan_axis(4096, 1024, 107, 16)
    fewest = -(-(4096 - 144) // (1024 - 144))
    assert len(spans) == fewest


def test_tiles_are_no_larger_than_so_many_need():
    """Three tiles cover 2048 px: of 800 px, though up to 1024 were allowed."""
    assert [span.stop - span.start for span in plan_axis(2048, 1024, 107, 16)] == [800] * 3


def test_tiles_have_one_shape_and_go_row_by_row():
    tiles = plan_tiles((900, 300), 200, 20, 4)
    shapes = {(each.y.stop - each.y.start, each.x.stop - each.x.start) for each in tiles}
    assert len(shapes) == 1
    assert [(each.y.start, each.x.start) for each in tiles] == sorted(
        (each.y.start, each.x.start) for each in tiles
    )


def test_mirror_padding():
    padded = pad_to_multiple(np.array([[1, 2, 3]]), 4)
    np.testing.assert_array_equal(padded, [[1, 2, 3, 2]] * 4)
    whole = np.zeros((4, 8))
    assert pad_to_multiple(whole, 4) is whole


def test_round_up():
    assert [round_up(n, 16) for n in (1, 16, 17)] == [16, 16, 32]


def test_batches_keep_the_order():
    tiles = plan_tiles((900, 900), 200, 20, 4)
    groups = list(batches(tiles, 4))
    assert [tile for group in groups for tile in group] == tiles
    assert {len(group) for group in groups[:-1]} == {4}


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ((slice(100, 140), slice(200, 300)), (slice(88, 150), slice(188, 310))),
        ((slice(0, 10), slice(5, 9)), (slice(0, 20), slice(0, 19))),
        ((slice(590, 600), slice(0, 400)), (slice(580, 600), slice(0, 400))),
    ],
)
def test_what_must_be_predicted_for_a_region(region, expected):
    """A margin more on each side, from the network's grid on and within the slice."""
    assert margin(10) == 10
    assert grow(region, (600, 400), 10, 4) == expected


def test_shallow_networks_see_evenly_and_deep_ones_do_not():
    assert [margin(reach) for reach in (0, 9, 51, 107, 219)] == [0, 9, 51, 65, 132]
