"""Masks and cells of a probability."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.segment.postprocess import (
    CellLinker,
    link_cells,
    slice_cells,
    to_cells,
    to_mask,
)

EVERY_PIXEL = MaskConfig(smallest_cell_px=0, marker_threshold=0.0)
"""Plain components: nothing is left out, nothing is split."""


def boxes(shape: tuple[int, int], *places: tuple[int, int, int, int]) -> np.ndarray:
    """A slice (Y, X) that is cell with probability 1 in rows a to b, columns c to d."""
    slice_ = np.zeros(shape, np.float32)
    for a, b, c, d in places:
        slice_[a:b, c:d] = 1
    return slice_


def ids_in(ids: np.ndarray) -> set[int]:
    return set(np.unique(ids)) - {0}


def same_cells(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether the cells are the same under other names, one to one."""
    pairs = {*zip(one.ravel(), other.ravel(), strict=True)}
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


@st.composite
def tissues(draw):
    """A stack of smooth noise, and a config."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    noise = gaussian_filter(rng.normal(size=(draw(st.integers(1, 4)), 24, 20)), (0.7, 1.5, 1.5))
    probability = np.clip(0.5 + noise / (4 * noise.std()), 0, 1).astype(np.float32)
    config = MaskConfig(
        threshold=draw(st.floats(0, 1)),
        smallest_cell_px=draw(st.integers(0, 30)),
        marker_threshold=draw(st.floats(0, 1)),
        smallest_marker_px=draw(st.integers(1, 30)),
        link_overlap=draw(st.floats(0.01, 1)),
    )
    return probability, config


# -- mask ----------------------------------------------------------------------------------------


def test_a_pixel_is_cell_above_the_threshold_and_not_at_it():
    probability = np.array([[0.0, 0.5, np.nextafter(np.float32(0.5), 1), 1.0]], np.float32)
    mask = to_mask(probability, EVERY_PIXEL)
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, [[0, 0, 1, 1]])


def test_small_cells_vanish_from_the_mask_of_their_slice():
    slice_ = boxes((8, 8), (0, 2, 0, 3), (4, 6, 4, 6))
    probability = np.stack([slice_, slice_.T])
    config = replace(EVERY_PIXEL, smallest_cell_px=5)
    six_pixels = boxes((8, 8), (0, 2, 0, 3))
    np.testing.assert_array_equal(to_mask(probability, config), [six_pixels, six_pixels.T])


# -- cells of a slice ----------------------------------------------------------------------------


def test_cells_are_four_connected():
    cells = slice_cells(np.array([[1, 0, 1], [0, 1, 1]], np.float32), EVERY_PIXEL)
    np.testing.assert_array_equal(cells, [[1, 0, 2], [0, 2, 2]])


def dumbbell() -> np.ndarray:
    """Two squares, joined by a gap in the membrane, whose probability is lowest at column 14."""
    slice_ = boxes((16, 29), (2, 14, 1, 13), (2, 14, 16, 28))
    slice_[7:9, 13:16] = 0.8, 0.6, 0.8
    return slice_


def test_a_gap_in_a_membrane_does_not_join_two_cells():
    cells = slice_cells(dumbbell(), MaskConfig(smallest_marker_px=100))
    assert ids_in(cells) == {1, 2}
    assert ids_in(cells[:, :14]) == {1}
    assert ids_in(cells[:, 15:]) == {2}
    np.testing.assert_array_equal(cells > 0, dumbbell() > 0.5)


@pytest.mark.parametrize("changes", [{"smallest_marker_px": 145}, {"marker_threshold": 0.5}])
def test_without_two_markers_a_cell_stays_whole(changes):
    assert ids_in(slice_cells(dumbbell(), MaskConfig(**changes))) == {1}


def test_beside_a_split_cell_the_others_keep_their_place():
    """Ids have no gaps, and a cell without a marker is a cell."""
    slice_ = np.pad(dumbbell(), ((0, 8), (0, 0)))
    slice_[18:22, 3:9] = 0.7
    cells = slice_cells(slice_, MaskConfig(smallest_marker_px=100))
    assert ids_in(cells) == {1, 2, 3}
    assert len(ids_in(cells[17:])) == 1


# -- links ---------------------------------------------------------------------------------------


def test_a_neurite_that_wanders_keeps_its_id():
    stack = np.stack(
        [boxes((60, 60), (z, z + 12, z, z + 12), (40, 55, 50 - z, 58 - z)) for z in range(12)]
    )
    ids = to_cells(stack, MaskConfig())
    assert ids.dtype == np.uint32
    for z in range(12):
        assert ids[z, z + 6, z + 6] == 1
        assert ids[z, 47, 54 - z] == 2


WHOLE = boxes((30, 30), (5, 25, 5, 25))
PARTS = boxes((30, 30), (5, 12, 5, 25), (13, 25, 5, 25))


def test_the_larger_branch_keeps_the_id():
    ids = to_cells(np.stack([WHOLE, PARTS]), MaskConfig())
    assert ids_in(ids[0]) == {1}
    assert ids_in(ids[1, 13:]) == {1}
    assert ids_in(ids[1, :12]) == {2}


def test_where_two_merge_the_larger_goes_on():
    ids = to_cells(np.stack([PARTS, WHOLE, PARTS]), MaskConfig())
    assert ids_in(ids[1]) == {2}
    assert ids_in(ids[2, 13:]) == {2}
    assert ids_in(ids[2, :12]) == {3}


def test_of_equal_branches_the_first_keeps_the_id():
    halves = boxes((30, 30), (5, 14, 5, 25), (16, 25, 5, 25))
    ids = to_cells(np.stack([WHOLE, halves]), MaskConfig())
    assert ids_in(ids[1, :15]) == {1}
    assert ids_in(ids[1, 15:]) == {2}


def test_too_small_an_overlap_is_no_link():
    shifted = boxes((30, 30), (15, 30, 5, 25))
    stack = np.stack([WHOLE, shifted])  # 0.4 of the union is shared
    assert to_cells(stack, MaskConfig(link_overlap=0.39)).max() == 1
    assert to_cells(stack, MaskConfig(link_overlap=0.41)).max() == 2


def test_after_an_empty_slice_ids_are_new():
    ids = to_cells(np.stack([WHOLE, np.zeros_like(WHOLE), WHOLE]), MaskConfig())
    assert [ids_in(each) for each in ids] == [{1}, set(), {2}]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 2, 3)])
def test_cells_are_linked_across_missing_sections(order):
    linker = CellLinker(MaskConfig())
    stack = np.stack([WHOLE, np.zeros_like(WHOLE), np.zeros_like(WHOLE), WHOLE])
    ids = {z: linker.cells(z, stack[z], missing=z in (1, 2)) for z in order}
    assert [ids_in(ids[z]) for z in (1, 2)] == [set(), set()]
    np.testing.assert_array_equal(ids[0], ids[3])


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_one_slice_all_of_one_kind(value):
    ids = to_cells(np.full((1, 20, 20), value, np.float32), MaskConfig())
    assert (ids == value).all()


def test_a_slice_is_linked_to_whatever_came_before():
    """As the window does it: the slice before has ids of its own, and so have others."""
    before = np.where(WHOLE > 0, 70_000, 0).astype(np.uint32)
    cells = slice_cells(PARTS, MaskConfig())
    ids = link_cells(cells, before, MaskConfig(), last_id=90_000)
    assert ids_in(ids) == {70_000, 90_001}


@pytest.mark.parametrize("start", [0, 2, 3])
def test_from_one_slice_outward_the_same_cells_are_linked(start):
    """As the window does it; only the numbers depend on where it began."""
    noise = gaussian_filter(np.random.default_rng(0).normal(size=(5, 60, 60)), (0.7, 2, 2))
    probability = (0.5 + noise / (4 * noise.std())).astype(np.float32)
    linker = CellLinker(MaskConfig())
    outward = np.zeros(probability.shape, np.uint32)
    for z in sorted(range(5), key=lambda z: abs(z - start)):
        outward[z] = linker.cells(z, probability[z])
    assert same_cells(outward, to_cells(probability, MaskConfig()))


def test_a_slice_made_anew_keeps_its_ids():
    linker = CellLinker(MaskConfig(), 4, np.where(WHOLE > 0, 7, 0).astype(np.uint32))
    assert ids_in(linker.cells(4, PARTS)) == {7, 8}
    assert ids_in(linker.cells(3, WHOLE)) == {7}
    assert ids_in(linker.cells(5, WHOLE)) == {7}


@settings(max_examples=60, deadline=None)
@given(tissues())
def test_cells_live_in_the_mask_and_are_numbered_without_gaps(tissue):
    probability, config = tissue
    mask, ids = to_mask(probability, config), to_cells(probability, config)
    np.testing.assert_array_equal(ids > 0, mask > 0)
    assert ids_in(ids) == set(range(1, int(ids.max()) + 1))
    np.testing.assert_array_equal(ids, to_cells(probability, config))
    for each in ids:
        sizes = np.bincount(each.ravel())[1:]
        assert (sizes[sizes > 0] >= config.smallest_cell_px).all()


@settings(max_examples=30, deadline=None)
@given(tissues())
def test_linking_changes_no_border(tissue):
    """The ids of a slice are its cells under other names, one to one."""
    probability, config = tissue
    for each, ids in zip(probability, to_cells(probability, config), strict=True):
        assert same_cells(slice_cells(each, config), ids)
