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


def threads_to_use() -> int:
    """As many as were said last; 0 where all cores are to be used."""
    return _threads
