"""Which epoch of a run is kept, and when a run goes on in vain."""

from __future__ import annotations

import math

import pytest

from napari_emseg.model.train.history import best_epoch
from napari_emseg.model.train.schedule import has_stalled

NAN = math.nan


def epoch(number: int, rate: float, v_rand: float, loss: float = 1.0) -> dict[str, float]:
    return {"epoch": number, "learning_rate": rate, "val_v_rand": v_rand, "val_loss": loss}


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


def test_loss_chooses_where_v_rand_cannot():
    history = [epoch(1, 1e-3, NAN, 0.9), epoch(2, 9e-4, NAN, 0.5), epoch(3, 8e-4, NAN, 0.6)]
    assert best_epoch(history)["epoch"] == 2


def test_epochs_that_were_not_validated_do_not_count():
    history = [epoch(1, 1e-3, 0.8), epoch(2, 1e-5, NAN, NAN)]
    assert best_epoch(history)["epoch"] == 1


def run_of(v_rands, losses, rate=1e-3):
    return [epoch(n, rate, v, x) for n, (v, x) in enumerate(zip(v_rands, losses, strict=True), 1)]


@pytest.mark.parametrize(
    ("rate", "v_rands", "losses", "stalled"),
    [
        (1e-3, [0.9, 0.8, 0.8, 0.8, 0.8], [1, 2, 2, 2, 2], True),  # four in vain, twice two
        (1e-3, [0.9, 0.8, 0.8, 0.8], [1, 2, 2, 2], False),
        (1e-3, [0.9, 0.8, 0.8, 0.8, 0.8], [1, 2, 2, 0.5, 2], False),  # the loss still falls
        (1e-3, [0.9, 0.8, 0.8, 0.95, 0.8], [1, 2, 2, 2, 2], False),  # V_rand still rises
    ],
)
def test_before_it_settles_both_scores_must_stand_still(rate, v_rands, losses, stalled):
    assert has_stalled(run_of(v_rands, losses, rate), 2) is stalled


def test_once_settled_only_settled_epochs_count():
    high = [epoch(1, 1e-3, 0.99), epoch(2, 9e-4, 0.98)]
    settled = [epoch(3, 1e-4, 0.9), epoch(4, 1e-5, 0.8), epoch(5, 1e-5, 0.8)]
    assert not has_stalled(high + settled[:2], 2)
    assert has_stalled(high + settled, 2)


def test_no_patience_never_stops():
    assert not has_stalled(run_of([0.9] + [0.1] * 50, [1.0] * 51), 0)
    assert not has_stalled([], 3)
