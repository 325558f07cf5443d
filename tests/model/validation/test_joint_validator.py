"""The mean over sources, each source beside it, and the threshold for all."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.model.train.history import best_epoch, source_names, worst_source
from napari_emseg.model.validation import joint_validator
from napari_emseg.model.validation.joint_validator import JointValidator
from napari_emseg.model.validation.validator import COLUMNS, THRESHOLDS, Validation

NETWORK = NetworkConfig(depth=1, base_filters=4)


class Judged:
    """A validator of which is known what it will say."""

    def __init__(self, loss, v_rand):
        self.v_rands = np.full(len(THRESHOLDS), math.nan) if v_rand is None else np.array(v_rand)
        self.judges_by_v_rand, self.first_slice, self._loss = v_rand is not None, 3, loss

    def __call__(self, _):
        best = self.v_rands.max()
        threshold = 0.5 if math.isnan(best) else THRESHOLDS[int(np.argmax(self.v_rands))]
        values = (best, best, self._loss, 0.9, best, best, threshold)
        scores = dict(zip(COLUMNS, values, strict=True))
        return Validation(scores, np.zeros((2, 2), np.float32), self.v_rands)


@pytest.fixture
def judge(monkeypatch):
    """Judges by the losses and sweeps of sources a, b, ..."""

    def of(*sources):
        judged = iter([Judged(*each) for each in sources])
        monkeypatch.setattr(joint_validator, "Validator", lambda *_: next(judged))
        named = [type("Named", (), {"name": name}) for name in "abc"[: len(sources)]]
        return JointValidator(named, NETWORK, None)

    return of


LOW = [0.5, 0.8, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]
HIGH = LOW[::-1]


def test_of_one_source_all_is_as_it_was(judge):
    joint = judge((0.3, LOW))
    assert tuple(joint(None).scores) == tuple(joint.not_validated) == COLUMNS
    assert joint(None).scores["val_v_rand"] == 0.9


def test_several_have_their_mean_and_columns_of_their_own(judge):
    joint = judge((0.3, LOW), (0.5, HIGH), (1.0, [each / 2 for each in LOW]))
    scores = joint(None).scores
    assert scores["val_v_rand"] == pytest.approx((0.9 + 0.9 + 0.45) / 3)
    assert scores["val_loss"] == pytest.approx(0.6)
    assert scores["threshold a"], scores["threshold b"] == (0.3, 0.7)
    assert list(scores) == list(joint.not_validated)
    assert source_names([scores]) == ("a", "b", "c")
    assert worst_source(scores) == ("c", 0.45)


def test_the_threshold_is_the_one_at_which_the_mean_is_best(judge):
    assert judge((0.3, LOW), (0.5, HIGH))(None).scores["threshold"] in (0.4, 0.5, 0.6)
    assert judge((0.3, LOW), (0.5, [0.5] * 9))(None).scores["threshold"] == 0.3


def test_a_source_that_is_judged_by_its_loss_does_not_break_the_mean(judge):
    joint = judge((0.3, None), (0.5, LOW))
    scores = joint(None).scores
    assert joint.judged_by_loss == ("a",)
    assert scores["val_v_rand"] == 0.9
    assert math.isnan(scores["val_v_rand a"])
    assert worst_source(scores) == ("b", 0.9)
    assert math.isnan(judge((0.3, None), (0.5, None))(None).scores["val_v_rand"])


def test_a_loss_that_is_no_number_shows_whichever_source_it_is_of(judge):
    assert math.isnan(judge((math.nan, LOW), (0.5, LOW))(None).scores["val_loss"])


def test_the_best_epoch_is_that_of_the_best_mean():
    rows = [
        {"epoch": k, "learning_rate": 1.0, "val_loss": 1.0, "val_v_rand": mean, "val_v_rand a": a}
        for k, (mean, a) in enumerate([(0.7, 0.9), (0.8, 0.6)])
    ]
    assert best_epoch(rows)["epoch"] == 1
