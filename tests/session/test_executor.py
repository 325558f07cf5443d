"""Both executors keep one contract; the one of threads is tested with a loop of its own."""

from __future__ import annotations

import queue
import threading

import pytest

from napari_emseg.errors import ReadError
from napari_emseg.session.direct_executor import DirectExecutor
from napari_emseg.session.thread_lane import ThreadLane


class Loop:
    """An event loop: what is delivered waits for `turn`."""

    def __init__(self):
        self._calls = queue.Queue()

    def deliver(self, call):
        self._calls.put(call)

    def turn(self):
        self._calls.get(timeout=10)()

    def until_done(self, task):
        while task.is_running:
            self.turn()


@pytest.fixture(params=["direct", "thread"])
def lane_and_end(request):
    """A lane, and what has all of a task handed over."""
    if request.param == "direct":
        yield DirectExecutor().lane("test"), lambda task: None
        return
    loop = Loop()
    lane = ThreadLane("test", loop.deliver)
    yield lane, loop.until_done
    lane.stop(wait=True)


def _raise(error):
    raise error


def test_what_is_made_is_handed_over(lane_and_end):
    lane, end = lane_and_end
    got = []
    task = lane.run(lambda: 3, got.append)
    end(task)
    assert got == [3]
    assert not task.is_running


def test_an_error_of_ours_is_told_in_words(lane_and_end):
    lane, end = lane_and_end
    told, got = [], []
    end(lane.run(lambda: _raise(ReadError("a.tif: no such file")), got.append, told.append))
    assert told == ["a.tif: no such file"]
    assert not got


def test_a_bug_is_raised_where_results_are_handed_over(lane_and_end):
    lane, end = lane_and_end

    def ask():
        end(lane.run(lambda: _raise(KeyError("bug")), None, lambda message: None))

    with pytest.raises(KeyError):
        ask()


def test_an_error_of_ours_that_nobody_listens_to_is_raised_too(lane_and_end):
    lane, end = lane_and_end

    def ask():
        end(lane.run(lambda: _raise(ReadError("a.tif"))))

    with pytest.raises(ReadError):
        ask()


def test_items_come_in_order_and_then_the_end(lane_and_end):
    lane, end = lane_and_end
    got, ends = [], []
    end(lane.drain(lambda: iter([1, 2, 3]), got.append, ends.append))
    assert got == [1, 2, 3]
    assert ends == [""]


def test_what_goes_wrong_in_between_is_the_end(lane_and_end):
    lane, end = lane_and_end

    def items():
        yield 1
        raise ReadError("slice 1: damaged")

    got, ends = [], []
    end(lane.drain(items, got.append, ends.append))
    assert got == [1]
    assert ends == ["slice 1: damaged"]


def test_who_is_handed_an_item_may_drop_the_rest(lane_and_end):
    lane, end = lane_and_end
    got, ends, closed = [], [], []

    def items():
        try:
            yield from range(3)
        finally:
            closed.append(True)

    def take(item):
        got.append(item)
        lane.drop()

    end(lane.drain(items, take, ends.append))
    assert got == [0]
    assert not ends
    lane.stop(wait=True)
    assert closed == [True]


def test_an_iterator_is_closed_when_a_task_is_stopped():
    loop, closed, go_on = Loop(), threading.Event(), threading.Event()
    lane = ThreadLane("test", loop.deliver)

    def items():
        try:
            yield 1
            go_on.wait(10)
            yield 2
        finally:
            closed.set()

    got, ends = [], []
    task = lane.drain(items, got.append, ends.append)
    loop.turn()
    task.stop()
    go_on.set()
    assert closed.wait(10)
    assert got == [1]
    assert not ends
    lane.stop(wait=True)


def test_only_the_newest_is_handed_over():
    loop, go_on = Loop(), threading.Event()
    lane = ThreadLane("test", loop.deliver)
    got, made = [], []

    def slow():
        go_on.wait(10)
        return "first"

    first = lane.latest(slow, got.append)
    second = lane.latest(lambda: made.append("second") or "second", got.append)
    third = lane.latest(lambda: "third", got.append)
    go_on.set()
    loop.until_done(third)
    assert got == ["third"]
    assert not made, "what is overtaken before its turn is not made"
    assert not first.is_running
    assert not second.is_running
    lane.stop(wait=True)


def test_nothing_is_handed_over_after_a_stop():
    loop = Loop()
    lane = ThreadLane("test", loop.deliver)
    got = []
    lane.run(lambda: 1, got.append)
    lane.stop(wait=True)
    while not loop._calls.empty():
        loop.turn()
    assert not got


def test_timers_of_the_direct_executor_wait_for_time_to_pass():
    executor, rung = DirectExecutor(), []
    late = executor.timer(lambda: rung.append("late"), 2)
    soon = executor.timer(lambda: rung.append("soon"), 1)
    never = executor.timer(lambda: rung.append("never"), 1)
    for timer in (late, soon, never):
        timer.start()
    soon.start()
    never.stop()
    assert not rung
    executor.pass_time()
    assert rung == ["soon", "late"]
    assert not late.is_active


def test_waiting_for_a_lane_is_for_the_work_and_not_for_its_results():
    delivered = []
    lane = ThreadLane("test", delivered.append)
    made = []
    for k in range(3):
        lane.run(lambda k=k: made.append(k), made.append)
    lane.wait()
    assert made == [0, 1, 2]
    assert delivered  # still to be handed over
    lane.stop()
    DirectExecutor().lane("test").wait()


def test_what_is_asked_of_a_lane_that_has_ended_is_not_done():
    """As when a dock is closed while a stroke, or a retraining, still asks for something."""
    handed = []
    lane = ThreadLane("test", lambda call: call())
    lane.stop(wait=True)
    task = lane.run(lambda: 1, handed.append)
    assert not task.is_running
    assert not handed
    lane.wait()


def test_what_is_asked_for_while_python_ends_is_done_at_once():
    done = []
    lane = ThreadLane("test", lambda call: call())
    lane._thread.shutdown()  # as Python does before it calls who waits for its end
    lane.run(lambda: done.append(True))
    lane.wait()
    assert done == [True]
