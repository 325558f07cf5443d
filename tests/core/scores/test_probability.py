"""What a prediction may be, and how it becomes a probability."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.scores.metrics import score_stack
from napari_emseg.core.scores.probability import as_probability


@pytest.mark.parametrize(
    ("prediction", "expected"),
    [
        (np.array([[True, False]]), [[1, 0]]),
        (np.array([[0, 1]], np.uint8), [[0, 1]]),
        (np.array([[0, 255]], np.uint8), [[0, 1]]),
        (np.array([[0, 51, 255]], np.uint8), [[0, 0.2, 1]]),
        (np.array([[0, 1, 255]], np.uint8), [[0, 1 / 255, 1]]),
        (np.array([[0.25, 1.0]], np.float64), [[0.25, 1]]),
        (np.array([[0, 0.5]], np.float16), [[0, 0.5]]),
        (np.array([[0, 7, 7, 0, 300]], np.uint16), [[0, 1, 1, 0, 1]]),
        (np.array([[7, 7, 300, 300]], np.int64), [[1, 0, 1, 1]]),
        (np.array([[7], [300], [300]], np.int64), [[0], [1], [1]]),
    ],
)
def test_predictions_become_probability(prediction, expected):
    probability = as_probability(prediction)
    assert probability.dtype == np.float32
    np.testing.assert_allclose(probability, expected, rtol=1e-6)


def test_stack_decides_once_what_its_bytes_mean():
    prediction = np.zeros((2, 4, 4), np.uint8)
    prediction[0, 0, 0] = 1  # alone it would be a mask
    prediction[1] = 128
    assert as_probability(prediction)[0, 0, 0] == pytest.approx(1 / 255)
    truth = np.ones((2, 4, 4), np.uint8)
    scores = score_stack(prediction, truth, thresholds=[0.4])
    assert [s.iou for s in scores.slices] == [0, 1]
