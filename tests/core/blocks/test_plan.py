"""Blocks cover a volume once, read little twice, and are never listed."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_emseg.core.blocks.plan import MOST_READ, Blocks, plan_blocks
from napari_emseg.errors import ShapeError

lengths = st.integers(1, 40)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(lengths, lengths, lengths), st.tuples(lengths, lengths, lengths),
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), st.integers(1, 8),
)  # fmt: skip
def test_each_voxel_is_written_once_and_read_with_its_halo(shape, size, halo, grain):
    blocks = Blocks(shape, size, halo, grain)
    written = np.zeros(shape, np.uint8)
    for block in blocks:
        written[block.inner] += 1
        assert np.zeros(shape)[block.outer][block.inside].shape == written[block.inner].shape
        for axis in range(3):
            inner, outer = block.inner[axis], block.outer[axis]
            assert outer.start <= max(0, inner.start - halo[axis])
            assert outer.stop == min(shape[axis], inner.stop + halo[axis])
            assert axis == 0 or outer.start % grain == 0
    assert (written == 1).all()


def test_bytes_read_are_those_of_whole_chunks():
    blocks = Blocks((4, 64, 64), (1, 32, 64), (0, 3, 0))
    counted = 0
    for block in blocks:
        spans = [
            (s.start // c * c, min(n, -(-s.stop // c) * c))
            for s, c, n in zip(block.outer, (2, 16, 64), (4, 64, 64), strict=True)
        ]
        counted += math.prod(stop - start for start, stop in spans)
    assert blocks.read((2, 16, 64)) == counted / (4 * 64 * 64) == 2 * 1.5


def test_slices_of_4096_px_stay_whole():
    blocks = plan_blocks((1000, 4096, 4096), read=(64, 64, 64), halo=(0, 80, 80))
    assert blocks.whole_slices
    assert blocks.size[0] % 64 == 0
    assert blocks.read((64, 64, 64)) == 1


def test_a_shallow_volume_is_shared_by_several_workers():
    assert len(plan_blocks((64, 2048, 2048), read=(1, 2048, 2048))) == 16
    assert len(plan_blocks((8, 512, 512))) == 8


@pytest.mark.parametrize(
    ("shape", "chunks"),
    [
        ((7000, 30_000, 40_000), (64, 64, 64)),
        ((2000, 100_000, 90_000), (1, 1024, 1024)),
        ((5000, 20_000, 3000), (16, 512, 512)),
        ((100, 5000, 5000), (1, 128, 128)),
    ],
)
def test_larger_slices_are_cut_so_that_little_is_read_twice(shape, chunks):
    blocks = plan_blocks(shape, read=chunks, write=(1, 4096, 4096), halo=(0, 80, 80), grain=16)
    assert not blocks.whole_slices
    assert blocks.read(chunks) <= MOST_READ
    assert all(
        size % 4096 == 0 or size == n for size, n in zip(blocks.size[1:], shape[1:], strict=True)
    )


def test_where_memory_forbids_it_the_best_is_taken():
    """Neighbours above and below, in deep chunks of large slices."""
    blocks = plan_blocks((4000, 4096, 4096), read=(128, 64, 64), halo=(1, 0, 0))
    assert math.prod(blocks.size) <= 2**31
    assert blocks.read((128, 64, 64)) > MOST_READ


def test_20_million_blocks_cost_nothing():
    tracemalloc.start()
    blocks = Blocks((2_000_000, 40_960, 40_960), (10, 4096, 4096), (0, 80, 80), 16)
    assert len(blocks) == 20_000_000
    last = blocks[len(blocks) - 1]
    assert [span.stop for span in last.inner] == [2_000_000, 40_960, 40_960]
    assert str(blocks[1]) == "z 0:10, y 0:4096, x 4096:8192"
    assert tracemalloc.get_traced_memory()[1] < 20_000
    tracemalloc.stop()


def test_a_plan_of_a_petabyte_takes_no_time():
    chunks = (64, 64, 64)
    blocks = plan_blocks(
        (100_000, 100_000, 100_000), read=chunks, write=(1, 4096, 4096), halo=(0, 80, 80)
    )
    assert len(blocks) > 1_000
    assert blocks.read(chunks) <= MOST_READ


def test_nothing_is_no_volume():
    with pytest.raises(ShapeError, match="with voxels"):
        plan_blocks((0, 10, 10))
