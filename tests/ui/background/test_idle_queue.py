"""Works in turns of the event loop."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import QTimer

from napari_emseg.ui.background.idle_queue import IdleQueue


def test_the_event_loop_turns_between_works(qtbot):
    """A timer of its own, which is due all the time, gets its turns between them."""
    turns, seen = IdleQueue(), []
    other = QTimer()
    other.timeout.connect(lambda: seen.append("other"))
    other.start(0)
    for k in range(3):
        turns.want(k, partial(seen.append, k))
    assert seen == []
    qtbot.waitUntil(lambda: turns.is_idle)
    other.stop()
    assert [each for each in seen if each != "other"] == [0, 1, 2]
    for before, after in ((0, 1), (1, 2)):
        assert "other" in seen[seen.index(before) : seen.index(after)]


def test_the_newest_of_a_key_counts_and_what_is_cancelled_is_not_done(qtbot):
    turns, seen = IdleQueue(), []
    turns.want("a", partial(seen.append, "old"))
    turns.want("b", partial(seen.append, "b"))
    turns.want("a", partial(seen.append, "new"))
    qtbot.waitUntil(lambda: turns.is_idle)
    assert seen == ["new", "b"]
    turns.want("a", partial(seen.append, "never"))
    turns.cancel()
    assert turns.is_idle
    qtbot.wait(20)
    assert seen == ["new", "b"]


def test_a_work_that_fails_keeps_no_other_from_its_turn(qtbot):
    turns, seen = IdleQueue(), []

    def fail():
        raise ValueError("a bug")

    with qtbot.captureExceptions() as raised:
        turns.want("bad", fail)
        turns.want("good", partial(seen.append, "good"))
        qtbot.waitUntil(lambda: seen == ["good"])
    assert [kind for kind, *_ in raised] == [ValueError]
