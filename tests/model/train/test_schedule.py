"""The clock of a training: what it tells of the time that is left."""

from __future__ import annotations

import time

import pytest

from napari_emseg.core.config.training import TrainConfig
from napari_emseg.model.train.schedule import Schedule, is_hurried, with_learning_rate


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


def test_a_new_network_with_little_time_learns_fast_after_a_warm_up(clock):
    ten = TrainConfig(minutes=10.0)
    assert is_hurried(ten, new=True)
    schedule = Schedule(with_learning_rate(ten, hurried=True), steps=100, hurried=True)
    rates = [schedule.learning_rate(done / 100) for done in range(101)]
    assert rates[0] < 2e-4
    assert max(rates) == rates[10] == pytest.approx(3e-3)
    assert rates[11:] == sorted(rates[11:], reverse=True)
    assert rates[100] == pytest.approx(3e-5)


@pytest.mark.parametrize(
    ("config", "new"),
    [
        (TrainConfig(), True),
        (TrainConfig(minutes=60.0), True),
        (TrainConfig(minutes=10.0), False),
        (TrainConfig(minutes=10.0, learning_rate=2e-3), True),
    ],
)
def test_all_others_begin_at_their_rate(config, new):
    assert not is_hurried(config, new=new)
    settled = with_learning_rate(config, hurried=False)
    assert settled.learning_rate == (config.learning_rate or 1e-3)
    assert Schedule(settled, steps=100).learning_rate(0) == pytest.approx(settled.learning_rate)
