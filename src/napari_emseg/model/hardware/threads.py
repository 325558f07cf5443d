"""How many threads a prediction may take, where several share a machine."""

from __future__ import annotations

import os

_threads = 0


def use_threads(count: int) -> None:
    """Have networks that are loaded from now on take at most so many threads; 0 takes all cores."""
    global _threads
    _threads = count
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        if count:
            os.environ[name] = str(count)


def share_of_machine() -> float:
    """The part of the machine that is this process's, by its threads; 0..1."""
    return min(1.0, _threads / (os.cpu_count() or 1)) if _threads else 1.0


def threads_to_use() -> int:
    """As many as were said last; 0 where all cores are to be used."""
    return _threads
