"""IoU and Dice of each class, over the pixels that both know."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.label_reading import LabelReading
from napari_emseg.core.scores.class_scores import ClassTable

NAMES = ("membrane", "cell", "mitochondrion")
FROM_ONE, FROM_ZERO = LabelReading("scribbles"), LabelReading("scribbles", membrane=0)


def test_scores_by_hand():
    true = np.array([[1, 1, 2, 2], [2, 3, 3, 3]], np.uint8)
    found = np.array([[1, 2, 2, 2], [2, 3, 3, 2]], np.uint8)
    membrane, cell, mitochondrion = ClassTable.of(found, true, (FROM_ONE, FROM_ONE), 3).scores(
        NAMES
    )
    assert (membrane.name, membrane.iou) == ("membrane", 1 / 2)
    assert (cell.iou, cell.dice) == (3 / 5, 6 / 8)
    assert (mitochondrion.iou, mitochondrion.dice) == pytest.approx((2 / 3, 4 / 5))


def test_unknown_pixels_do_not_count_and_both_forms_are_read():
    true = np.array([[0, 1, 2]], np.uint8)
    found = np.array([[0, 2, 3]], np.uint8)
    table = ClassTable.of(found, true, (FROM_ONE, FROM_ZERO), 3)
    np.testing.assert_array_equal(table.counts, np.diag([0, 1, 1]))


def test_slices_add_up():
    one = ClassTable.of(np.full((2, 2), 3), np.full((2, 2), 3), (FROM_ONE, FROM_ONE), 3)
    other = ClassTable.of(np.full((2, 2), 3), np.full((2, 2), 2), (FROM_ONE, FROM_ONE), 3)
    assert (one + other).scores(NAMES)[2].iou == 1 / 2
