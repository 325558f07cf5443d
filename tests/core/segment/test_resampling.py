from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from napari_emseg.core.segment.resampling import AS_IT_IS, Resampling
from napari_emseg.errors import SettingError

FACTORS = [0.3, 0.75, 1.15, 1.5, 2.0, 3.0, 4.6]


@pytest.fixture
def image():
    noise = gaussian_filter(np.random.default_rng(0).normal(size=(1, 120, 150)), (0, 4, 4))
    return (noise / np.abs(noise).max()).astype(np.float32)


def test_the_factor_is_the_ratio_of_pixel_sizes():
    found = Resampling.between((50.0, 16.0, 8.0), (50.0, 4.0, 4.0))
    assert (found.down, found.across) == (4, 2)
    assert found.shape((10, 11)) == (40, 22)
    assert str(found) == "4 x 2"
    assert str(Resampling(1.5, 1.5)) == "1.5"


@pytest.mark.parametrize("stack", [None, (50.0, 4.0, 4.0), (30.0, 4.1, 3.9)])
def test_alike_or_unknown_pixel_sizes_need_none(stack):
    assert Resampling.between(stack, (50.0, 4.0, 4.0)) == AS_IT_IS
    assert not AS_IT_IS.is_needed
    assert Resampling.between((50.0, 4.0, 4.0), None) == AS_IT_IS


@pytest.mark.parametrize("nm", [0.4, 40.0])
def test_a_pixel_size_far_off_is_refused_in_words(nm):
    with pytest.raises(SettingError, match=f"received {nm:g} x {nm:g} nm; check"):
        Resampling.between((50.0, nm, nm), (50.0, 4.0, 4.0))


@pytest.mark.parametrize("factor", [1.15, 1.5, 2.0, 3.0, 4.6])
def test_there_and_back_again_is_next_to_nothing(image, factor):
    resampling = Resampling(factor, factor)
    there = resampling.to_network(image + 1)  # 0..2
    back = resampling.back((there[0] / 2)[..., np.newaxis], image.shape[1:])
    assert back.shape == (*image.shape[1:], 1)
    assert back.dtype == np.float32
    assert np.abs(back[..., 0] - (image[0] + 1) / 2).max() < 0.02


@given(
    length=st.integers(1, 700), start=st.integers(0, 500), extent=st.integers(1, 700),
    factor=st.sampled_from(FACTORS),
)  # fmt: skip
def test_blocks_cover_a_region_once(length, start, extent, factor):
    start = min(start, length - 1)
    side = slice(start, min(length, start + extent))
    seen = np.zeros(length, int)
    resampling = Resampling(factor, factor)
    for block in resampling.blocks((side, slice(0, 5)), (length, 5), 60, 16):
        inner, outer = block.inner[0], block.outer[0]
        assert 0 <= outer.start <= inner.start < inner.stop <= outer.stop <= length
        seen[inner] += 1
    assert (seen[side] == 1).all()
    assert seen.sum() == side.stop - side.start


@pytest.mark.parametrize("factor", FACTORS)
def test_blocks_begin_on_the_grid_of_the_network(factor):
    side = slice(900, 1000)
    (block,) = Resampling(factor, factor).blocks((side, side), (2000, 2000), 60, 16)
    steps = block.outer[0].start * factor / 16
    assert abs(steps - round(steps)) * 16 < 0.5


def test_large_slices_come_in_blocks():
    whole = slice(0, 5000)
    blocks = list(Resampling(4, 4).blocks((whole, whole), (5000, 5000), 60, 16))
    assert len(blocks) == 25
    edges = [block.outer[0].stop - block.outer[0].start for block in blocks]
    assert max(edges) * 4 < 4096 + 400
