"""Runs of equal pixels: they end with the row, and paint the image again."""

from __future__ import annotations

import numpy as np

from napari_emseg.core.label_runs import LabelRuns


def test_runs_end_where_any_image_changes_and_with_the_row():
    one = np.array([[1, 1, 2], [2, 2, 2]])
    other = np.array([[5, 6, 6], [6, 6, 6]])
    runs = LabelRuns.of(one, other)
    assert runs.starts.tolist() == [0, 1, 2, 3]
    assert runs.lengths.tolist() == [1, 1, 1, 3]
    assert [each.tolist() for each in runs.values] == [[1, 1, 2, 2], [5, 6, 6, 6]]


def test_painting_gives_the_image_again():
    image = np.random.default_rng(0).integers(0, 3, (17, 23))
    runs = LabelRuns.of(image)
    assert np.array_equal(runs.paint(runs.values[0]), image)


def test_chosen_runs_keep_their_places():
    runs = LabelRuns.of(np.array([[0, 4, 4, 0]]))
    kept = runs.where(runs.values[0] > 0)
    assert (kept.starts.tolist(), kept.lengths.tolist()) == ([1], [2])
