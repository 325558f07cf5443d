"""Works one after another, with a turn of the loop for each."""

from __future__ import annotations

from functools import partial

import pytest

from napari_emseg.session.turns import Turns


@pytest.fixture
def turns(executor):
    return Turns(executor)


def test_one_work_in_each_turn_in_order(executor, turns):
    seen = []
    turns.want(partial(seen.append, 1), partial(seen.append, 2))
    turns.want(partial(seen.append, 3))
    assert not seen
    (timer,) = executor._timers
    for done in ([1], [1, 2], [1, 2, 3]):
        assert not turns.is_idle
        timer.fire()
        assert seen == done
    assert turns.is_idle
    assert not timer.is_active


def test_a_work_may_want_more(executor, turns):
    seen = []
    turns.want(lambda: turns.want(partial(seen.append, 2)), partial(seen.append, 1))
    executor.pass_time()
    assert seen == [1, 2]


def test_what_is_cancelled_is_not_done_and_what_is_finished_is_done_at_once(executor, turns):
    seen = []
    turns.want(partial(seen.append, 1))
    turns.cancel()
    executor.pass_time()
    turns.want(partial(seen.append, 2), partial(seen.append, 3))
    turns.finish()
    assert seen == [2, 3]
    executor.pass_time()
    assert seen == [2, 3]


def test_a_work_that_fails_keeps_no_other_from_its_turn(executor, turns):
    seen = []
    turns.want(partial(int, "x"), partial(seen.append, 1))
    with pytest.raises(ValueError, match="invalid"):
        executor.pass_time()
    executor.pass_time()
    assert seen == [1]
