"""Slices compared one after another, in the order asked for."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.scores.comparison import compare_slices
from napari_emseg.core.scores.metrics import score_stack
from napari_emseg.core.scores.truth import TrueSlice
from napari_emseg.errors import ShapeError

CONFIG = CompareConfig()


@pytest.fixture
def truth():
    """Square cells (Y, X) with membranes three pixels wide between them, as bool."""
    return np.tile(np.pad(np.ones((20, 20), bool), ((0, 3), (0, 3))), (4, 4))


def test_slices_come_in_order_and_unlabelled_ones_are_left_out(truth):
    labels = np.stack([truth, np.zeros_like(truth), truth]).astype(np.uint8)

    def read(z):
        return truth.astype(np.uint8), TrueSlice.read(labels[z], "mask")

    compared = list(compare_slices(read, range(3), "ids", CONFIG, thresholds=(0.2, 0.8)))
    assert [each and each.z for each in compared] == [0, None, 2]
    assert [score.v_rand for score in compared[0].sweep] == [pytest.approx(1)] * 2
    scores = score_stack(np.stack([truth] * 3), labels, meaning="mask")
    assert scores.numbers == (0, 2)
    assert [each["slice"] for each in scores.to_dict()["slices"]] == [0, 2]


def test_the_work_ends_with_whoever_takes_it(truth):
    seen = []

    def read(z):
        seen.append(z)
        return truth.astype(np.uint8), TrueSlice.read(truth, "mask")

    comparing = compare_slices(read, range(100), "ids", CONFIG)
    next(comparing)
    comparing.close()
    assert len(seen) <= 5


def test_an_error_of_one_slice_is_told(truth):
    def read(z):
        return np.full(truth.shape, 2.0, np.float32), TrueSlice.read(truth, "mask")

    with pytest.raises(ShapeError, match="0 to 1"):
        list(compare_slices(read, range(2), "probability", CONFIG))
