"""What a network's channels say: probability, mask and class map agree."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.classes import (
    cell_probability,
    cells_of,
    class_doubt,
    class_names,
    class_within_cells,
    missing_classes,
    to_class_map,
    with_cells,
)


def test_names():
    assert class_names(2) == ("membrane", "cell")
    assert class_names(4) == ("membrane", "cell", "class 3", "class 4")


@pytest.mark.parametrize(
    ("present", "missing"), [([0, 1, 2], ""), ([0, 2], "cell"), ([1], "membrane or class 3")]
)
def test_missing_classes(present, missing):
    assert missing_classes(present, class_names(3)) == missing


def test_of_two_classes_the_channel_is_the_probability():
    channels = np.linspace(0, 1, 5, dtype=np.float32)[:, np.newaxis]
    np.testing.assert_array_equal(cell_probability(channels), channels[:, 0])
    within = class_within_cells(channels)
    assert within.dtype == np.uint8
    np.testing.assert_array_equal(within, 2)
    np.testing.assert_array_equal(to_class_map(channels[:, 0] > 0.5, within), [1, 1, 1, 2, 2])


def test_of_more_classes_all_but_the_membrane_is_cell():
    channels = np.array([[0.7, 0.1, 0.2], [0.4, 0.3, 0.3], [0.1, 0.4, 0.5]], np.float32)
    probability = cell_probability(channels)
    np.testing.assert_allclose(probability, [0.3, 0.6, 0.9], rtol=1e-6)
    within = class_within_cells(channels)
    np.testing.assert_array_equal(within, [3, 2, 3])
    class_map = to_class_map(probability > 0.5, within)
    assert class_map.dtype == np.uint8
    np.testing.assert_array_equal(class_map, [1, 2, 3])  # as the mask, also where 0.4 is the most


def test_doubt_is_the_second_class_within_cells():
    channels = np.array([[1, 0, 0], [0, 0.5, 0.5], [0.2, 0.7, 0.1]], np.float32)
    doubt = class_doubt(channels)
    assert doubt.dtype == np.uint8
    np.testing.assert_array_equal(doubt, [0, 255, 51])
    assert class_doubt(channels[:, :1]).max() == 0  # of two classes there is no second


def test_a_class_map_takes_the_cells_of_another_mask():
    class_map = np.array([0, 1, 2, 3, 3], np.uint8)
    np.testing.assert_array_equal(cells_of(class_map), [0, 0, 1, 1, 1])
    changed = with_cells(class_map, np.array([0, 1, 1, 1, 0]))
    assert changed.dtype == class_map.dtype
    np.testing.assert_array_equal(changed, [0, 2, 2, 3, 1])
