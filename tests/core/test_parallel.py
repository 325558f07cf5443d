"""Work side by side comes in the order asked for, and no more of it than is taken."""

from __future__ import annotations

import threading
import time

import pytest

from napari_emseg.core.parallel import in_order


def test_results_come_in_order_though_the_first_takes_longest():
    def make(k: int) -> int:
        time.sleep(0.02 * (4 - k))
        return k * k

    assert list(in_order(make, range(5), workers=3)) == [0, 1, 4, 9, 16]


def test_no_more_is_made_than_there_are_threads():
    made = []
    results = in_order(lambda k: made.append(k) or k, range(1000), workers=2)
    assert next(results) == 0
    time.sleep(0.05)
    assert len(made) <= 4
    results.close()
    assert len(made) <= 4
    assert not [t for t in threading.enumerate() if t.name.startswith("emseg-slices")]


def test_an_error_comes_in_its_turn():
    results = in_order(lambda k: 1 // k, [2, 1, 0], workers=2)
    assert next(results) == 0
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)
