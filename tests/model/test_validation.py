"""Which epoch and which threshold are kept."""

from __future__ import annotations

import pytest

from napari_emseg.core.metrics import SliceScores, ThresholdScores
from napari_emseg.model.validation import best_epoch, steady_threshold


def sweep(*v_rand: float) -> list[ThresholdScores]:
    names = SliceScores.__dataclass_fields__
    rows = [SliceScores(**dict.fromkeys(names, value)) for value in v_rand]
    return [ThresholdScores((k + 1) / 10, row) for k, row in enumerate(rows)]


def epoch(number: int, rate: float, v_rand: float) -> dict[str, float]:
    return {"epoch": number, "learning_rate": rate, "val_v_rand": v_rand}


@pytest.mark.parametrize(
    ("v_rand", "threshold"),
    [
        ((0.5, 0.8, 0.9, 0.8, 0.5), 0.3),
        ((0.5, 0.99, 0.5, 0.9, 0.92, 0.9), 0.5),  # a lone peak is luck
        ((0.9, 0.8, 0.1), 0.1),
        ((0.1, 0.8, 0.9), 0.3),
    ],
)
def test_threshold_stands_on_a_plateau(v_rand, threshold):
    assert steady_threshold(sweep(*v_rand)) == pytest.approx(threshold)


def test_lucky_epoch_at_a_high_learning_rate_does_not_win():
    history = [
        epoch(1, 1e-3, 0.99),
        epoch(2, 5e-4, 0.97),
        epoch(3, 1e-4, 0.95),
        epoch(4, 1e-5, 0.96),
    ]
    assert best_epoch(history)["epoch"] == 4


def test_run_stopped_before_it_settles_keeps_the_best_so_far():
    history = [epoch(1, 1e-3, 0.9), epoch(2, 9e-4, 0.95), epoch(3, 8e-4, 0.93)]
    assert best_epoch(history)["epoch"] == 2
