"""Measuring the time of a training step."""

from __future__ import annotations

import time

import pytest

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.errors import CancelledError
from napari_emseg.model.train import step_time
from napari_emseg.model.train.step_time import affordable_filters, measure_step_time

RECIPE = Recipe(NetworkConfig(depth=2, base_filters=2), train=TrainConfig(patch_size=32))


def _measure(should_stop):
    return measure_step_time(RECIPE, device="cpu", on_event=lambda _: None, should_stop=should_stop)


def test_the_steps_that_compile_do_not_count(monkeypatch):
    class Slow:
        steps = 0

        def step(self, batch, rate):
            Slow.steps += 1
            time.sleep(0.5 if Slow.steps <= 2 else 0.01)

    monkeypatch.setattr(step_time, "new_learner", lambda *_, **__: Slow())
    events = []
    seconds = measure_step_time(
        RECIPE, device="cpu", on_event=events.append, should_stop=lambda: False
    )
    assert [event.done / event.total for event in events][-1] == 1
    assert 0.01 <= seconds < 0.1


@pytest.mark.slow
def test_a_real_network_is_measured_and_it_can_be_stopped():
    assert _measure(lambda: False) > 0
    with pytest.raises(CancelledError):
        _measure(lambda: True)


@pytest.mark.parametrize(("steps", "filters"), [(265, 8), (599, 8), (600, 16), (2800, 16)])
def test_a_network_for_which_there_is_little_time_is_half_as_wide(monkeypatch, steps, filters):
    monkeypatch.setattr(step_time, "measure_step_time", lambda *_, **__: 600 / steps)
    ten_minutes, said = Recipe(train=TrainConfig(minutes=10)), []
    chosen = affordable_filters(
        ten_minutes, device="cpu", on_event=said.append, should_stop=lambda: False
    )
    assert chosen == filters
    assert any(f"some {steps} steps with 16" in each.message for each in said) == (filters == 8)
