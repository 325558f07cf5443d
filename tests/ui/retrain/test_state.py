"""What the loop of retraining tells, without a window."""

from __future__ import annotations

import pytest

from napari_emseg.ui.retrain.state import Comparison, RetrainState, Step


def compared(before, after, changed=0.031):
    return str(Comparison("mine, corrected 2", "on slice 3, held out", before, after, changed))


def test_before_and_after():
    assert compared(0.9124, 0.9581) == (
        "mine, corrected 2: V_rand 0.912 before, 0.958 after (on slice 3, held out). 3.1 % of "
        "pixels changed."
    )


def test_what_has_become_worse_names_the_way_out():
    assert "Revert" in compared(0.95, 0.94)
    assert "Revert" not in compared(0.95, 0.95)


def test_without_a_prediction_before():
    assert compared(None, 0.9, None) == "mine, corrected 2: V_rand 0.900 (on slice 3, held out)."


@pytest.mark.parametrize("step", [Step.LEARNING, Step.SEGMENTING, Step.COMPARING])
def test_each_step_begins_without_knowing_how_long(step):
    state = RetrainState()
    state.begin(step, "begins")
    assert state.is_busy
    state.advance("goes on", 0.5)
    state.begin(Step.COMPARING, "next")
    assert state.done is None
    state.end("done")
    assert not state.is_busy
    assert state.message == "done"


def test_observers_hear_of_it():
    state, heard = RetrainState(), []
    state.events.message.connect(heard.append)
    state.begin(Step.LEARNING, "a")
    state.advance("b", 0.1)
    state.end("c")
    assert heard == ["a", "b", "c"]
