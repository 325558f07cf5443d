"""Slices side by side: what takes the time (the watershed) lets other threads run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_order(
    make: Callable[[_Item], _Result], items: Sequence[_Item], *, workers: int
) -> Iterator[_Result]:
    """``make`` of every item, in their order, in so many threads.

    No more is made ahead than there are threads, so that results of a long stack do not pile up.
    Whoever stops taking them ends the work after what is being made.
    """
    pending: deque[Future[_Result]] = deque()
    threads = ThreadPoolExecutor(workers, thread_name_prefix="emseg-slices")
    try:
        for item in items:
            pending.append(threads.submit(make, item))
            if len(pending) > workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        threads.shutdown(wait=True, cancel_futures=True)
