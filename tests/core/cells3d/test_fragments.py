"""Slices cut into fragments."""

from __future__ import annotations

import numpy as np
from tests.core.cells3d.made_volumes import discs

from napari_emseg.core.cells3d.fragments import fragments_of_slice, in_order_of_first
from napari_emseg.core.config.cells import CellsConfig


def test_cells_are_fragments_that_meet_in_the_membrane() -> None:
    probability = discs((48, 24, 18), (48, 72, 18))
    fragments = fragments_of_slice(probability)
    assert fragments[48, 24] != fragments[48, 72]
    assert set(np.unique(fragments)) == {1, 2}
    border = np.flatnonzero(np.diff(fragments[48]))
    assert abs(int(border[0]) - 47) <= 1  # half way between the two


def test_a_neck_makes_two_fragments_of_one_cell() -> None:
    probability = discs((48, 28, 20), (48, 68, 20))
    probability[44:52, 28:68] = 0.95
    fragments = fragments_of_slice(probability)
    assert fragments[48, 28] != fragments[48, 68]


def test_small_ones_go_to_their_neighbours() -> None:
    probability = discs((48, 30, 20), (48, 75, 3))
    few = fragments_of_slice(probability, config=CellsConfig(smallest_fragment_px=100_000))
    assert few.max() >= 1
    assert (np.bincount(fragments_of_slice(probability).ravel())[1:] >= 60).all()


def test_nothing_outside_of_tissue() -> None:
    probability = discs((48, 30, 20), (48, 75, 12))
    inside = np.zeros(probability.shape, bool)
    inside[:, :60] = True
    fragments = fragments_of_slice(probability, inside=inside)
    assert not fragments[:, 60:].any()
    assert fragments[:, :60].all()


def test_numbers_have_no_gaps_and_follow_the_first_pixels() -> None:
    fragments = fragments_of_slice(discs((20, 20, 14), (70, 20, 14), (48, 70, 20)))
    values, first = np.unique(fragments, return_index=True)
    assert values.tolist() == list(range(1, len(values) + 1))
    assert (np.diff(first) > 0).all()
    assert in_order_of_first(np.array([[0, 7, 7], [3, 0, 9]], np.int32)).tolist() == [
        [0, 1, 1], [2, 0, 3],
    ]  # fmt: skip


def test_slices_of_one_value_are_one_fragment() -> None:
    for value in (0.0, 0.3, 1.0):
        fragments = fragments_of_slice(np.full((40, 50), value, np.float32))
        assert np.unique(fragments).tolist() == [1]
    assert fragments_of_slice(np.full((1, 1), 0.5, np.float32)).tolist() == [[1]]


def test_same_slice_gives_the_same_fragments() -> None:
    probability = discs((48, 24, 18), (48, 72, 18))
    assert np.array_equal(fragments_of_slice(probability), fragments_of_slice(probability))
