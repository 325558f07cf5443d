"""Pieces: sizes as counted one by one, points inside, and slices joined in any order."""

from __future__ import annotations

from collections import Counter

import numpy as np

from napari_emseg.core.growing_table import GrowingTable
from napari_emseg.core.scores.volume.pieces import Pieces


def volumes():
    rng = np.random.default_rng(1)
    return (np.kron(rng.integers(0, 5, (4, 6, 6)), np.ones((1, 4, 4), int)) for _ in range(2))


def test_sizes_are_those_counted_one_by_one_and_points_lie_inside():
    truth, predicted = volumes()
    table = GrowingTable(Pieces.joined)
    for z in range(len(truth)):
        table.add(Pieces.of_slice(z, truth[z], predicted[z]))
    found = table.total()
    expected = Counter(zip(truth.ravel().tolist(), predicted.ravel().tolist(), strict=True))
    expected = {pair: count for pair, count in expected.items() if pair[0] > 0}
    pairs = zip(found.true_ids.tolist(), found.predicted_ids.tolist(), strict=True)
    assert dict(zip(pairs, found.voxels.tolist(), strict=True)) == expected
    at = tuple(found.points.T)
    assert np.array_equal(truth[at], found.true_ids)
    assert np.array_equal(predicted[at], found.predicted_ids)


def test_the_depth_is_that_of_the_widest_place():
    truth = np.zeros((31, 40), int)
    truth[5:26, 3:10] = 1  # 7 px wide
    truth[15:16, 10:30] = 1
    pieces = Pieces.of_slice(2, truth, truth)
    assert 3.5 <= pieces.depths[0] <= 4.5
    z, y, x = pieces.points[0]
    assert (z, x) == (2, 6)
    assert 8 <= y <= 22


def test_ids_may_be_as_large_as_they_come():
    truth = np.array([[2**62, 2**62, 3]])
    pieces = Pieces.of_slice(0, truth, truth[:, ::-1].copy())
    assert pieces.true_ids.tolist() == [3, 2**62, 2**62]
    assert pieces.predicted_ids.tolist() == [2**62, 3, 2**62]


def test_a_slice_without_cells_has_no_piece():
    assert len(Pieces.of_slice(0, np.zeros((3, 3), int), np.ones((3, 3), int))) == 0
