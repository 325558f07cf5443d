"""The state of a training, without a window."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import pytest

from napari_emseg.model.train.history import TrainResult
from napari_emseg.types import (
    Cancelled,
    EpochDone,
    Failed,
    Finished,
    Log,
    Preview,
    TrainProgress,
)
from napari_emseg.ui.train.state import Phase, TrainState

ROW = {"epoch": 1.0, "seconds": 65.0, "val_loss": 0.4, "val_accuracy": 0.9, "val_v_rand": 0.95}


@pytest.fixture
def state():
    state = TrainState()
    state.prepare("Copying ...")
    state.begin()
    return state


def progress(done=0.1, left=None, *, epoch=1, epochs=10, step=4):
    return TrainProgress(
        done, 1.0, "training", left, epoch=epoch, epochs=epochs, step=step, steps=4
    )


def _note(seen, name, _value):
    seen.append(name)


def test_it_tells_its_observers(state):
    seen = []
    for name in ("phase", "message", "done", "history", "preview", "result"):
        getattr(state.events, name).connect(partial(_note, seen, name))
    state.accept(Log("Labels are read as mask."))
    state.accept(progress(0.1, 90.0))
    state.accept(EpochDone(1, ROW))
    state.accept(Preview(Path("p.npy"), 1, 3))
    state.accept(Finished(TrainResult(Path("lib/mine"), ROW, stopped=False)))
    assert seen == [
        "message", "done", "phase", "message", "history", "preview", "result", "message", "phase"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("epoch", "step", "words"),
    [
        (1, 1, "Epoch 1 of 10, step 1 of 4"),
        (1, 4, "Epoch 1 of 10, step 4 of 4"),
        (2, 1, "Epoch 2 of 10, step 1 of 4"),
        (10, 4, "Epoch 10 of 10, step 4 of 4"),
    ],
)
def test_it_counts_epochs_and_steps(state, epoch, step, words):
    state.accept(progress(0.1, 90.0, epoch=epoch, step=step))
    assert state.message == f"{words}, 1 min 30 s left"
    assert state.phase is Phase.TRAINING


def test_a_training_by_minutes_counts_its_epochs(state):
    state.begin([ROW])
    state.accept(progress(0.5, epoch=2, epochs=None))
    assert state.message == "Epoch 2"


def test_stopping_is_said_until_it_has_ended(state):
    state.accept(progress(0.1))
    state.stop()
    state.accept(progress(0.2))
    assert state.phase is Phase.STOPPING
    assert "best model" in state.message
    state.accept(Cancelled("Stopped before the first epoch."))
    assert state.message == "Stopped before the first epoch."
    assert not state.is_busy


def test_the_summary_names_what_was_reached_and_where_it_lies(state):
    state.accept(EpochDone(1, ROW))
    state.accept(Finished(TrainResult(Path("lib/mine"), ROW, stopped=True)))
    assert state.message == (
        "Stopped after 1 epoch in 1 min 05 s. Best is epoch 1: V_rand 0.950, pixel accuracy 0.900 "
        f"on validation. The model 'mine' is in {Path('lib/mine')}."
    )


def test_scribbles_have_a_loss_in_place_of_v_rand(state):
    row = {**ROW, "val_v_rand": math.nan}
    state.accept(Finished(TrainResult(Path("mine"), row, stopped=False)))
    assert "loss 0.400" in state.message


def test_a_failure_is_said_and_a_new_training_begins_anew(state):
    state.accept(EpochDone(1, ROW))
    state.accept(Failed("training: the loss is nan in epoch 2"))
    assert not state.is_busy
    assert "nan" in state.message
    assert state.history
    state.prepare("Copying ...")
    assert not state.history
    assert state.result is None


def test_what_cannot_begin_is_not_given_the_curves_of_the_training_before(state):
    state.accept(EpochDone(1, ROW))
    state.accept(Preview(Path("p.npy"), 1, 3))
    state.accept(Finished(TrainResult(Path("lib/mine"), ROW, stopped=False)))
    state.refuse("model: expected a name")
    assert state.message == "model: expected a name"
    assert not state.is_busy
    assert (state.history, state.preview, state.result) == ((), None, None)
