from __future__ import annotations

import threading

import pytest

from napari_emseg.io.prefetch import prefetch, write_behind

TIMEOUT_S = 10


def test_the_next_is_loaded_while_one_is_used():
    loaded = [threading.Event() for _ in range(5)]

    def load(k: int) -> int:
        loaded[k].set()
        return k * k

    for k, value in prefetch(load, range(5)):
        assert value == k * k
        assert k == 4 or loaded[k + 1].wait(TIMEOUT_S)
        assert not any(event.is_set() for event in loaded[k + 2 :])


def test_an_error_comes_when_it_is_its_turn():
    pairs = prefetch(lambda k: 1 // k, [1, 0, 1])
    assert next(pairs) == (1, 1)
    with pytest.raises(ZeroDivisionError):
        next(pairs)


def test_reading_can_be_left_early():
    for _ in prefetch(str, range(100)):
        break
    assert not [each for each in threading.enumerate() if each.name.startswith("read-ahead")]


def test_writing_goes_on_beside():
    go, done = threading.Event(), []

    def work(k: int) -> None:
        assert go.wait(TIMEOUT_S)
        done.append(k)

    with write_behind(work) as do:
        do(0)
        assert done == []
        go.set()
        do(1)
        assert done[:1] == [0]
    assert done == [0, 1]


@pytest.mark.parametrize("values", [[1, 0], [1, 0, 1, 1]])
def test_writing_ends_at_an_error(values):
    done = []

    def write_all() -> None:
        with write_behind(lambda k: done.append(1 // k)) as do:
            for k in values:
                do(k)

    with pytest.raises(ZeroDivisionError):
        write_all()
    assert done == [1]
