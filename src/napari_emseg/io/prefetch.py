"""Prefetch and write behind, so that neither disk nor computation waits for the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")
_P = ParamSpec("_P")


def prefetch(load: Callable[[_K], _V], keys: Iterable[_K]) -> Iterator[tuple[_K, _V]]:
    """Load in a thread, one ahead of what is used.

    Yields
    ------
    (key, value)
        In the order of ``keys``; an error of ``load`` is raised when its key's turn comes.
    """
    waiting: deque[tuple[_K, Future[_V]]] = deque()
    with ThreadPoolExecutor(1, "prefetch") as pool:
        for key in keys:
            waiting.append((key, pool.submit(load, key)))
            if len(waiting) > 1:
                yield _result(waiting)
        while waiting:
            yield _result(waiting)


def _result(waiting: deque[tuple[_K, Future[_V]]]) -> tuple[_K, _V]:
    key, loaded = waiting.popleft()
    return key, loaded.result()


@contextmanager
def write_behind(work: Callable[_P, object]) -> Iterator[Callable[_P, None]]:
    """Give what does ``work`` in a thread: a call waits for the one before, and not for its own.

    An error of ``work`` is raised by the next call, or at the end of the block.
    """
    with ThreadPoolExecutor(1, "write-behind") as pool:
        last: Future[object] | None = None

        def do(*args: _P.args, **kwargs: _P.kwargs) -> None:
            nonlocal last
            if last is not None:
                last.result()
            last = pool.submit(work, *args, **kwargs)

        yield do
        if last is not None:
            last.result()
