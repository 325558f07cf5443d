"""The clock of a training: what it tells of the time that is left."""

from __future__ import annotations

import time

import pytest

from napari_emseg.core.config.training import TrainConfig
from napari_emseg.model.train.schedule import Schedule


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on when it is told to."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def told(schedule, clock, step_seconds, steps, *, first):
    """What is told after each of the steps, by number."""
    left = {}
    for step in range(first, first + steps):
        clock[0] += step_seconds(step)
        left[step] = schedule.seconds_left(schedule.done(0, step))
    return left


def test_the_compiling_first_step_does_not_count(clock):
    schedule = Schedule(TrainConfig(epochs=1), steps=1000)
    left = told(schedule, clock, lambda step: 20.0 if step == 1 else 0.5, 1000, first=1)
    assert left[1] is None
    known = {step: seconds for step, seconds in left.items() if seconds is not None}
    assert min(known) < 10
    assert known == pytest.approx({step: 0.5 * (1000 - step) for step in known})
    assert known[1000] == 0


def test_a_resumed_run_is_told_at_the_pace_of_now(clock):
    schedule = Schedule(TrainConfig(epochs=1), steps=1000, seconds_before=9000.0)
    left = told(schedule, clock, lambda _: 0.5, 10, first=501)
    assert left[510] == pytest.approx(0.5 * 490)


def test_minutes_are_told_from_the_first_step(clock):
    schedule = Schedule(TrainConfig(minutes=2.0), steps=100)
    left = told(schedule, clock, lambda _: 15.0, 8, first=1)
    assert left == {step: 120 - 15.0 * step for step in range(1, 9)}
